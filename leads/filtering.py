"""Which leads a list shows: what stands in the address bar, as one value that can be kept and asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from uuid import UUID

from django.db.models import QuerySet

from keychain.index import blind_index
from leads.indexing import search
from leads.models import Lead, Standing


@dataclass(frozen=True, slots=True)
class Filter:
    """Words to search for, and what a lead must be; empty means any."""

    q: str = ""
    standing: str = ""
    source: str = ""
    label: str = ""

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Filter:
        """What the address says; a value that names nothing is left out."""
        return cls(
            q=" ".join(said.get("q", "").replace("\0", " ").split())[:200],
            standing=said.get("standing", "") if said.get("standing") in Standing.values else "",
            source=read_uuid(said.get("source", "")),
            label=read_uuid(said.get("label", "")),
        )

    def leads(self) -> QuerySet[Lead]:
        leads = Lead.objects.all()
        if self.q:
            leads = leads.filter(search(self.q, blind_index()))
        if self.standing:
            leads = leads.filter(standing=self.standing)
        if self.source:
            leads = leads.filter(source=UUID(self.source))
        if self.label:
            leads = leads.filter(labels=UUID(self.label))
        return leads

    def to_dict(self) -> dict[str, str]:
        """What was said, without what was not."""
        return {name: value for name, value in asdict(self).items() if value}


def read_uuid(text: str) -> str:
    """The id in its one spelling; empty for what is none."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""
