"""Filters that the team keeps, and the names of tags and lists."""

from __future__ import annotations

from django.db import transaction

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from leads.errors import LeadsError
from leads.filtering import Filter
from leads.listing import Order
from leads.models import Label, SavedFilter
from paitho.lib.text import tidy

MOST_SAVED = 50
NAME_LENGTH = 60


@transaction.atomic
def save_filter(name: str, chosen: Filter, order: Order, *, by: Actor) -> SavedFilter:
    """Keep the filter under a name; the same name again replaces it. Raises `LeadsError`."""
    said = tidy(name, NAME_LENGTH)
    if not said:
        raise LeadsError("Give the filter a name.")
    if not chosen.to_dict():
        raise LeadsError("Nothing is filtered, so there is nothing to keep.")
    rows = list(SavedFilter.objects.all())
    row = next((each for each in rows if each.name.casefold() == said.casefold()), None)
    if row is None and len(rows) >= MOST_SAVED:
        raise LeadsError(f"At most {MOST_SAVED} filters are kept. Delete one that nobody uses.")
    row = row or SavedFilter(made_by=by.id)
    row.name = said
    row.choice = kept_as(chosen, order)
    row.save()
    return row


def kept_as(chosen: Filter, order: Order) -> dict[str, str]:
    """What of an address is kept under a name."""
    return chosen.to_dict() | ({"sort": order.value} if order.value else {})


@transaction.atomic
def forget_filter(row: SavedFilter) -> None:
    """Delete a kept filter; the leads that it finds stay as they are."""
    row.delete()


@transaction.atomic
def rename_label(label: Label, name: str, *, by: Actor) -> None:
    """Raises `LeadsError` for a name that is empty or taken."""
    said = tidy(name, NAME_LENGTH)
    if not said:
        raise LeadsError(f"Give the {label.get_kind_display().lower()} a name.")
    if Label.objects.filter(kind=label.kind, name=said).exclude(pk=label.pk).exists():
        raise LeadsError(f"There is a {label.get_kind_display().lower()} of that name already.")
    label.name = said
    label.save(update_fields=["name"])
    record(Event.LEADS_CHANGED, by=by, about=label, action="label renamed")


@transaction.atomic
def delete_label(label: Label, *, by: Actor) -> None:
    """Take the tag or list off every lead and forget it; no lead goes with it."""
    record(Event.LEADS_CHANGED, by=by, about=label, action="label deleted", leads=label.leads.count())
    label.delete()
