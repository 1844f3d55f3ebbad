"""Each fact of a lead with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.dateparse import parse_datetime

from accounts.models import Member
from leads.mapping import spoken
from leads.models import Import, Lead, Source
from leads.vocabulary import Target

UNKNOWN = "unknown: its import was deleted"


@dataclass(frozen=True, slots=True)
class Fact:
    """A value, and the sentence that says who brought it."""

    label: str
    value: str
    origin: str
    at: datetime
    is_custom: bool = False
    url_of_import: UUID | None = None


def facts_of(lead: Lead) -> list[Fact]:
    """Every fact in the order of the vocabulary, custom ones last."""
    said = dict(lead.profile)
    custom = said.pop("custom", {})
    names = _names(lead)
    facts = [
        _fact(lead, target.value, spoken(target).capitalize(), str(said[target.value]), names)
        for target in Target
        if target.value in said
    ]
    more = (_fact(lead, f"custom.{name}", name, str(value), names) for name, value in custom.items())
    return facts + list(more)


def _names(lead: Lead) -> dict[str, str]:
    """What the ids in the origins are called."""
    origins = (lead.origins or {}).values()
    by_import = {each["from"] for each in origins if each["by"] == "import"}
    by_member = {each["from"] for each in origins if each["by"] == "member"}
    imports = Import.objects.filter(pk__in=by_import).only("pk", "file_name")
    members = Member.objects.filter(pk__in=[pk for pk in by_member if pk != "None"])
    return {str(each.pk): each.file_name for each in imports} | {str(each.pk): str(each) for each in members}


def _fact(lead: Lead, field: str, label: str, value: str, names: dict[str, str]) -> Fact:
    origin = (lead.origins or {}).get(field)
    is_custom = field.startswith("custom.")
    if origin is None:
        source = lead.source
        words = f"{source.file_name}, row {lead.source_row}" if source else UNKNOWN
        return Fact(label, value, words, lead.created_at, is_custom, lead.source_id)
    at = parse_datetime(origin["at"]) or lead.updated_at
    name = names.get(origin["from"], "")
    if origin["by"] == "import":
        url = UUID(origin["from"]) if name else None
        return Fact(label, value, f"{name}, row {origin['row']}" if name else UNKNOWN, at, is_custom, url)
    if origin["by"] == "enrichment":
        return Fact(label, value, f"asked of {Source(origin['from']).label}", at, is_custom)
    return Fact(label, value, f"by hand, {name or 'a former member'}", at, is_custom)
