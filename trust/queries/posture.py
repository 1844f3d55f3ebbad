"""The last run of the checks, by the chapters of the trust page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from trust.models import PostureResult, PostureRun
from trust.posture.kinds import Check, Outcome
from trust.posture.run import checks

STALE = timedelta(hours=3)  # the job runs every hour


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of the page with what its check last saw."""

    check: Check
    outcome: str
    saw: str
    at: datetime | None

    @property
    def tone(self) -> str:
        return {"proved": "good", "failed": "bad"}.get(self.outcome, "idle")


@dataclass(frozen=True, slots=True)
class Tally:
    total: int
    proved: int
    failed: int


@dataclass(frozen=True, slots=True)
class Posture:
    """Every claim by its section. `at` is when all of them were last looked at; None: not yet."""

    at: datetime | None
    proved: int
    failed: int
    waiting: int
    sections: dict[str, list[Claim]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.proved + self.failed + self.waiting

    @property
    def is_stale(self) -> bool:
        return self.at is not None and self.at < timezone.now() - STALE

    @property
    def tallies(self) -> dict[str, Tally]:
        """How many claims each section has, and what became of them."""
        return {
            section: Tally(
                total=len(claims),
                proved=sum(claim.outcome == Outcome.PROVED for claim in claims),
                failed=sum(claim.outcome == Outcome.FAILED for claim in claims),
            )
            for section, claims in self.sections.items()
        }

    @property
    def claims(self) -> list[Claim]:
        return [claim for section in self.sections.values() for claim in section]


def posture() -> Posture:
    run = PostureRun.objects.filter(workspace="").order_by("-started_at").first()
    results = _results(run) if run else {}
    sections: dict[str, list[Claim]] = defaultdict(list)
    counts = dict.fromkeys(Outcome, 0)
    for check in checks():
        outcome, saw = results.get(check.name, (Outcome.WAITING.value, "not looked at yet"))
        counts[Outcome(outcome)] += 1
        sections[check.section].append(Claim(check, outcome, saw, run.finished_at if run else None))
    return Posture(
        at=run.finished_at if run else None,
        proved=counts[Outcome.PROVED],
        failed=counts[Outcome.FAILED],
        waiting=counts[Outcome.WAITING],
        sections=dict(sections),
    )


def _results(run: PostureRun) -> dict[str, tuple[str, str]]:
    rows = PostureResult.objects.filter(run=run).values_list("check_name", "outcome", "saw")
    return {name: (outcome, saw) for name, outcome, saw in rows}
