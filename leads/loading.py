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
from leads.models import Import, ImportChange, ImportReject, Lead, Suppression
from leads.profile import Policy, Profile, Reading, merge, reader
from leads.sheet import BadRow, Batch, Row, Sheet
from paitho.lib.ids import uuid7

# COPY does not work under row security; one INSERT of unnested arrays is the bulk load that does.
INSERT = """
    INSERT INTO leads
        (id, profile, email_index, domain_index, words, source_row, standing, source_id, created_at,
         updated_at)
    SELECT id, profile, email, domain, words::bigint[], row, 'open', %s, %s, %s
    FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[], %s::text[], %s::integer[])
        AS new (id, profile, email, domain, words, row)
    ON CONFLICT (email_index) DO NOTHING
    RETURNING id
"""
SUPPRESSED = "This address is suppressed: nobody here may write to it."
KNOWN = "A lead with this address is already here."
NOTHING_NEW = "A lead with this address is already here, and the row adds nothing to it."
AGAIN = "An earlier row of this file has the same address."


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


@dataclass(slots=True)
class Change:
    """A lead, the row that changes it, and what it becomes."""

    lead: Lead
    found: Found
    merged: Profile
    fields: frozenset[str]


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
    found: list[Profile] = field(default_factory=list)  # of a dry run: the leads it would make

    def __post_init__(self) -> None:
        self._read: Callable[[Row], Reading] = reader(self.mapping, [c.name for c in self.sheet.columns])
        self._blind = blind_index()
        self._seen: dict[str, int] = {}  # of a dry run, which writes nothing that could be found again
        self._of_this_file: set[UUID] = set()
        self._seal = Lead._meta.get_field("profile").sealer()

    def load(self, batch: Batch) -> None:
        """Take a batch in; the caller's transaction holds it together with the checkpoint."""
        self.rejects = []
        self.found = []
        self.counts.blank += batch.blank
        self.counts.rows += len(batch.rows)
        found = self._without_suppressed(self._readable(batch))
        existing = self._existing(found)
        new = [each for each in found if each.indexes.email not in existing]
        met = [self._meet(each, lead) for each in found if (lead := existing.get(each.indexes.email))]
        changes = [change for change in met if change]
        if self.dry:
            self.counts.imported += len(new)
            self.found = [each.profile for each in new]
            return
        self._insert(new)
        self._change(changes)
        ImportReject.objects.bulk_create(self.rejects)

    def _readable(self, batch: Batch) -> list[Found]:
        found: dict[str, Found] = {}
        seen = self._seen if self.dry else {}
        for row in batch.rows:
            if isinstance(row, BadRow):
                self._reject(row, row.reason)
                continue
            try:
                profile = self._read(row).profile
            except BadAddress as error:
                self._reject(row, str(error))
                continue
            if first := seen.get(profile.email):
                self.counts.duplicates += 1
                index = self._blind.email(profile.email)
                self._note(row, f"Row {first} has the same address.", index)
                continue
            seen[profile.email] = row.number
            found[profile.email] = Found(row, profile, indexes(profile, self._blind))
        return list(found.values())

    def _without_suppressed(self, found: list[Found]) -> list[Found]:
        addresses, domains = _suppressed(found)
        kept = []
        for each in found:
            if each.indexes.email in addresses or each.indexes.domain in domains:
                self.counts.suppressed += 1
                self._note(each.row, SUPPRESSED, each.indexes.email)
            else:
                kept.append(each)
        return kept

    def _existing(self, found: list[Found]) -> dict[bytes, Lead]:
        """The leads that are here already, by index; those that this file brought or changed are marked."""
        columns = ["id", "email_index", "source_id"]
        if self.policy is not Policy.SKIP:
            columns += ["profile", "origins"]
        by_index = Lead.objects.filter(email_index__in=[each.indexes.email for each in found])
        leads = {bytes(lead.email_index): lead for lead in by_index.only(*columns)}
        ours = {lead.pk for lead in leads.values() if lead.source_id == self.job.pk}
        changed = ImportChange.objects.filter(job=self.job, lead__in=[lead.pk for lead in leads.values()])
        self._of_this_file = ours | set(changed.values_list("lead_id", flat=True))
        return leads

    def _meet(self, found: Found, lead: Lead) -> Change | None:
        """The address is here already: the policy decides what the row may change."""
        if lead.pk in self._of_this_file or self.policy is Policy.SKIP:
            self._duplicate(found, AGAIN if lead.pk in self._of_this_file else KNOWN)
            return None
        merged, changed = merge(Profile.from_dict(lead.profile), found.profile, self.policy)
        if not changed:
            self._duplicate(found, NOTHING_NEW)
            return None
        self.counts.updated += 1
        return Change(lead, found, merged, changed)

    def _duplicate(self, found: Found, reason: str) -> None:
        self.counts.duplicates += 1
        self._note(found.row, reason, found.indexes.email)

    def _insert(self, new: list[Found]) -> None:
        if not new:
            return
        now = timezone.now()
        ids = [uuid7() for _ in new]
        profiles = [self._seal(each.profile.to_dict(), uid) for uid, each in zip(ids, new, strict=True)]
        words = ["{" + ",".join(map(str, each.indexes.words)) + "}" for each in new]
        rows = [each.row.number for each in new]
        columns: list[Any] = [ids, profiles, *_columns(new), words, rows]
        with connections["default"].cursor() as cursor:
            cursor.execute(INSERT, [self.job.pk, now, now, *columns])
            taken = {uid for (uid,) in cursor.fetchall()}
        self.counts.imported += len(taken)
        for uid, each in zip(ids, new, strict=True):
            if uid not in taken:  # someone else brought the address between our look and our write
                self._duplicate(each, KNOWN)

    def _change(self, changes: list[Change]) -> None:
        """Write the merged profiles, and what they were, so that the import can be undone."""
        now = timezone.now()
        before = [
            ImportChange(
                job=self.job,
                lead=each.lead,
                before={"profile": each.lead.profile, "origins": each.lead.origins},
                changed_at=now,
            )
            for each in changes
        ]
        ImportChange.objects.bulk_create(before)
        for each in changes:
            come = {"by": "import", "from": str(self.job.pk), "row": each.found.row.number, "at": str(now)}
            each.lead.origins = {**(each.lead.origins or {}), **dict.fromkeys(sorted(each.fields), come)}
            store(each.lead, each.merged, indexes(each.merged, self._blind), at=now)

    def _reject(self, row: Row | BadRow, reason: str) -> None:
        self.counts.rejected += 1
        self._note(row, reason)

    def _note(self, row: Row | BadRow, reason: str, email: bytes | None = None) -> None:
        cells: Any = row.cells if isinstance(row, Row) else row.raw
        reject = ImportReject(job=self.job, number=row.number, cells=cells, reason=reason[:300])
        reject.email_index = email
        self.rejects.append(reject)


def store(lead: Lead, profile: Profile, found: Indexes, *, at: datetime) -> None:
    """Write a changed profile with its origins and indexes."""
    lead.profile, lead.updated_at = profile.to_dict(), at
    lead.email_index, lead.domain_index, lead.words = found
    lead.save(update_fields=["profile", "origins", "email_index", "domain_index", "words", "updated_at"])


def _columns(new: list[Found]) -> tuple[list[bytes], list[bytes]]:
    return [each.indexes.email for each in new], [each.indexes.domain for each in new]


def _suppressed(found: list[Found]) -> tuple[set[bytes], set[bytes]]:
    emails, domains = _columns(found)
    by_address = Suppression.objects.filter(covers_domain=False, index__in=emails)
    by_domain = Suppression.objects.filter(covers_domain=True, index__in=set(domains))
    return (
        {bytes(index) for index in by_address.values_list("index", flat=True)},
        {bytes(index) for index in by_domain.values_list("index", flat=True)},
    )


def progress_of(job: Import, counts: Counts, place: tuple[int, int]) -> None:
    """Add a batch's counts and the checkpoint to the import's row."""
    job.rows += counts.rows
    job.imported += counts.imported
    job.updated += counts.updated
    job.duplicates += counts.duplicates
    job.suppressed += counts.suppressed
    job.rejected += counts.rejected
    job.blank += counts.blank
    job.place = list(place)
