"""Runs every check on the live system, and keeps what they found for the trust page."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from importlib.metadata import version as version_of

import psycopg
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from tenants import directory, structure
from tenants.models import State
from tenants.workspace import WorkspaceRef
from trust.models import PostureResult, PostureRun
from trust.posture.kinds import SAMPLE, Cell, Check, Finding, Outcome, registered
from trust.posture.site import Site, SiteDown

CHECKS = (
    "boundary",
    "drift",
    "sealing",
    "retention",
    "audit",
    "custody",
    "not_stored",
    "web",
    "sending",
    "data",
    "statements",
)
EVERY = timedelta(hours=1)
HISTORY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Result:
    check: Check
    finding: Finding
    milliseconds: int

    @property
    def outcome(self) -> Outcome:
        return self.finding.outcome


@dataclass(frozen=True, slots=True)
class Report:
    """One run: when, over what, and each check's result in the trust page's order."""

    workspace: str
    started_at: datetime
    finished_at: datetime
    results: list[Result] = field(default_factory=list)

    def of(self, outcome: Outcome) -> list[Result]:
        return [result for result in self.results if result.outcome is outcome]

    @property
    def is_good(self) -> bool:
        return bool(self.results) and not self.of(Outcome.FAILED)


def checks() -> list[Check]:
    for module in CHECKS:
        import_module(f"trust.posture.checks.{module}")
    return registered()


def verify(slug: str = "", *, only: Sequence[str] = (), sample: int = SAMPLE) -> Report:
    """Run the checks, over every workspace or over the one called `slug`. Raises `UnknownWorkspace`."""
    started = timezone.now()
    with structure.owner_session() as owner:
        found = [directory.by_slug(slug)] if slug else active(owner)
        picked = random.sample(found, min(sample, len(found)))
        cell = Cell(owner, tuple(found), tuple(picked), Site(settings.ORIGIN))
        wanted = [each for each in checks() if not only or each.name in only]
        results = [looked(each, cell) for each in wanted]
    return Report(slug, started, timezone.now(), results)


def active(owner: psycopg.Connection[tuple[object, ...]]) -> list[WorkspaceRef]:
    ids = owner.execute("SELECT id FROM public.workspaces WHERE state = %s ORDER BY slug", [State.ACTIVE])
    return [directory.by_id(str(uid)) for (uid,) in ids.fetchall()]


def looked(check: Check, cell: Cell) -> Result:
    """One check's result; what cannot be looked at is not proved."""
    started = time.monotonic()
    try:
        finding = check.look(cell)
    except SiteDown as error:
        finding = Finding("The site did not answer.", (str(error),))
    except (psycopg.Error, DatabaseError) as error:
        finding = Finding("The database refused the look.", (f"{type(error).__name__}: {error}".strip(),))
    except Exception as error:  # noqa: BLE001  whatever a check dies of, its claim is not proved, and the next runs
        finding = Finding("The check itself failed.", (f"{type(error).__name__} in {check.name}",))
    return Result(check, finding, round((time.monotonic() - started) * 1000))


def keep(report: Report) -> PostureRun:
    """Store a report with the owner's login, and forget those of more than 90 days ago."""
    with transaction.atomic(using="owner"):
        run = PostureRun(
            version=release(),
            workspace=report.workspace,
            started_at=report.started_at,
            finished_at=report.finished_at,
            proved=len(report.of(Outcome.PROVED)),
            failed=len(report.of(Outcome.FAILED)),
        )
        run.save(using="owner", force_insert=True)
        PostureResult.objects.using("owner").bulk_create(
            PostureResult(
                run=run,
                check_name=result.check.name,
                outcome=result.outcome.value,
                saw=result.finding.saw[:200],
                detail="\n".join(result.finding.problems)[:4000],
                milliseconds=result.milliseconds,
            )
            for result in report.results
        )
        PostureRun.objects.using("owner").filter(started_at__lt=timezone.now() - HISTORY).delete()
    return run


def release() -> str:
    return f"Django {version_of('django')}"


def is_due() -> bool:
    """Whether the last run over everything is an hour old, or leaves a check out that this release has."""
    last = PostureRun.objects.filter(workspace="").order_by("-started_at").first()
    if last is None or last.started_at <= timezone.now() - EVERY:
        return True
    seen = set(PostureResult.objects.filter(run=last).values_list("check_name", flat=True))
    return seen != {each.name for each in checks()}
