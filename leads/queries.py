"""What the pages about leads read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Q

from keychain.index import blind_index
from leads.actions.imports import Preview
from leads.filtering import Filter
from leads.models import EnrichmentOptIn, Import, Label, Lead, Suppression
from paitho.lib.text import NotAnAddress

PAGE = 50
COUNTED = 10_000
IMPORTS_PAGE = 25
SAMPLE_LENGTH = 160


def import_page(number: str | None) -> Page[Any]:
    """Imports, the newest first."""
    jobs = Import.objects.defer("sheet", "mapping").order_by("-created_at")
    return Paginator(jobs, IMPORTS_PAGE).get_page(number)


def samples_of(preview: Preview) -> list[tuple[int, str, str]]:
    """(row, what it says, why it is not taken in) for the page before the import."""
    return [(each.number, _shown(each.cells), each.reason) for each in preview.refused]


def _shown(cells: object) -> str:
    said = " · ".join(cell for cell in cells if cell) if isinstance(cells, list) else str(cells)
    return said if len(said) <= SAMPLE_LENGTH else f"{said[:SAMPLE_LENGTH]}…"


@dataclass(frozen=True, slots=True)
class LeadPage:
    """Some leads in their order, and the leads from which the pages beside it begin."""

    leads: list[Lead]
    total: int  # at most one more than COUNTED: to count a hundred thousand rows takes longer than the page
    newer: UUID | None = None
    older: UUID | None = None

    @property
    def is_over(self) -> bool:
        """Whether there are more than were counted."""
        return self.total > COUNTED

    @property
    def counted(self) -> int:
        return min(self.total, COUNTED)


def lead_page(chosen: Filter, said: Mapping[str, str]) -> LeadPage:
    """The page that `after` or `before` names; ids are in the order of creation, so they are the place.

    Only the page's own rows are read and opened.
    """
    leads = chosen.leads()
    total = leads.order_by().values("pk")[: COUNTED + 1].count()
    is_up = said.get("sort") == "created"
    after, before = _place(said.get("after")), _place(said.get("before"))
    backwards = before is not None
    if place := after or before:
        leads = leads.filter(pk__gt=place) if is_up != backwards else leads.filter(pk__lt=place)
    order = "pk" if is_up != backwards else "-pk"
    rows = list(leads.order_by(order).only("pk", "profile", "standing", "created_at")[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if backwards:
        rows.reverse()
    Lead._meta.get_field("profile").open_rows(rows)
    has_newer, has_older = (more, True) if backwards else (after is not None, more)
    return LeadPage(
        rows,
        total,
        rows[0].pk if rows and has_newer else None,
        rows[-1].pk if rows and has_older else None,
    )


def _place(said: str | None) -> UUID | None:
    try:
        return UUID(said or "")
    except ValueError:
        return None


def filter_choices() -> tuple[list[Label], list[Import]]:
    """What the list can be narrowed to: labels, and the last imports."""
    return list(Label.objects.all()[:200]), list(
        Import.objects.only("pk", "file_name", "created_at").order_by("-created_at")[:20]
    )


def suppression_page(number: str | None) -> Page[Any]:
    """Suppressions, the newest first."""
    return Paginator(Suppression.objects.order_by("-at"), PAGE).get_page(number)


def suppressions_of(asked: str) -> list[Suppression]:
    """What forbids writing to an address, or to a domain."""
    blind = blind_index()
    try:
        by_domain = Q(index=blind.domain(asked), covers_domain=True)
        by_address = (
            Q(index=blind.email(asked), covers_domain=False) if "@" in asked.strip("@") else Q(pk=None)
        )
    except NotAnAddress:
        return []
    return list(Suppression.objects.filter(by_domain | by_address))


def known_leads(rows: list[Suppression]) -> dict[UUID, Lead]:
    """The lead whose address a suppression covers, where there is one: the suppression does not keep it."""
    wanted = {bytes(row.index): row.pk for row in rows if not row.covers_domain}
    leads = list(Lead.objects.filter(email_index__in=wanted).only("pk", "profile", "email_index"))
    Lead._meta.get_field("profile").open_rows(leads)
    return {wanted[bytes(lead.email_index)]: lead for lead in leads}


def opt_ins() -> list[EnrichmentOptIn]:
    """The providers that may be asked."""
    return list(EnrichmentOptIn.objects.select_related("credential").order_by("credential__kind"))
