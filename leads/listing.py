"""A page of the list of leads, in an order that an index has: only its own rows are read and opened.

Pages are named by the lead that they come after or before, not by a number: the thousandth page costs what
the first one does, and a lead that arrives meanwhile moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Q

from leads.filtering import Filter
from leads.models import Lead

PAGE = 50
COUNTED = 2_000
SHOWN = ("pk", "profile", "standing", "created_at", "updated_at")


class Order(StrEnum):
    """By creation the ids themselves are the order; by change there is an index of its own."""

    NEWEST = ""
    OLDEST = "created"
    CHANGED_LAST = "-changed"
    CHANGED_FIRST = "changed"

    @classmethod
    def of(cls, said: str | None) -> Order:
        return cls(said) if said in set(cls) else cls.NEWEST

    @property
    def is_up(self) -> bool:
        return self in {Order.OLDEST, Order.CHANGED_FIRST}

    @property
    def by_change(self) -> bool:
        return self in {Order.CHANGED_FIRST, Order.CHANGED_LAST}


@dataclass(frozen=True, slots=True)
class LeadPage:
    """Some leads in their order, and the leads from which the pages beside it begin."""

    leads: list[Lead]
    total: int  # at most one more than COUNTED: to count a hundred thousand rows takes longer than all else
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
    """The page that `after` or `before` names, in the order that `sort` names."""
    order = Order.of(said.get("sort"))
    leads = chosen.leads()
    total = leads.order_by().values("pk")[: COUNTED + 1].count()
    after, before = _place(said.get("after")), _place(said.get("before"))
    backwards = before is not None
    up = order.is_up != backwards
    if place := after or before:
        leads = leads.filter(_beyond(place, order, up=up))
    names = ("updated_at", "pk") if order.by_change else ("pk",)
    ordered = leads.order_by(*names) if up else leads.order_by(*(f"-{name}" for name in names))
    rows = list(ordered.only(*SHOWN)[: PAGE + 1])
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


def _beyond(place: UUID, order: Order, *, up: bool) -> Q:
    """The leads on the far side of that lead; all of them when the order needs one that is gone."""
    side = "gt" if up else "lt"
    if not order.by_change:
        return Q(**{f"pk__{side}": place})
    at = Lead.objects.filter(pk=place).values_list("updated_at", flat=True).first()
    if at is None:
        return Q()
    tie = Q(updated_at=at, **{f"pk__{side}": place})
    # The first part is what the index begins with; the second settles rows of the same moment.
    return Q(**{f"updated_at__{side}e": at}) & (Q(**{f"updated_at__{side}": at}) | tie)


def _place(said: str | None) -> UUID | None:
    try:
        return UUID(said or "")
    except ValueError:
        return None
