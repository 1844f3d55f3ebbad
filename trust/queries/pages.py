"""What the home page, the changelog and the pages of statements read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from tenants.directory import by_slug, origin_of
from tenants.errors import UnknownWorkspace
from trust.models import Entry, Researcher, Standing, SubProcessor
from trust.models.stated import today

DEMO_SLUG = "acme"


def demo_origin() -> str:
    """Where the embedded default's demo workspace answers, or nothing where there is none."""
    if not settings.EMBEDDED:
        return ""
    try:
        return origin_of(by_slug(DEMO_SLUG))
    except UnknownWorkspace:
        return ""


@dataclass(frozen=True, slots=True)
class Vendors:
    """Sub-processors by where they are on their way: in use, announced, ending, and no longer used."""

    ours: list[SubProcessor]
    yours: list[SubProcessor]
    coming: list[SubProcessor]
    ending: list[SubProcessor]
    former: list[SubProcessor]


def vendors() -> Vendors:
    day = today()
    rows = list(SubProcessor.objects.select_related("posted_in", "end_posted_in"))
    used = [row for row in rows if row.is_in_use(day)]
    return Vendors(
        ours=[row for row in used if not row.is_yours],
        yours=[row for row in used if row.is_yours],
        coming=[row for row in rows if row.effective_on > day and row.ends_on != row.effective_on],
        ending=[row for row in used if row.ends_on],
        former=[row for row in rows if row.ends_on and row.ends_on <= day],
    )


@dataclass(frozen=True, slots=True)
class Stand:
    """A standing, and whether the day that it aimed at has passed."""

    row: Standing
    is_late: bool


def standings() -> list[Stand]:
    day = today()
    return [Stand(row, _is_late(row, day)) for row in Standing.objects.all()]


def _is_late(row: Standing, day: date) -> bool:
    return bool(row.target_ends_on and row.target_ends_on < day and row.state != Standing.State.ATTESTED)


def entries(kind: str = "") -> QuerySet[Entry]:
    """Published entries, newest first, with the researchers whom they credit."""
    found = Entry.objects.filter(published_at__isnull=False).prefetch_related(
        Prefetch("credits", queryset=hall_of_fame())
    )
    return found.filter(kind=kind) if kind else found


def hall_of_fame() -> QuerySet[Researcher]:
    """Those who agreed to be named."""
    return Researcher.objects.filter(consented_at__isnull=False)
