"""Loads one batch of a file's rows: each becomes a lead, an update, or a reject with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from keychain.index import blind_index
from leads.candidates import Candidate, Maker, Unusable
from leads.indexing import Indexes, indexes
from leads.mapping import Mapping
from leads.models import Import, ImportChange, ImportReject, ImportTrial, Lead, Reason
from leads.profile import Policy, Profile, merge
from leads.seen import Seen
from leads.sheet import BadRow, Batch, Row, Sheet
from tenants.backend.arrays import Packed, bytea_array, int_array, text_array, uuid_array
from tenants.backend.cursor import binary_cursor

# COPY does not work under row security; one INSERT of unnested arrays is the bulk load that does.
INSERT = """
    INSERT INTO leads
        (id, profile, email_index, domain_index, words, source_row, standing, source_id, created_at,
         updated_at)
    SELECT id, profile, email, domain, words::bigint[], row, 'open', %s, %s, %s
    FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[], %s::text[], %s::integer[])
        AS new (id, profile, email, domain, words, row)
    ON CONFLICT (email_index) DO NOTHING
"""
TAKEN = "SELECT id FROM leads WHERE id = ANY (%s::uuid[])"
FORBIDDEN = """
    SELECT index, covers_domain, reason FROM suppressions
    WHERE (NOT covers_domain AND index = ANY (%s::bytea[])) OR (covers_domain AND index = ANY (%s::bytea[]))
"""
HERE = "SELECT id FROM leads WHERE email_index = ANY (%s::bytea[])"
ERASED = "This person asked to be erased: what the row says of them is not kept."
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
class Change:
    """A lead, the row that changes it, and what it becomes."""

    lead: Lead
    found: Candidate
    merged: Profile
    fields: frozenset[str]


@dataclass
class Loader:
    """Loads the batches of one import; with `dry` it counts, writes no lead, and notes there whom it met."""

    job: Import
    sheet: Sheet
    mapping: Mapping
    policy: Policy
    dry: Seen | None = None
    counts: Counts = field(default_factory=Counts)
    rejects: list[ImportReject] = field(default_factory=list)
    found: list[Candidate] = field(default_factory=list)  # of a dry run: the leads it would make

    def __post_init__(self) -> None:
        self._blind = blind_index()
        seal = None if self.dry else Lead._meta.get_field("profile").sealer_of_many()
        self.prepare = Maker(self.mapping, [column.name for column in self.sheet.columns], self._blind, seal)
        self._of_this_file: set[UUID] = set()

    def load(self, batch: Batch, ready: list[Candidate | Unusable]) -> None:
        """Take a batch in; the caller's transaction holds it together with the checkpoint."""
        self.rejects = []
        self.found = []
        self.counts.blank += batch.blank
        self.counts.rows += len(batch.rows)
        found = self._without_suppressed(self._usable(ready))
        if self.dry:
            self._try(found, self.dry)
            return
        self._change(self._meet(self._insert(found)))
        ImportReject.objects.bulk_create(self.rejects)

    def _try(self, found: list[Candidate], seen: Seen) -> None:
        found = self._without_seen(found, seen)
        existing = self._existing(found)
        new = [each for each in found if each.email not in existing]
        changes = self._meet([each for each in found if each.email in existing], existing)
        self.counts.imported += len(new)
        self.found = new
        seen.note([each.email for each in [*new, *(change.found for change in changes)]])

    def _usable(self, ready: list[Candidate | Unusable]) -> list[Candidate]:
        found: dict[bytes, Candidate] = {}
        for each in ready:
            if isinstance(each, Unusable):
                self._reject(each.row, each.reason)
            elif first := found.get(each.email):
                self._duplicate(each, f"Row {first.row.number} has the same address.")
            else:
                found[each.email] = each
        return list(found.values())

    def _without_suppressed(self, found: list[Candidate]) -> list[Candidate]:
        addresses, domains = _suppressed(found)
        if not addresses and not domains:
            return found
        kept = []
        for each in found:
            reason = addresses.get(each.email) or domains.get(each.domain)
            if reason is None:
                kept.append(each)
                continue
            self.counts.suppressed += 1
            if reason == Reason.ERASURE:
                self._note(Row(each.row.number, [""] * len(each.row.cells)), ERASED, each.email)
            else:
                self._note(each.row, SUPPRESSED, each.email)
        return kept

    def _without_seen(self, found: list[Candidate], seen: Seen) -> list[Candidate]:
        """A dry run makes no lead that a later row could meet, so it remembers whom it would have made."""
        again = seen.among([each.email for each in found])
        for each in found:
            if each.email in again:
                self._duplicate(each, AGAIN)
        return [each for each in found if each.email not in again]

    def _existing(self, found: list[Candidate]) -> dict[bytes, Lead]:
        """The leads that are here already, by index; those that this file brought or changed are marked."""
        with binary_cursor() as cursor:
            cursor.execute(HERE, [bytea_array([each.email for each in found])])
            here = [uid for (uid,) in cursor.fetchall()]
        if not here:
            return {}
        columns = ["id", "email_index", "source_id"]
        if self.policy is not Policy.SKIP:
            columns += ["profile", "origins"]
        leads = list(Lead.objects.filter(pk__in=here).only(*columns))
        ours = {lead.pk for lead in leads if lead.source_id == self.job.pk}
        changed = ImportChange.objects.filter(job=self.job, lead__in=here)
        self._of_this_file = ours | set(changed.values_list("lead_id", flat=True))
        return {bytes(lead.email_index): lead for lead in leads}

    def _meet(self, found: list[Candidate], existing: dict[bytes, Lead] | None = None) -> list[Change]:
        """Addresses that are here already: the policy decides what their rows may change."""
        if not found:
            return []
        leads = self._existing(found) if existing is None else existing
        changes = [self._change_of(each, leads.get(each.email)) for each in found]
        return [change for change in changes if change]

    def _change_of(self, found: Candidate, lead: Lead | None) -> Change | None:
        if lead is None or self.policy is Policy.SKIP or lead.pk in self._of_this_file:
            self._duplicate(found, AGAIN if lead and lead.pk in self._of_this_file else KNOWN)
            return None
        merged, changed = merge(Profile.from_dict(lead.profile), found.profile, self.policy)
        if not changed:
            self._duplicate(found, NOTHING_NEW)
            return None
        self.counts.updated += 1
        return Change(lead, found, merged, changed)

    def _duplicate(self, found: Candidate, reason: str) -> None:
        self.counts.duplicates += 1
        self._note(found.row, reason, found.email)

    def _insert(self, found: list[Candidate]) -> list[Candidate]:
        """Store those whose address is new; the others come back."""
        if not found:
            return []
        now, columns = timezone.now(), packed_columns(found)
        with binary_cursor() as cursor:
            cursor.execute(INSERT, [self.job.pk, now, now, *columns])
            self.counts.imported += cursor.rowcount
            if cursor.rowcount == len(found):
                return []
            cursor.execute(TAKEN, [columns[0]])
            taken = {uid for (uid,) in cursor.fetchall()}
        return [each for each in found if each.id not in taken]

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


def packed_columns(new: list[Candidate]) -> list[Packed]:
    """The columns that INSERT unnests."""
    emails, domains = _columns(new)
    return [
        uuid_array([each.id for each in new]),
        bytea_array([each.sealed for each in new]),
        bytea_array(emails),
        bytea_array(domains),
        text_array([each.words for each in new]),
        int_array([each.row.number for each in new]),
    ]


def _columns(new: list[Candidate]) -> tuple[list[bytes], list[bytes]]:
    return [each.email for each in new], [each.domain for each in new]


def _suppressed(found: list[Candidate]) -> tuple[dict[bytes, str], dict[bytes, str]]:
    """The indexes among these that nobody may write to, with the reason: of addresses, and of domains."""
    emails, domains = _columns(found)
    with binary_cursor() as cursor:
        cursor.execute(FORBIDDEN, [bytea_array(emails), bytea_array(list(set(domains)))])
        rows = cursor.fetchall()
    by_address = {bytes(index): reason for index, covers_domain, reason in rows if not covers_domain}
    return by_address, {bytes(index): reason for index, covers_domain, reason in rows if covers_domain}


def progress_of(job: Import | ImportTrial, counts: Counts, place: tuple[int, int]) -> None:
    """Add a batch's counts and the checkpoint to the row of the import, or of its trial."""
    job.rows += counts.rows
    job.imported += counts.imported
    job.updated += counts.updated
    job.duplicates += counts.duplicates
    job.suppressed += counts.suppressed
    job.rejected += counts.rejected
    job.blank += counts.blank
    job.place = list(place)
