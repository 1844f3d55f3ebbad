"""Loads one batch of a file's rows: each becomes a lead, an update, or a reject with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils import timezone

from keychain.index import blind_index
from leads.addresses import BadAddress
from leads.indexing import Indexes, indexes
from leads.mapping import Mapping
from leads.models import Import, ImportReject, Lead, Suppression
from leads.profile import Policy, Profile, Reading, merge, reader
from leads.sheet import BadRow, Batch, Row, Sheet
from paitho.lib.ids import uuid7

# COPY does not work under row security; one INSERT of unnested arrays is the bulk load that does.
INSERT = """
    INSERT INTO leads
        (id, profile, email_index, domain_index, words, standing, source_id, created_at, updated_at)
    SELECT id, profile, email, domain, words::bigint[], 'open', %s, %s, %s
    FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[], %s::text[])
        AS new (id, profile, email, domain, words)
    ON CONFLICT (email_index) DO NOTHING
"""
SUPPRESSED = "This address is suppressed: nobody here may write to it."
KNOWN = "A lead with this address is already here."


@dataclass(slots=True)
class Counts:
    """What became of the rows."""

    rows: int = 0
    imported: int = 0
    updated: int = 0
    duplicates: int = 0
    suppressed: int = 0
    rejected: int = 0
    blank: int = 0


@dataclass(slots=True)
class Found:
    """A row that can become a lead."""

    row: Row
    profile: Profile
    indexes: Indexes


@dataclass
class Loader:
    """Loads the batches of one import; `dry` counts and writes nothing."""

    job: Import
    sheet: Sheet
    mapping: Mapping
    policy: Policy
    dry: bool = False
    counts: Counts = field(default_factory=Counts)
    rejects: list[ImportReject] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._read: Callable[[Row], Reading] = reader(self.mapping, [c.name for c in self.sheet.columns])
        self._blind = blind_index()
        self._seal = Lead._meta.get_field("profile").sealer()

    def load(self, batch: Batch) -> None:
        """Take a batch in; the caller's transaction holds it together with the checkpoint."""
        self.rejects = []
        self.counts.blank += batch.blank
        self.counts.rows += len(batch.rows)
        found = self._without_suppressed(self._readable(batch))
        existing = _existing([each.indexes.email for each in found])
        new = [each for each in found if each.indexes.email not in existing]
        for each in found:
            if each.indexes.email in existing:
                self._meet(each, existing[each.indexes.email])
        self.counts.imported += len(new)
        if not self.dry:
            self._insert(new)
            ImportReject.objects.bulk_create(self.rejects)

    def _readable(self, batch: Batch) -> list[Found]:
        found: dict[str, Found] = {}
        for row in batch.rows:
            if isinstance(row, BadRow):
                self._reject(row, row.reason)
                continue
            try:
                profile = self._read(row).profile
            except BadAddress as error:
                self._reject(row, str(error))
                continue
            if profile.email in found:
                self.counts.duplicates += 1
                self._note(row, f"Row {found[profile.email].row.number} has the same address.")
                continue
            found[profile.email] = Found(row, profile, indexes(profile, self._blind))
        return list(found.values())

    def _without_suppressed(self, found: list[Found]) -> list[Found]:
        addresses, domains = _suppressed(found)
        kept = []
        for each in found:
            if each.indexes.email in addresses or each.indexes.domain in domains:
                self.counts.suppressed += 1
                self._note(each.row, SUPPRESSED)
            else:
                kept.append(each)
        return kept

    def _meet(self, found: Found, lead_id: UUID) -> None:
        """The address is here already: the policy decides what the row may change."""
        if self.policy is Policy.SKIP:
            self.counts.duplicates += 1
            self._note(found.row, KNOWN)
            return
        lead = Lead.objects.get(pk=lead_id)
        merged, changed = merge(Profile.from_dict(lead.profile), found.profile, self.policy)
        if not changed:
            self.counts.duplicates += 1
            return
        self.counts.updated += 1
        if not self.dry:
            store(lead, merged, indexes(merged, self._blind))

    def _insert(self, new: list[Found]) -> None:
        if not new:
            return
        now = timezone.now()
        ids = [uuid7() for _ in new]
        profiles = [self._seal(each.profile.to_dict(), uid) for uid, each in zip(ids, new, strict=True)]
        words = ["{" + ",".join(map(str, each.indexes.words)) + "}" for each in new]
        columns: list[Any] = [ids, profiles, *_columns(new), words]
        with connections["default"].cursor() as cursor:
            cursor.execute(INSERT, [self.job.pk, now, now, *columns])

    def _reject(self, row: Row | BadRow, reason: str) -> None:
        self.counts.rejected += 1
        self._note(row, reason)

    def _note(self, row: Row | BadRow, reason: str) -> None:
        cells: Any = row.cells if isinstance(row, Row) else row.raw
        self.rejects.append(ImportReject(job=self.job, number=row.number, cells=cells, reason=reason[:300]))


def store(lead: Lead, profile: Profile, found: Indexes) -> None:
    """Write a changed profile with its indexes."""
    lead.profile = profile.to_dict()
    lead.email_index, lead.domain_index, lead.words = found
    lead.save(update_fields=["profile", "email_index", "domain_index", "words", "updated_at"])


def _columns(new: list[Found]) -> tuple[list[bytes], list[bytes]]:
    return [each.indexes.email for each in new], [each.indexes.domain for each in new]


def _existing(emails: list[bytes]) -> dict[bytes, UUID]:
    found = Lead.objects.filter(email_index__in=emails).values_list("email_index", "id")
    return {bytes(email): uid for email, uid in found}


def _suppressed(found: list[Found]) -> tuple[set[bytes], set[bytes]]:
    emails, domains = _columns(found)
    by_address = Suppression.objects.filter(covers_domain=False, index__in=emails)
    by_domain = Suppression.objects.filter(covers_domain=True, index__in=set(domains))
    return (
        {bytes(index) for index in by_address.values_list("index", flat=True)},
        {bytes(index) for index in by_domain.values_list("index", flat=True)},
    )


def progress_of(job: Import, counts: Counts, place: tuple[int, int], *, at: datetime | None = None) -> None:
    """Add a batch's counts and the checkpoint to the import's row."""
    job.rows += counts.rows
    job.imported += counts.imported
    job.updated += counts.updated
    job.duplicates += counts.duplicates
    job.suppressed += counts.suppressed
    job.rejected += counts.rejected
    job.blank += counts.blank
    job.place = list(place)
    job.finished_at = at
