"""What an outcome means for its lead: the call is recorded and the lead moved, or neither."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connections, transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import SYSTEM
from audit.events import Event
from campaigns.answers import AuditAnswer, DraftAnswer, Fit, Qualification
from campaigns.asking import Question, latest_draft
from campaigns.checks import Finding, Kind, Where, check, placed
from campaigns.llm.edge import Answered, BadRequest, Call, Outcome, Reason
from campaigns.models import Campaign, Draft, Enrollment, Stage, StageRun, Status
from campaigns.pace import retry_at
from campaigns.prices import cost
from campaigns.stages import refuse_illegal
from campaigns.throttle import Throttle

FIT_REASON = Enrollment._meta.get_field("fit_reason")
FINDINGS = Draft._meta.get_field("findings")
FOR_EVERY_LEAD = {Reason.UNKNOWN_MODEL, Reason.NOT_HERE, Reason.BAD_ENDPOINT, Reason.NO_SANDBOX}
WORDS = 300  # characters of a sentence that a row keeps
# Who is further along goes first, so that review can begin while others still wait for their first call.
AHEAD = {Stage.DRAFTING: timedelta(days=1), Stage.AUDITING: timedelta(days=2)}


@dataclass(frozen=True, slots=True)
class Turn:
    """Where an outcome brings its lead, and the draft that comes with it."""

    asked: Question
    to: Stage
    due_at: datetime
    fit: str = ""
    fit_reason: bytes | None = None
    problem: str = ""
    written: Draft | None = None
    audited: Draft | None = None


# As `stages.move`, for many at once: only a lead that is where it was asked about, under the same lease.
TAKE_TURNS = """
    UPDATE enrollments e
    SET stage = t.stage, due_at = t.due_at, problem = t.problem, lease_until = NULL, attempts = 0,
        fit = coalesce(nullif(t.fit, ''), e.fit), fit_reason = coalesce(t.fit_reason, e.fit_reason)
    FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::text[], %s::timestamptz[], %s::text[],
                %s::text[], %s::bytea[])
         AS t(id, was, held, stage, due_at, problem, fit, fit_reason)
    WHERE e.id = t.id AND e.stage = t.was AND e.lease_until = t.held
    RETURNING e.id
"""
AUDITED = """
    UPDATE drafts d SET findings = t.findings, is_clean = t.is_clean, verdict = 'in_review'
    FROM unnest(%s::uuid[], %s::bytea[], %s::boolean[]) AS t(id, findings, is_clean)
    WHERE d.id = t.id
"""


@transaction.atomic
def settle(answered: list[tuple[Question, Outcome]], throttle: Throttle) -> list[tuple[Question, StageRun]]:
    """Record the calls and move their leads; one that was stopped or taken over meanwhile stays as it is."""
    runs = StageRun.objects.bulk_create(
        [
            run_of(asked.enrollment, asked.stage, asked.prompt.name, asked.call, outcome)
            for asked, outcome in answered
        ]
    )
    turns = [_turn(asked, outcome, throttle) for asked, outcome in answered]
    _take([turn for turn in turns if turn is not None])
    return [(asked, run) for (asked, _), run in zip(answered, runs, strict=True)]


def _turn(asked: Question, outcome: Outcome, throttle: Throttle) -> Turn | None:
    """What the outcome makes of the lead; None when it stays where it is, which is then written."""
    tries = asked.enrollment.attempts + 1
    again = retry_at(outcome, tries=tries, now=time.time(), chance=random.random())  # noqa: S311
    if isinstance(outcome, Answered):
        return SETTLERS[asked.stage](asked, outcome)
    if again is not None:
        due = max(datetime.fromtimestamp(again, UTC), throttle.paused_until(asked.key))
        _stay(asked, attempts=tries, due_at=due, problem=outcome.sentence[:WORDS])
        return None
    if _needs_a_person(outcome) or (outcome.may_retry and throttle.pace(asked.key).is_down):
        _pause(asked, outcome)
        return None
    return _give_up(asked, outcome)


def _needs_a_person(outcome: Outcome) -> bool:
    """Whether the next lead's call would end the same way, so that none should be tried and failed."""
    return outcome.stops_key or (isinstance(outcome, BadRequest) and outcome.reason in FOR_EVERY_LEAD)


def _take(turns: list[Turn]) -> None:
    """Move the leads that are still ours, then write the drafts of those that moved."""
    if not turns:
        return
    for turn in turns:
        refuse_illegal(turn.asked.stage, turn.to)
    with connections["default"].cursor() as cursor:
        cursor.execute(TAKE_TURNS, _columns(turns))
        moved = {uid for (uid,) in cursor.fetchall()}
    ours = [turn for turn in turns if turn.asked.enrollment.pk in moved]
    Draft.objects.bulk_create([turn.written for turn in ours if turn.written is not None])
    audited = [turn.audited for turn in ours if turn.audited is not None]
    if audited:
        findings = [FINDINGS.seal(draft.findings, draft.pk) for draft in audited]
        columns: list[list[Any]] = [
            [draft.pk for draft in audited],
            findings,
            [draft.is_clean for draft in audited],
        ]
        with connections["default"].cursor() as cursor:
            cursor.execute(AUDITED, columns)


def _columns(turns: list[Turn]) -> list[list[Any]]:
    return [
        [turn.asked.enrollment.pk for turn in turns],
        [turn.asked.stage.value for turn in turns],
        [turn.asked.enrollment.lease_until for turn in turns],
        [turn.to.value for turn in turns],
        [turn.due_at for turn in turns],
        [turn.problem for turn in turns],
        [turn.fit for turn in turns],
        [turn.fit_reason for turn in turns],
    ]


def run_of(enrollment: Enrollment, stage: str, prompt_name: str, call: Call, outcome: Outcome) -> StageRun:
    """A call of a model for the record."""
    usage = outcome.usage
    paid = cost(call.provider, call.model, usage, on=timezone.now().date())
    return StageRun(
        enrollment=enrollment,
        campaign=enrollment.campaign,
        stage=stage,
        provider=call.provider.value,
        model=call.model,
        prompt_name=prompt_name,
        prompt=f"{call.system}\n\n{call.prompt}",
        response=getattr(outcome, "text", "") or outcome.sentence,
        input_tokens=usage.input,
        cached_tokens=usage.cached,
        output_tokens=usage.output,
        cost_micros=None if paid is None else round(paid),
        latency_ms=outcome.latency_ms,
        outcome=outcome.name[:16],
    )


def _first(stage: Stage) -> datetime:
    return timezone.now() - AHEAD.get(stage, timedelta())


def _qualified(asked: Question, outcome: Answered) -> Turn:
    answer = outcome.value
    assert isinstance(answer, Qualification)
    to = Stage.DISQUALIFIED if answer.fit is Fit.NO else Stage.DRAFTING
    reason = FIT_REASON.seal(answer.reason, asked.enrollment.pk)
    return Turn(asked, to, _first(to), fit=answer.fit.value, fit_reason=reason)


def _drafted(asked: Question, outcome: Answered) -> Turn:
    answer = outcome.value
    assert isinstance(answer, DraftAnswer)
    text, before = answer.draft(), latest_draft(asked.enrollment)
    draft = Draft(
        enrollment=asked.enrollment,
        step=asked.enrollment.step,
        version=before.version + 1 if before else 1,
        subject=text.subject,
        body=text.body,
        sentences=[{"start": c.start, "end": c.end, "sources": list(c.sources)} for c in text.claims],
    )
    return Turn(asked, Stage.AUDITING, _first(Stage.AUDITING), written=draft)


def _audited(asked: Question, outcome: Answered) -> Turn:
    answer = outcome.value
    assert isinstance(answer, AuditAnswer)
    assert asked.facts.draft is not None
    return to_review(asked, placed(answer, asked.facts.draft))


def to_review(asked: Question, findings: list[Finding]) -> Turn:
    """A person looks at the draft; clean is what neither auditor nor checks object to, for a sure fit."""
    draft, text = latest_draft(asked.enrollment), asked.facts.draft
    assert draft is not None
    assert text is not None
    found = sorted({*findings, *check(text, replace(asked.facts, draft=None))})
    draft.findings = [asdict(finding) for finding in found]
    draft.is_clean = not found and asked.enrollment.fit != Fit.UNSURE
    return Turn(asked, Stage.IN_REVIEW, timezone.now(), audited=draft)


SETTLERS: dict[Stage, Callable[[Question, Answered], Turn]] = {
    Stage.QUALIFYING: _qualified,
    Stage.DRAFTING: _drafted,
    Stage.AUDITING: _audited,
}


def _stay(asked: Question, **changes: Any) -> None:
    """The lead keeps its stage; its lease is given back if it is still ours."""
    enrollment = asked.enrollment
    ours = Enrollment.objects.filter(
        pk=enrollment.pk, stage=enrollment.stage, lease_until=enrollment.lease_until
    )
    ours.update(lease_until=None, **changes)


def _pause(asked: Question, outcome: Outcome) -> None:
    """The key does not work until a person acts: the campaign waits and says why; no lead is lost by it."""
    sentence = final(outcome, "Resume the campaign when that is over.")
    campaign = asked.enrollment.campaign
    running = Campaign.objects.filter(pk=campaign.pk, status=Status.RUNNING)
    if running.update(status=Status.PAUSED, problem=sentence):
        record(Event.CAMPAIGN_PAUSED, by=SYSTEM, about=campaign, why=sentence)
    _stay(asked, attempts=0, due_at=timezone.now(), problem=sentence)


def _give_up(asked: Question, outcome: Outcome) -> Turn:
    """Fails closed: without an auditor's answer a person looks; without a draft the lead says why."""
    sentence = final(outcome, f"It was asked {asked.enrollment.attempts + 1} times.")
    if asked.stage is Stage.AUDITING:
        return to_review(asked, [Finding(Where.BODY, 0, 0, Kind.UNSUPPORTED, sentence)])
    return Turn(asked, Stage.FAILED, timezone.now(), problem=sentence)


def final(outcome: Outcome, instead: str) -> str:
    """The outcome's sentence, with `instead` in place of a promise to try again."""
    said, promise, _ = outcome.sentence.partition("Paitho tries again")
    return f"{said}{instead if promise else ''}"[:WORDS]
