"""Sources that are read as a whole: kept sealed, row by row, and looked into without asking anyone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain.crypto.blind import BlindIndex
from keychain.index import blind_index
from leads.actions.opt_ins import opt_out
from leads.csvfile import describe
from leads.enrichment.directory_csv import name_of, named, people_of
from leads.enrichment.edge import Fields, Question, digits
from leads.models import EnrichmentOptIn, Listing, Source
from leads.sheet import CsvRefused
from leads.vocabulary import Target

MOST_BYTES = 20 * 1024 * 1024
BATCH = 1000
CANDIDATES = 50


@transaction.atomic
def opt_in_file(file: BinaryIO, name: str, size: int, *, by: Actor) -> EnrichmentOptIn:
    """Allow a directory of the team's own to be looked into; it takes the place of the one before.

    Raises `CsvRefused`, and then the one before stays.
    """
    if size > MOST_BYTES:
        raise CsvRefused("The file is larger than 20 MB. Leave out the columns that you do not need.")
    sheet = describe(file)
    opt_out(Source.FILE, by=by)
    row = EnrichmentOptIn(file_name=name[:200], fetched_at=timezone.now(), opted_in_by=by.id)
    row.save(force_insert=True)
    file.seek(0)
    count = keep_people(row, people_of(file, sheet))
    record(Event.ENRICHMENT_CHANGED, by=by, about=row, provider=Source.FILE.value, is_on=True, people=count)
    return row


def keep_people(row: EnrichmentOptIn, people: Iterable[Fields]) -> int:
    """Seal and keep them; returns how many. Who is listed again takes the place of what was there."""
    blind, count, more = blind_index(), 0, iter(people)
    while some := list(islice(more, BATCH)):
        new = [_listing(row, person, blind) for person in some]
        emails = [each.email_index for each in new if each.email_index]
        others = [each.other_index for each in new if each.other_index and not each.email_index]
        again = Q(email_index__in=emails) | Q(email_index=None, other_index__in=others)
        row.listings.filter(again, at__lt=row.fetched_at or timezone.now()).delete()
        Listing.objects.bulk_create(new)
        count += len(new)
    return count


def _listing(row: EnrichmentOptIn, person: Fields, blind: BlindIndex) -> Listing:
    email, other = person.get(Target.EMAIL), _other(row.source, person)
    return Listing(
        opt_in=row,
        email_index=blind.email(email) if email else None,
        other_index=blind.value(row.source.value, other) if other else None,
        fields={target.value: value for target, value in person.items()},
    )


def _other(source: Source, person: Fields) -> str:
    """What else a person is found by there."""
    return digits(person.get(Target.PHONE, "")) if source is Source.INDIAMART else name_of(person)


def candidates(row: EnrichmentOptIn, question: Question) -> Iterator[Fields]:
    """Those listed who may be the person, the last listed first."""
    blind = blind_index()
    by_phone = row.source is Source.INDIAMART
    other = digits(question.phone) if by_phone else named(question.name, question.company)
    wanted = Q(email_index=blind.email(question.email)) if question.email else Q(pk=None)
    if other:
        wanted |= Q(other_index=blind.value(row.source.value, other))
    for listing in row.listings.filter(wanted).order_by("-pk" if by_phone else "pk")[:CANDIDATES]:
        yield {Target(name): str(value) for name, value in listing.fields.items()}
