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
from datetime import datetime, timedelta

from django.db import connections, transaction
from django.utils import timezone

from campaigns.answers import AuditAnswer, DraftAnswer, Fit, Qualification
from campaigns.asking import Question, latest_draft, question
from campaigns.llm import edge
from campaigns.llm.edge import Answered, Outcome
from campaigns.models import Campaign, Draft, Enrollment, Stage, StageRun, Status, Step, Verdict
from campaigns.stages import MovedMeanwhile, move

CONCURRENT = 50
SLICE_SECONDS = 20.0
LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 6
CLAIM = """
    UPDATE enrollments
    SET lease_until = now() + %s, stage = CASE stage WHEN 'enrolled' THEN 'qualifying' ELSE stage END
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
    until = time.monotonic() + SLICE_SECONDS
    with ThreadPoolExecutor(CONCURRENT, thread_name_prefix="llm") as pool:
        waiting: dict[Future[Outcome], Question] = {}
        while True:
            room = CONCURRENT - len(waiting) if time.monotonic() < until else 0
            for asked in _claim(room) if room else []:
                waiting[pool.submit(edge.ask, asked.call)] = asked
            if not waiting:
                break
            done, _ = wait(waiting, timeout=1.0, return_when=FIRST_COMPLETED)
            for future in done:
                settle(waiting.pop(future), future.result())
    return _next_due()


def _claim(room: int) -> list[Question]:
    with connections["default"].cursor() as cursor:
        cursor.execute(CLAIM, [LEASE, room])
        ids = [uid for (uid,) in cursor.fetchall()]
    claimed = Enrollment.objects.filter(pk__in=ids).select_related(
        "campaign__writer", "campaign__auditor", "lead", "thread__mailbox"
    )
    return [question(enrollment) for enrollment in claimed]


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
def settle(asked: Question, outcome: Outcome) -> None:
    """Record the call and move the lead; a lead that was stopped meanwhile stays stopped."""
    _record(asked, outcome)
    enrollment = asked.enrollment
    try:
        if isinstance(outcome, Answered):
            SETTLERS[asked.stage](enrollment, outcome)
        elif outcome.may_retry and enrollment.attempts + 1 < MOST_ATTEMPTS:
            _later(enrollment, outcome)
        elif outcome.stops_key:
            _pause(enrollment, outcome)
        else:
            _give_up(asked, outcome)
    except MovedMeanwhile:
        return


def _record(asked: Question, outcome: Outcome) -> None:
    usage = outcome.usage
    StageRun(
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
        latency_ms=outcome.latency_ms,
        outcome=outcome.name[:16],
    ).save(force_insert=True)


def _qualified(enrollment: Enrollment, outcome: Answered) -> None:
    answer = outcome.value
    assert isinstance(answer, Qualification)
    to = Stage.DISQUALIFIED if answer.fit is Fit.NO else Stage.DRAFTING
    move(enrollment, to, fit=answer.fit.value, due_at=timezone.now())
    enrollment.fit_reason = answer.reason
    enrollment.save(update_fields=["fit_reason"])


def _drafted(enrollment: Enrollment, outcome: Answered) -> None:
    answer = outcome.value
    assert isinstance(answer, DraftAnswer)
    text = answer.draft()
    before = latest_draft(enrollment)
    Draft(
        enrollment=enrollment,
        step=enrollment.step,
        version=before.version + 1 if before else 1,
        subject=text.subject,
        body=text.body,
        sentences=[{"start": c.start, "end": c.end, "sources": list(c.sources)} for c in text.claims],
    ).save(force_insert=True)
    move(enrollment, Stage.AUDITING, due_at=timezone.now())


def _audited(enrollment: Enrollment, outcome: Answered) -> None:
    answer = outcome.value
    assert isinstance(answer, AuditAnswer)
    findings = [
        {"kind": each.kind.value, "quote": each.quote, "explanation": each.explanation, "by": outcome.who}
        for each in answer.findings
    ]
    to_review(enrollment, findings)


def to_review(enrollment: Enrollment, findings: list[dict[str, str]]) -> None:
    """A person looks at the draft; it is clean when nobody found anything and the lead is a sure fit."""
    draft = latest_draft(enrollment)
    assert draft is not None
    draft.findings = findings
    draft.is_clean = not findings and enrollment.fit != Fit.UNSURE
    draft.verdict = Verdict.IN_REVIEW
    draft.save(update_fields=["findings", "is_clean", "verdict"])
    move(enrollment, Stage.IN_REVIEW)


SETTLERS: dict[Stage, Callable[[Enrollment, Answered], None]] = {
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
        finding = {"kind": "other", "quote": "", "explanation": outcome.sentence, "by": "Paitho"}
        to_review(asked.enrollment, [finding])
    else:
        move(asked.enrollment, Stage.FAILED, problem=outcome.sentence[:300])
