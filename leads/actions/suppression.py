"""Whom nobody here may write to: said once, lifted rarely."""

from __future__ import annotations

from datetime import datetime

from django.db import connections, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from audit.actions import record
from audit.actors import SYSTEM, Actor
from audit.events import Event
from keychain.index import blind_index
from leads.errors import LeadsError
from leads.models import Lead, Reason, Standing, Suppression
from paitho.lib.text import normalise_domain

STANDINGS = {Reason.BOUNCE: Standing.BOUNCED, Reason.BY_HAND: Standing.SUPPRESSED}
RANK = {Reason.BY_HAND: 0, Reason.BOUNCE: 1, Reason.COMPLAINT: 2, Reason.OPT_OUT: 3, Reason.ERASURE: 4}


class NotLifted(LeadsError):
    """The suppression is not ours to lift."""


def suppress(
    address: str,
    reason: Reason,
    *,
    by: Actor = SYSTEM,
    covers_domain: bool = False,
    at: datetime | None = None,
) -> Suppression:
    """Nobody here writes to this address (or to anyone in its domain) again. May be said twice.

    Raises `NotAnAddress`.
    """
    blind = blind_index()
    if not covers_domain:
        return suppress_index(blind.email(address), reason, by=by, at=at)
    domain = normalise_domain(address.rpartition("@")[2])
    row = suppress_index(blind.domain(domain), reason, by=by, covers_domain=True, at=at)
    if row.domain is None:
        row.domain = domain
        row.save(update_fields=["domain"])
    return row


@transaction.atomic
def suppress_index(
    index: bytes, reason: Reason, *, by: Actor, covers_domain: bool = False, at: datetime | None = None
) -> Suppression:
    """As `suppress`, for an address of which only the blind index is at hand."""
    row, is_new = Suppression.objects.get_or_create(
        index=index,
        covers_domain=covers_domain,
        defaults={"reason": reason, "added_by": by.id, "at": at or timezone.now()},
    )
    if not is_new and RANK[reason] > RANK[Reason(row.reason)]:
        row.reason = reason
        row.save(update_fields=["reason"])
    standing = STANDINGS.get(reason, Standing.OPTED_OUT)
    weaker = [Standing.OPEN, Standing.SUPPRESSED] if standing != Standing.OPTED_OUT else list(Standing)
    covered(row).filter(standing__in=weaker).update(standing=standing)
    record(Event.ADDRESS_SUPPRESSED, by=by, about=row, reason=reason.value)
    return row


@transaction.atomic
def lift(suppression: Suppression, *, by: Actor) -> None:
    """Allow mail again. Raises `NotLifted` for what the recipient did, whoever asks."""
    row = Suppression.objects.select_for_update().get(pk=suppression.pk)
    if not row.may_be_lifted:
        raise NotLifted(f"{Reason(row.reason).label}: only the recipient could take this back.")
    record(Event.SUPPRESSION_LIFTED, by=by, about=row, reason=row.reason)
    _reopen(row, [Standing.BOUNCED, Standing.SUPPRESSED])
    row.delete()


def _reopen(row: Suppression, standings: list[Standing]) -> None:
    """The leads of these standings that nothing but this row covers are open again."""
    leads = covered(row).filter(standing__in=standings)
    others = Suppression.objects.exclude(pk=row.pk)
    by_address = others.filter(index=OuterRef("email_index"), covers_domain=False)
    by_domain = others.filter(index=OuterRef("domain_index"), covers_domain=True)
    leads.exclude(Exists(by_address)).exclude(Exists(by_domain)).update(standing=Standing.OPEN)


@transaction.atomic
def take_back(index: bytes, *, by: Actor) -> bool:
    """The recipient wants mail again after an opt-out: only they say so. False when there is none.

    The database refuses to delete an opt-out unless the transaction names it as taken back.
    """
    row = Suppression.objects.filter(index=index, covers_domain=False, reason=Reason.OPT_OUT).first()
    if row is None:
        return False
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT set_config('paitho.taken_back', %s, true)", [str(row.pk)])
    record(Event.SUPPRESSION_LIFTED, by=by, about=row, reason=row.reason)
    _reopen(row, [Standing.OPTED_OUT])
    row.delete()
    return True


def covered(row: Suppression) -> QuerySet[Lead]:
    """The leads to whom the suppression forbids to write."""
    if row.covers_domain:
        return Lead.objects.filter(domain_index=row.index)
    return Lead.objects.filter(email_index=row.index)


def suppressed(lead: Lead) -> list[Suppression]:
    """What forbids writing to this lead: its address, its domain, or both."""
    return list(
        Suppression.objects.filter(
            Q(index=lead.email_index, covers_domain=False) | Q(index=lead.domain_index, covers_domain=True)
        )
    )
