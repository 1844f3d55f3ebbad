"""What a recipient may do by the link in a mail, without an account: opt out, take that back, be erased."""

from __future__ import annotations

import hashlib

from django.db import transaction

from audit.actors import Actor
from campaigns.errors import CampaignError
from campaigns.models import Enrollment, Stage
from campaigns.reactions import stop
from campaigns.stages import ENDINGS
from keychain.index import blind_index
from leads.actions import suppress_index
from leads.actions.requests import open_request
from leads.actions.suppression import take_back
from leads.models import Reason, RequestKind, SubjectRequest, Suppression
from mailbox.models import Delivery, Message
from mailbox.outgoing import by_opt_out
from paitho.lib.text import NotAnAddress

SAID = {Reason.OPT_OUT, Reason.ERASURE}


class NotTheirs(CampaignError):
    """Who asks is not shown to be the one who opted out."""


def message_of(token: str) -> Message | None:
    """The mail whose link holds this token; the database knows the token's hash only."""
    return by_opt_out(hashlib.sha256(token.encode()).digest())


def has_opted_out(message: Message) -> bool:
    said = Suppression.objects.filter(index=_index(message), covers_domain=False, reason__in=SAID)
    return said.exists()


def asked_for_erasure(message: Message) -> bool:
    asked = SubjectRequest.objects.filter(kind=RequestKind.ERASURE, email_index=_index(message))
    return asked.exists()


@transaction.atomic
def opt_out(message: Message, *, ip: str) -> None:
    """Nobody here writes to this address again, from this commit on. May be said any number of times."""
    if not has_opted_out(message):
        suppress_index(_index(message), Reason.OPT_OUT, by=_recipient(ip))
    _silence(message)


def may_take_back(message: Message) -> bool:
    """Whether there is an opt-out that its recipient could take back: an erasure stays for good."""
    if asked_for_erasure(message):
        return False
    return Suppression.objects.filter(
        index=_index(message), covers_domain=False, reason=Reason.OPT_OUT
    ).exists()


def take_back_opt_out(message: Message, address: str, *, ip: str, is_member: bool) -> None:
    """The recipient wants mail again. Raises `NotTheirs`.

    Whoever asks holds the link of a mail and types the address that it went to; neither stands on the page,
    so that no scanner and no form that fills itself in gets past it. A member of the workspace is refused.
    """
    if is_member:
        raise NotTheirs("You are signed in here as a member. Only the recipient can take an opt-out back.")
    try:
        typed = blind_index().email(address.strip())
    except NotAnAddress:
        typed = b""
    if typed != _index(message):
        raise NotTheirs("This is not the address that the mail went to. Type it as it stands in the mail.")
    if not may_take_back(message) or not take_back(typed, by=_recipient(ip)):
        raise NotTheirs("There is no opt-out of this address that could be taken back.")


@transaction.atomic
def ask_for_erasure(message: Message, *, ip: str) -> None:
    """As `opt_out`, and a request that a person of the workspace has 30 days to settle."""
    opt_out(message, ip=ip)
    if not asked_for_erasure(message):
        address = str(message.thread.lead.profile["email"])
        open_request(RequestKind.ERASURE, address, by=_recipient(ip))


def _index(message: Message) -> bytes:
    return bytes(message.recipient_index or message.thread.lead.email_index)


def _recipient(ip: str) -> Actor:
    return Actor(None, "The recipient, by the link in a mail", ip)


def _silence(message: Message) -> None:
    """Stop what is under way for the address and take back the mail that waits."""
    index = _index(message)
    under_way = Enrollment.objects.filter(lead__email_index=index)
    stop(list(under_way.exclude(stage__in=ENDINGS | {Stage.DISQUALIFIED})), "opted_out")
    waiting = Message.objects.filter(recipient_index=index, delivery=Delivery.SCHEDULED)
    waiting.update(delivery=Delivery.CANCELLED)
