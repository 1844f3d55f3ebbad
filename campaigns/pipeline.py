"""Qualify, draft, audit: claims due leads, asks many at once, settles each answer as it comes.

A slice claims up to CONCURRENT leads by lease, sends their calls through a pool of threads that touch
nothing but the network, and writes each outcome from this thread in a transaction of its own. A worker
that dies leaves leases that end; a call that was recorded is never paid for again, since its row and the
lead's move are one commit.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from django.db import connections, transaction
from django.utils import timezone

from campaigns.answers import AuditAnswer, DraftAnswer, Fit, Qualification
from campaigns.asking import Question, latest_draft, questions
from campaigns.budget import Purse, pause_at_budget
from campaigns.checks import Finding, Kind, Where, check, placed
from campaigns.errors import MovedMeanwhile
from campaigns.llm import edge
from campaigns.llm.edge import Answered, Outcome
from campaigns.models import Campaign, Draft, Enrollment, Stage, StageRun, Status, Step, Verdict
from campaigns.prices import cost
from campaigns.reach import address_of
from campaigns.stages import move
from keychain.fields import Envelope

CONCURRENT = 50
SLICE_SECONDS = 20.0
LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 6
FIT_REASON = Enrollment._meta.get_field("fit_reason")
CLAIM = """
    UPDATE enrollments
    SET lease_until = now() + make_interval(secs => %s),
        stage = CASE stage WHEN 'enrolled' THEN 'qualifying' ELSE stage END
    WHERE id IN (
        SELECT e.id FROM enrollments e JOIN campaigns c ON c.id = e.campaign_id
        WHERE e.stage IN ('enrolled', 'qualifying', 'drafting', 'auditing')
          AND e.due_at <= now() AND (e.lease_until IS NULL OR e.lease_until < now())
          AND c.status = 'running'
        ORDER BY e.due_at LIMIT %s FOR UPDATE OF e SKIP LOCKED
    ) RETURNING id
"""


def pipeline_slice() -> datetime | None:
    """Some seconds of calls for the bound workspace; due again when there is more."""
    begin_next_steps()
    purse, until = Purse(), time.monotonic() + SLICE_SECONDS
    with ThreadPoolExecutor(CONCURRENT, thread_name_prefix="llm") as pool:
        waiting: dict[Future[Outcome], Question] = {}
        while True:
            room = CONCURRENT - len(waiting) if time.monotonic() < until else 0
            for asked in _affordable(_claim(room), purse) if room else []:
                waiting[pool.submit(edge.ask, asked.call, resolve=address_of)] = asked
            if not waiting:
                break
            done, _ = wait(waiting, timeout=1.0, return_when=FIRST_COMPLETED)
            for asked, run in settle([(waiting.pop(future), future.result()) for future in done]):
                purse.settle(asked.enrollment.campaign, asked.call, run.cost_micros)
    return _next_due()


def _claim(room: int) -> list[Question]:
    with connections["default"].cursor() as cursor:
        cursor.execute(CLAIM, [LEASE.total_seconds(), room])
        ids = [uid for (uid,) in cursor.fetchall()]
    return questions(ids) if ids else []


def _affordable(claimed: list[Question], purse: Purse) -> list[Question]:
    """The questions that their campaigns' budgets allow; the others wait, and the campaign says why."""
    allowed = []
    for asked in claimed:
        campaign = asked.enrollment.campaign
        if purse.reserve(campaign, asked.call):
            allowed.append(asked)
        else:
            pause_at_budget(campaign, purse.spent(campaign))
            Enrollment.objects.filter(pk=asked.enrollment.pk).update(lease_until=None)
    return allowed


def _next_due() -> datetime | None:
    working = Enrollment.objects.filter(
        campaign__status=Status.RUNNING,
        due_at__isnull=False,
        stage__in=[Stage.ENROLLED, Stage.QUALIFYING, Stage.DRAFTING, Stage.AUDITING, Stage.SENT],
    )
    return working.order_by("due_at").values_list("due_at", flat=True).first()


@transaction.atomic
def begin_next_steps() -> None:
    """Leads whose wait since the last mail is over get the next step's draft, where there is one."""
    due = Enrollment.objects.filter(
        stage=Stage.SENT, due_at__lte=timezone.now(), campaign__status=Status.RUNNING
    ).select_for_update(skip_locked=True, of=("self",))[:200]
    for enrollment in due:
        if Step.objects.filter(campaign=enrollment.campaign_id, number=enrollment.step + 1).exists():
            move(enrollment, Stage.DRAFTING, step=enrollment.step + 1, due_at=timezone.now())
        else:
            Enrollment.objects.filter(pk=enrollment.pk, stage=Stage.SENT).update(due_at=None)


@transaction.atomic
def settle(answered: list[tuple[Question, Outcome]]) -> list[tuple[Question, StageRun]]:
    """Record the calls and move their leads; a lead that was stopped meanwhile stays stopped."""
    runs = StageRun.objects.bulk_create([_run(asked, outcome) for asked, outcome in answered])
    for asked, outcome in answered:
        with suppress(MovedMeanwhile):
            _settle(asked, outcome)
    return [(asked, run) for (asked, _), run in zip(answered, runs, strict=True)]


def _settle(asked: Question, outcome: Outcome) -> None:
    enrollment = asked.enrollment
    if isinstance(outcome, Answered):
        SETTLERS[asked.stage](asked, outcome)
    elif outcome.may_retry and enrollment.attempts + 1 < MOST_ATTEMPTS:
        _later(enrollment, outcome)
    elif outcome.stops_key:
        _pause(enrollment, outcome)
    else:
        _give_up(asked, outcome)


def _run(asked: Question, outcome: Outcome) -> StageRun:
    usage = outcome.usage
    paid = cost(asked.call.provider, asked.call.model, usage, on=timezone.now().date())
    return StageRun(
        enrollment=asked.enrollment,
        campaign=asked.enrollment.campaign,
        stage=asked.stage,
        provider=asked.call.provider.value,
        model=asked.call.model,
        prompt_name=asked.prompt.name,
        prompt=f"{asked.call.system}\n\n{asked.call.prompt}",
        response=getattr(outcome, "text", "") or outcome.sentence,
        input_tokens=usage.input,
        cached_tokens=usage.cached,
        output_tokens=usage.output,
        cost_micros=None if paid is None else round(paid),
        latency_ms=outcome.latency_ms,
        outcome=outcome.name[:16],
    )


def _qualified(asked: Question, outcome: Answered) -> None:
    answer = outcome.value
    assert isinstance(answer, Qualification)
    to = Stage.DISQUALIFIED if answer.fit is Fit.NO else Stage.DRAFTING
    reason = FIT_REASON.seal(answer.reason, asked.enrollment.pk)
    move(asked.enrollment, to, fit=answer.fit.value, fit_reason=Envelope(reason), due_at=timezone.now())


def _drafted(asked: Question, outcome: Answered) -> None:
    answer = outcome.value
    assert isinstance(answer, DraftAnswer)
    text, before = answer.draft(), latest_draft(asked.enrollment)
    Draft(
        enrollment=asked.enrollment,
        step=asked.enrollment.step,
        version=before.version + 1 if before else 1,
        subject=text.subject,
        body=text.body,
        sentences=[{"start": c.start, "end": c.end, "sources": list(c.sources)} for c in text.claims],
    ).save(force_insert=True)
    move(asked.enrollment, Stage.AUDITING, due_at=timezone.now())


def _audited(asked: Question, outcome: Answered) -> None:
    answer = outcome.value
    assert isinstance(answer, AuditAnswer)
    assert asked.facts.draft is not None
    to_review(asked, placed(answer, asked.facts.draft))


def to_review(asked: Question, findings: list[Finding]) -> None:
    """A person looks at the draft; clean is what neither auditor nor checks object to, for a sure fit."""
    draft, text = latest_draft(asked.enrollment), asked.facts.draft
    assert draft is not None
    assert text is not None
    found = sorted({*findings, *check(text, replace(asked.facts, draft=None))})
    draft.findings = [asdict(finding) for finding in found]
    draft.is_clean = not found and asked.enrollment.fit != Fit.UNSURE
    draft.verdict = Verdict.IN_REVIEW
    draft.save(update_fields=["findings", "is_clean", "verdict"])
    move(asked.enrollment, Stage.IN_REVIEW)


SETTLERS: dict[Stage, Callable[[Question, Answered], None]] = {
    Stage.QUALIFYING: _qualified,
    Stage.DRAFTING: _drafted,
    Stage.AUDITING: _audited,
}


def _later(enrollment: Enrollment, outcome: Outcome) -> None:
    """Try again after what the provider asked for, or twice as long as before with a jitter."""
    asked_for = getattr(outcome, "retry_after", None)
    wait_for = asked_for or min(300.0, 2.0 ** (enrollment.attempts + 1)) * random.uniform(0.7, 1.3)  # noqa: S311
    Enrollment.objects.filter(pk=enrollment.pk, stage=enrollment.stage).update(
        attempts=enrollment.attempts + 1,
        due_at=timezone.now() + timedelta(seconds=wait_for),
        lease_until=None,
        problem=outcome.sentence[:300],
    )


def _pause(enrollment: Enrollment, outcome: Outcome) -> None:
    """The key does not work until a person acts: the campaign waits and says why."""
    Campaign.objects.filter(pk=enrollment.campaign_id, status=Status.RUNNING).update(
        status=Status.PAUSED, problem=outcome.sentence[:300]
    )
    Enrollment.objects.filter(pk=enrollment.pk, stage=enrollment.stage).update(lease_until=None)


def _give_up(asked: Question, outcome: Outcome) -> None:
    """Fails closed: without an auditor's answer a person looks; without a draft the lead says why."""
    if asked.stage is Stage.AUDITING:
        to_review(asked, [Finding(Where.BODY, 0, 0, Kind.UNSUPPORTED, outcome.sentence)])
    else:
        move(asked.enrollment, Stage.FAILED, problem=outcome.sentence[:300])
