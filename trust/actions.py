"""What visitors of the public site may do: subscribe, ask for the addendum, look for their workspace.

None of it is answered by a sentence that tells whether an address is known here: what there is to say goes to
that address.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts import notices
from accounts.tokens import hash_of, new_token
from trust import directory
from trust.errors import LinkEnded
from trust.sealing import address_hash, open_box, seal

UNSUBSCRIBE = "trust.unsubscribe"
EXPIRED = "This link is no longer valid: it was used, or it is older than three days."


def subscribe(address: str, *, changes: bool, status: bool) -> None:
    """Keep the wish and send the link that confirms it. Raises `MailNotSent`, `KmsError`."""
    token, token_hash = new_token()
    box = seal("subscribers", {"email": address})
    begun = directory.begin_subscription(
        box, address_hash(address), token_hash, changes=changes, status=status
    )
    if not begun:
        return  # who has it already hears of it when there is news; nobody else learns that it is there
    link = absolute("trust:confirm", token)
    notices.send("trust/email/confirm", address, link=link, changes=changes, status=status)


def subscription(token: str) -> directory.Subscription:
    """The subscription of a confirmation's link. Raises `LinkEnded`."""
    found = directory.subscription_by_token(hash_of(token))
    if found is None:
        raise LinkEnded(EXPIRED)
    return found


def confirm(token: str) -> None:
    """Let the subscription count. Raises `LinkEnded`, `KmsError`."""
    address = open_box("subscribers", subscription(token).box)["email"]
    if not directory.confirm_subscription(hash_of(token), address_hash(address)):
        raise LinkEnded(EXPIRED)


def unsubscribe_link(subscriber: UUID) -> str:
    return absolute("trust:unsubscribe", signing.Signer(salt=UNSUBSCRIBE).sign(subscriber.hex))


def unsubscribe(signed: str) -> None:
    """End a subscription by a letter's link; a second time does nothing. Raises `LinkEnded`."""
    try:
        subscriber = UUID(hex=signing.Signer(salt=UNSUBSCRIBE).unsign(signed))
    except (signing.BadSignature, ValueError) as error:
        raise LinkEnded("This link is not complete. Copy all of it from the mail.") from error
    directory.end_subscription(subscriber)


def request_dpa(*, name: str, company: str, email: str, region: str) -> None:
    """Keep the request, sealed; the next errand passes it on. Raises `KmsError`."""
    told = {"name": name, "company": company, "email": email, "region": region}
    directory.add_dpa_request(seal("dpa_requests", told))


def look_for_workspaces(email: str) -> None:
    """Keep the question, sealed; the next errand looks, and mails what it finds. Raises `KmsError`."""
    directory.begin_search(seal("workspace_searches", {"email": email}))


def absolute(name: str, *args: str) -> str:
    return settings.ORIGIN + reverse(name, urlconf=settings.APEX_URLCONF, args=args)
