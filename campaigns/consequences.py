"""What an outcome means for its lead: the call is recorded and the lead moved, or neither."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.answers import AuditAnswer, DraftAnswer, Fit, Qualification
from campaigns.asking import Question, latest_draft
from campaigns.checks import Finding, Kind, Where, check, placed
from campaigns.errors import MovedMeanwhile
from campaigns.llm.edge import Answered, Outcome
from campaigns.models import Campaign, Draft, Enrollment, Stage, StageRun, Status, Verdict
from campaigns.pace import retry_at
from campaigns.prices import cost
from campaigns.stages import move
from campaigns.throttle import Throttle
from keychain.fields import Envelope

FIT_REASON = Enrollment._meta.get_field("fit_reason")
WORDS = 300  # characters of a sentence that a row keeps
# Who is further along goes first, so that review can begin while others still wait for their first call.
AHEAD = {Stage.DRAFTING: timedelta(days=1), Stage.AUDITING: timedelta(days=2)}


@transaction.atomic
def settle(answered: list[tuple[Question, Outcome]], throttle: Throttle) -> list[tuple[Question, StageRun]]:
    """Record the calls and move their leads; one that was stopped or taken over meanwhile stays as it is."""
    runs = StageRun.objects.bulk_create([_run(asked, outcome) for asked, outcome in answered])
    for asked, outcome in answered:
        with suppress(MovedMeanwhile):
            _settle(asked, outcome, throttle)
    return [(asked, run) for (asked, _), run in zip(answered, runs, strict=True)]


def _settle(asked: Question, outcome: Outcome, throttle: Throttle) -> None:
    tries = asked.enrollment.attempts + 1
    again = retry_at(outcome, tries=tries, now=time.time(), chance=random.random())  # noqa: S311
    if isinstance(outcome, Answered):
        SETTLERS[asked.stage](asked, outcome)
    elif again is not None:
        due = max(datetime.fromtimestamp(again, UTC), throttle.paused_until(asked.key))
        _stay(asked, attempts=tries, due_at=due, problem=outcome.sentence[:WORDS])
    elif outcome.stops_key or (outcome.may_retry and throttle.pace(asked.key).is_down):
        _pause(asked, outcome)
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


def _advance(asked: Question, to: Stage, **changes: Any) -> None:
    """Move the lead if the lease is still the one under which the question was asked."""
    move(asked.enrollment, to, held=asked.enrollment.lease_until, **changes)


def _turn(stage: Stage) -> datetime:
    return timezone.now() - AHEAD.get(stage, timedelta())


def _qualified(asked: Question, outcome: Answered) -> None:
    answer = outcome.value
    assert isinstance(answer, Qualification)
    to = Stage.DISQUALIFIED if answer.fit is Fit.NO else Stage.DRAFTING
    reason = FIT_REASON.seal(answer.reason, asked.enrollment.pk)
    _advance(asked, to, fit=answer.fit.value, fit_reason=Envelope(reason), due_at=_turn(to))


def _drafted(asked: Question, outcome: Answered) -> None:
    answer = outcome.value
    assert isinstance(answer, DraftAnswer)
    text, before = answer.draft(), latest_draft(asked.enrollment)
    _advance(asked, Stage.AUDITING, due_at=_turn(Stage.AUDITING))
    Draft(
        enrollment=asked.enrollment,
        step=asked.enrollment.step,
        version=before.version + 1 if before else 1,
        subject=text.subject,
        body=text.body,
        sentences=[{"start": c.start, "end": c.end, "sources": list(c.sources)} for c in text.claims],
    ).save(force_insert=True)


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
    _advance(asked, Stage.IN_REVIEW)
    found = sorted({*findings, *check(text, replace(asked.facts, draft=None))})
    draft.findings = [asdict(finding) for finding in found]
    draft.is_clean = not found and asked.enrollment.fit != Fit.UNSURE
    draft.verdict = Verdict.IN_REVIEW
    draft.save(update_fields=["findings", "is_clean", "verdict"])


SETTLERS: dict[Stage, Callable[[Question, Answered], None]] = {
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
    Campaign.objects.filter(pk=asked.enrollment.campaign_id, status=Status.RUNNING).update(
        status=Status.PAUSED, problem=sentence
    )
    _stay(asked, attempts=0, due_at=timezone.now())


def _give_up(asked: Question, outcome: Outcome) -> None:
    """Fails closed: without an auditor's answer a person looks; without a draft the lead says why."""
    sentence = final(outcome, f"It was asked {asked.enrollment.attempts + 1} times.")
    if asked.stage is Stage.AUDITING:
        to_review(asked, [Finding(Where.BODY, 0, 0, Kind.UNSUPPORTED, sentence)])
    else:
        _advance(asked, Stage.FAILED, problem=sentence)


def final(outcome: Outcome, instead: str) -> str:
    """The outcome's sentence, with `instead` in place of a promise to try again."""
    said, promise, _ = outcome.sentence.partition("Paitho tries again")
    return f"{said}{instead if promise else ''}"[:WORDS]
