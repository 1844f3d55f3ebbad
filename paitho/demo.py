"""The main job, once, end to end, on a file: import, draft, approve, send, read replies, export.

Each step is the product's own; only the person is played here, who approves every draft that nobody found
fault with. The counts come from the rows, but for `delivered`, which the receiving server counts.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.models import Member, Role, WorkspaceProfile
from audit.actors import Actor
from campaigns import actions, approval
from campaigns.models import Campaign, Draft, Stage, StageRun, Verdict
from campaigns.pipeline import pipeline_slice
from campaigns.reactions import react_slice
from campaigns.sending import send_slice
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from leads.actions import import_slice, mapping_of, start, upload
from leads.models import Import, ImportState
from leads.profile import Policy
from mailbox.actions import connect
from mailbox.models import Delivery, Direction, Mailbox, Message
from mailbox.sandbox import sandbox_mailbox
from mailbox.syncing import sync_mailbox
from tenants import structure
from tenants.binding import bound
from tenants.export.bundle import export, verify
from tenants.provisioning import provision, reserve
from tenants.removal import remove
from tenants.workspace import WorkspaceRef

QUIET_SECONDS = 4.0  # without a new answer, after which the replies are complete
MOST_WAIT = 60.0
BRIEF = {
    "offer": "We give sales teams back an hour a day by preparing their letters.\nThe first month is free.",
    "goal": "A call of fifteen minutes.",
}

Report = Callable[[str, int, int], None]


@dataclass(slots=True)
class Result:
    """What happened, as the last line of the demo prints it."""

    rows: int = 0
    imported: int = 0
    rejected: int = 0
    qualified: int = 0
    drafted: int = 0
    audited: int = 0
    approved: int = 0
    sent: int = 0
    delivered: int = 0
    replied: int = 0
    bounced: int = 0
    stopped: int = 0
    exported_files: int = 0
    export_verified: bool = False
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def line(self) -> str:
        shown = {name: getattr(self, name) for name in self.__slots__ if name != "problems"}
        return json.dumps(shown)


@contextmanager
def fresh_workspace(slug: str, *, keep: bool) -> Iterator[WorkspaceRef]:
    """A workspace of its own for the demo; taken away afterwards unless it is kept."""
    with structure.owner_session() as owner:
        uid = reserve(owner, slug, region=settings.REGION, host=f"{slug}.{settings.APEX.hostname}")
    workspace = provision(uid)
    try:
        yield workspace
    finally:
        if not keep:
            remove(workspace)


def run(workspace: WorkspaceRef, path: Path, report: Report) -> Result:
    """Do the whole job in `workspace` on the file. Raises the product's own refusals."""
    began = time.monotonic()
    result = Result()
    with bound(workspace):
        by = _owner(workspace)
        _import(path, by, result, report)
        mailbox = _mailbox(workspace, by)
        campaign = _campaign(mailbox, by)
        _draft(campaign, result, report)
        _approve(campaign, by, result, report)
        _send(campaign, mailbox, result, report)
        _replies(campaign, mailbox, result, report)
    _export(workspace, result, report)
    result.seconds = round(time.monotonic() - began, 1)
    result.problems = inconsistencies(result)
    return result


@transaction.atomic
def _owner(workspace: WorkspaceRef) -> Actor:
    WorkspaceProfile(name=workspace.slug, postal_address="1 Sandbox Road, 10115 Berlin").save()
    owner = Member.objects.create_user(
        f"owner@{workspace.slug}.sandbox", None, name="Demo owner", role=Role.OWNER
    )
    return Actor(owner.pk, owner.name)


def _import(path: Path, by: Actor, result: Result, report: Report) -> None:
    with path.open("rb") as source:
        job = upload(source, path.name, path.stat().st_size, by=by)
    start(job, mapping_of(job), Policy.SKIP, by=by)
    while True:
        import_slice()  # workers may be doing the same: whoever is first takes a batch in
        job = Import.objects.get(pk=job.pk)
        report("import", job.rows, job.rows)
        if job.state != ImportState.RUNNING:
            break
    result.rows, result.imported = job.rows, job.imported
    result.rejected = job.rejected + job.duplicates + job.suppressed


def _mailbox(workspace: WorkspaceRef, by: Actor) -> Mailbox:
    return connect(sandbox_mailbox(f"sales@{workspace.slug}.sandbox", "Sam Sandbox", gap_seconds=0), by=by)


def _campaign(mailbox: Mailbox, by: Actor) -> Campaign:
    writer = Credential(kind=Kind.SANDBOX, label="Sandbox writer", secret=Secret("none"))
    writer.save(force_insert=True)
    steps = [actions.StepPlan(), actions.StepPlan(wait_days=3)]
    plan = actions.Plan("Demo", BRIEF, writer, [mailbox], steps, daily_cap=1_000_000)
    campaign = actions.create(plan, by=by)
    actions.launch(campaign, by=by)
    return campaign


def _draft(campaign: Campaign, result: Result, report: Report) -> None:
    enrolled = campaign.enrollments.count()
    working = [Stage.ENROLLED, Stage.QUALIFYING, Stage.DRAFTING, Stage.AUDITING]
    while (left := campaign.enrollments.filter(stage__in=working).count()) > 0:
        report("draft", enrolled - left, enrolled)
        pipeline_slice()
    report("draft", enrolled, enrolled)
    runs = StageRun.objects.filter(campaign=campaign, outcome="answered")
    result.qualified = campaign.enrollments.exclude(stage=Stage.DISQUALIFIED).count()
    result.drafted = runs.filter(stage=Stage.DRAFTING).values("enrollment").distinct().count()
    result.audited = runs.filter(stage=Stage.AUDITING).values("enrollment").distinct().count()


def _approve(campaign: Campaign, by: Actor, result: Result, report: Report) -> None:
    clean = Draft.objects.filter(enrollment__campaign=campaign, verdict=Verdict.IN_REVIEW, is_clean=True)
    ids = list(clean.values_list("pk", flat=True))
    for at in range(0, len(ids), approval.CHUNK):
        approval.approve_many(ids[at : at + approval.CHUNK], by=by)
        report("approve", min(at + approval.CHUNK, len(ids)), len(ids))
    result.approved = Draft.objects.filter(enrollment__campaign=campaign, verdict=Verdict.APPROVED).count()


def _send(campaign: Campaign, mailbox: Mailbox, result: Result, report: Report) -> None:
    out = Message.objects.filter(mailbox=mailbox, direction=Direction.OUT)
    until = time.monotonic() + MOST_WAIT * 5
    while time.monotonic() < until:
        # A deferral waits for minutes in real life; the demo's servers only do it once, so it does not wait.
        out.filter(delivery=Delivery.SCHEDULED).update(due_at=campaign.launched_at)
        send_slice()
        waiting = out.filter(delivery__in=[Delivery.SCHEDULED, Delivery.SENDING]).count()
        report("send", result.approved - waiting, result.approved)
        if not waiting:
            break
    result.sent = out.filter(delivery=Delivery.SENT).count()


def _replies(campaign: Campaign, mailbox: Mailbox, result: Result, report: Report) -> None:
    received = Message.objects.filter(mailbox=mailbox, direction=Direction.IN)
    began = last_new = time.monotonic()
    seen = 0
    while time.monotonic() - last_new < QUIET_SECONDS and time.monotonic() - began < MOST_WAIT:
        sync_mailbox(mailbox)
        react_slice()
        now_seen = received.count()
        if now_seen > seen:
            seen, last_new = now_seen, time.monotonic()
        report("replies", seen, seen)
        time.sleep(0.5)
    result.replied = received.filter(kind="reply").values("thread").distinct().count()
    result.bounced = received.filter(kind="bounce").values("thread").distinct().count()
    result.bounced += Message.objects.filter(mailbox=mailbox, delivery=Delivery.FAILED).count()
    result.stopped = campaign.enrollments.filter(stage=Stage.STOPPED).count()
    result.delivered = delivered_to(str(mailbox.address))


def delivered_to(sender: str) -> int:
    """How many mails from `sender` the receiving server has counted."""
    ledger = settings.SANDBOX_DIR / "ledger.jsonl"
    if not ledger.exists():
        return 0
    with ledger.open(encoding="utf-8") as lines:
        return sum(json.loads(line)["from"] == sender for line in lines if line.endswith("}\n"))


def _export(workspace: WorkspaceRef, result: Result, report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="paitho-demo-") as folder:
        exported = export(workspace, Path(folder))
        rows = verify(exported.path)
        result.exported_files = len(rows) + 1
        result.export_verified = rows == exported.rows
    report("export", len(rows), len(rows))


def inconsistencies(result: Result) -> list[str]:
    """The counts that do not add up, as sentences; none when all is well."""
    checks: list[tuple[bool, str]] = [
        (result.rows == result.imported + result.rejected, "rows are not imported + rejected"),
        (result.qualified <= result.imported, "more leads were qualified than imported"),
        (result.drafted == result.qualified, "not every qualified lead has a draft"),
        (result.audited == result.drafted, "not every draft was audited"),
        (result.approved <= result.audited, "more drafts were approved than audited"),
        (result.sent <= result.approved, "more mails were sent than approved"),
        (result.delivered == result.sent, "the receiving server counts other mails than we do"),
        (result.replied + result.bounced <= result.approved, "more answers than mails"),
        (result.export_verified, "the export does not verify"),
    ]
    return [sentence for holds, sentence in checks if not holds]
