"""Which leads a list shows: what stands in the address bar, as one value that can be kept and asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from keychain.index import blind_index
from leads.indexing import search
from leads.models import Lead, Standing
from paitho.lib.ids import first_at


class Touched(models.TextChoices):
    """What has happened to a lead; answered by the rows above this floor that point at it."""

    NEVER = "never", "Never written to"
    WRITTEN = "written", "Written to"
    REPLIED = "replied", "Replied"
    FREE = "free", "In no campaign"


@dataclass(frozen=True, slots=True)
class Filter:
    """Words to search for, and what a lead must be; empty means any."""

    q: str = ""
    standing: str = ""
    touched: str = ""
    source: str = ""
    label: str = ""
    since: str = ""  # days, by when the lead was made
    until: str = ""

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Filter:
        """What the address says; a value that names nothing is left out."""
        return cls(
            q=" ".join(said.get("q", "").replace("\0", " ").split())[:200],
            standing=said.get("standing", "") if said.get("standing") in Standing.values else "",
            touched=said.get("touched", "") if said.get("touched") in Touched.values else "",
            source=read_uuid(said.get("source", "")),
            label=read_uuid(said.get("label", "")),
            since=read_day(said.get("since", "")),
            until=read_day(said.get("until", "")),
        )

    def leads(self) -> QuerySet[Lead]:
        leads = Lead.objects.all()
        if self.q:
            leads = leads.filter(search(self.q, blind_index()))
        if self.standing:
            leads = leads.filter(standing=self.standing)
        if self.touched:
            leads = _touched(leads, Touched(self.touched))
        if self.source:
            leads = leads.filter(source=UUID(self.source))
        if self.label:
            leads = leads.filter(labels=UUID(self.label))
        if self.since:
            leads = leads.filter(pk__gte=first_at(_begin(self.since)))
        if self.until:
            leads = leads.filter(pk__lt=first_at(_begin(self.until) + timedelta(days=1)))
        return leads

    def to_dict(self) -> dict[str, str]:
        """What was said, without what was not."""
        return {name: value for name, value in asdict(self).items() if value}


def _touched(leads: QuerySet[Lead], touched: Touched) -> QuerySet[Lead]:
    if touched is Touched.FREE:
        return leads.exclude(_related("enrollments"))
    if touched is Touched.NEVER:
        return leads.exclude(_related("threads", messages__direction="out"))
    return leads.filter(
        _related("threads", messages__direction="in" if touched is Touched.REPLIED else "out")
    )


def _related(name: str, **which: str) -> Exists:
    """That a row of the relation points at the lead; this floor knows the relation and not its module."""
    related = Lead._meta.get_field(name).related_model
    # Typed loosely: the model is known at run time only.
    return Exists(related._base_manager.filter(lead=OuterRef("pk"), **which))  # type: ignore[union-attr]


def read_uuid(text: str) -> str:
    """The id in its one spelling; empty for what is none."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def read_day(text: str) -> str:
    """The day as `2026-11-26`; empty for what is none."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _begin(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), timezone.get_current_timezone())
