"""Checks the log against its seals, and says which batch is the first that does not hold.

Pure: lines and seals come from the database (`audit.evidence.online`) or from an export's files
(`audit.evidence.bundled`). Lines must come ordered by transaction and id.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from audit.lines import Line
from audit.models import AuditSeal
from audit.sealing import GENESIS, NO_ROWS, Batch, link

MONTHS_KEPT = 12


@dataclass(slots=True)
class Verdict:
    """What was found. `broken` is the first batch that does not hold, `problem` the sentence about it."""

    seals: int = 0
    lines: int = 0
    expired: int = 0
    unsealed: int = 0
    epochs: int = 0
    head: str = ""
    sealed_until: datetime | None = None
    broken: int | None = None
    problem: str = ""

    @property
    def holds(self) -> bool:
        return self.broken is None

    def break_at(self, number: int, problem: str) -> None:
        if self.broken is None or number < self.broken:
            self.broken, self.problem = number, problem


@dataclass(slots=True)
class Segment:
    """Seals whose transactions count upwards; a log loaded into another cluster begins a new one."""

    begins: datetime | None
    starts: list[int] = field(default_factory=list)
    at: dict[tuple[int, date], AuditSeal] = field(default_factory=dict)
    until: int = 0

    def add(self, seal: AuditSeal) -> None:
        self.until = seal.xid_until
        if seal.month is None:
            return
        if not self.starts or self.starts[-1] != seal.xid_from:
            self.starts.append(seal.xid_from)
        self.at[seal.xid_from, seal.month] = seal

    def seal_of(self, line: Line) -> AuditSeal | None:
        place = bisect_right(self.starts, line.xid)
        return self.at.get((self.starts[place - 1], line.month)) if place else None

    def after(self, line: Line) -> int:
        """The number of a seal of the batch that the line lies in, for a line that no seal covers."""
        place = bisect_right(self.starts, line.xid)
        start = self.starts[max(place - 1, 0)] if self.starts else 0
        numbers = [seal.number for (begins, _), seal in self.at.items() if begins == start]
        return min(numbers, default=1)


def verify(
    seals: Sequence[AuditSeal], lines: Iterable[Line], *, today: date, known: dict[int, bytes] | None = None
) -> Verdict:
    """Check the chain, then each batch's lines; `known` are hashes kept elsewhere, by number."""
    verdict = Verdict(seals=len(seals))
    segments = _chain(seals, known or {}, verdict)
    found: dict[int, Batch] = defaultdict(Batch)
    for line in lines:
        _place(line, segments, found, verdict)
    for seal in seals:
        _compare(seal, found.get(seal.number), today, verdict)
    return verdict


def _chain(seals: Sequence[AuditSeal], known: dict[int, bytes], verdict: Verdict) -> list[Segment]:
    segments, before = [Segment(None)], GENESIS
    for number, seal in enumerate(seals, start=1):
        if seal.number != number:
            verdict.break_at(number, f"Seal {number} is missing.")
        elif bytes(seal.previous) != before or link(seal) != bytes(seal.hash):
            verdict.break_at(number, f"Seal {number} was changed, or does not follow the seal before it.")
        elif known.get(number, bytes(seal.hash)) != bytes(seal.hash):
            verdict.break_at(number, f"Seal {number} is not the one that was published.")
        elif seal.month is None and seal.xid_from == 0 and number > 1:
            segments.append(Segment(seal.sealed_at))
        elif seal.xid_from not in {segments[-1].until, *segments[-1].starts[-1:]}:
            verdict.break_at(
                number, f"Between seal {number - 1} and seal {number} transactions are left out."
            )
        segments[-1].add(seal)
        before = bytes(seal.hash)
    if max(known, default=0) > len(seals):
        verdict.break_at(len(seals) + 1, f"Seal {len(seals) + 1} was published, and is missing.")
    if seals:
        verdict.head, verdict.sealed_until = bytes(seals[-1].hash).hex(), seals[-1].sealed_at
        verdict.epochs = seals[-1].epoch
    return segments


def _place(line: Line, segments: list[Segment], found: dict[int, Batch], verdict: Verdict) -> None:
    segment = segments[0]
    for later in segments[1:]:
        if later.begins is not None and line.at >= later.begins:
            segment = later
    if line.xid >= segment.until and segment is segments[-1]:
        verdict.unsealed += 1
        return
    seal = segment.seal_of(line)
    if seal is None:
        number = segment.after(line)
        verdict.break_at(number, f"Batch {number}: line {line.id} is there, and no seal covers it.")
        return
    found[seal.number].add(line)


def _compare(seal: AuditSeal, batch: Batch | None, today: date, verdict: Verdict) -> None:
    if seal.month is None:
        return
    if batch is None and seal.rows and is_past_keeping(seal.month, today):
        verdict.expired += 1
        return
    rows, digest = (batch.rows, batch.rows_hash) if batch else (0, NO_ROWS)
    verdict.lines += rows
    if rows != seal.rows:
        verdict.break_at(
            seal.number,
            f"Batch {seal.number} ({seal.month:%Y-%m}) held {seal.rows} lines and now holds {rows}.",
        )
    elif digest != bytes(seal.rows_hash):
        verdict.break_at(seal.number, f"Batch {seal.number} ({seal.month:%Y-%m}): a line was changed.")


def is_past_keeping(month: date, today: date) -> bool:
    """Whether every line of the month is older than twelve months."""
    months = (today.year - month.year) * 12 + today.month - month.month
    return months > MONTHS_KEPT
