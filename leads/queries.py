"""What the pages about leads read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q

from keychain.index import blind_index
from leads.actions.enriching import waiting_answers
from leads.actions.enrichment import Proposal, proposals
from leads.actions.filters import MOST_SAVED
from leads.models import Bulk, Enrichment, EnrichmentOptIn, Import, Label, Lead, SavedFilter, Suppression
from paitho.lib.text import NotAnAddress

PAGE = 50
IMPORTS_PAGE = 25
ANSWERS_PAGE = 25


def import_page(number: str | None) -> Page[Any]:
    """Imports, the newest first."""
    jobs = Import.objects.defer("sheet", "mapping").order_by("-created_at")
    return Paginator(jobs, IMPORTS_PAGE).get_page(number)


def filter_choices() -> tuple[list[Label], list[Import]]:
    """What the list can be narrowed to: labels, and the last imports."""
    return list(Label.objects.all()[:200]), list(
        Import.objects.only("pk", "file_name", "created_at").order_by("-created_at")[:20]
    )


def saved_filters() -> list[SavedFilter]:
    """The team's filters, opened, by name."""
    rows = list(SavedFilter.objects.order_by("-created_at")[:MOST_SAVED])
    SavedFilter._meta.get_field("name").open_rows(rows)
    SavedFilter._meta.get_field("choice").open_rows(rows)
    return sorted(rows, key=lambda row: row.name.casefold())


def labels_with_counts() -> list[Label]:
    """Tags and lists, each with `carried`: how many leads carry it."""
    return list(Label.objects.annotate(carried=Count("leads")))


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
    rows = EnrichmentOptIn.objects.select_related("credential").annotate(people=Count("listings"))
    return list(rows.order_by("credential__kind"))


def answers_page(job: Bulk, number: str | None) -> tuple[Page[Any], list[tuple[Enrichment, list[Proposal]]]]:
    """Answers of a job that nobody has taken over, each with what it would change."""
    page = Paginator(waiting_answers(job), ANSWERS_PAGE).get_page(number)
    rows = list(page.object_list)
    Enrichment._meta.get_field("fields").open_rows(rows)
    Lead._meta.get_field("profile").open_rows([row.lead for row in rows])
    return page, [(row, proposals(row.lead, row)) for row in rows]
