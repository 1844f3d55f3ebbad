"""A workspace is asked for on the apex host, and made once the address that asked is proved.

    asked (sealed row, mail) -> verified (workspace row, bell) -> active (provisioned) -> welcomed (owner)

Until the owner is welcomed on the workspace's own host, what they typed lies in `public` sealed under a key
of its own, which KMS wrapped; the link's token is stored as a hash and is the only way to find the row. It
opens the row for three days.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import notices
from accounts.errors import AlreadyThere, LinkExpired, SlugTaken
from accounts.models import Member, Role, WorkspaceProfile
from accounts.tokens import hash_of, new_token
from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain.crypto import envelope
from keychain.crypto.envelope import Place
from keychain.crypto.kms import Context
from paitho.lib.ids import uuid7
from tenants import directory, keys
from tenants.binding import current
from tenants.directory import AskedSignUp
from tenants.workspace import check_slug

TAKEN = "The address {slug} belongs to another workspace. Choose another one."
EXPIRED = "This link is no longer valid: it was used, or it is older than three days."
PURPOSE = "sign-up"


@dataclass(frozen=True, slots=True)
class Details:
    """What the person typed; sealed as long as it lies in the directory."""

    email: str
    name: str
    workspace_name: str


def is_free(slug: str) -> bool:
    """Whether no workspace has the slug. Raises `BadSlug` when none may have it."""
    return directory.slug_is_free(check_slug(slug))


def begin(slug: str, details: Details) -> None:
    """Store the sign-up and send the link that verifies it. Raises `SlugTaken`, `MailNotSent`, `KmsError`."""
    token = store(slug, details)
    link = settings.ORIGIN + reverse("sign_up:verify", urlconf=settings.APEX_URLCONF, args=[token])
    host = f"{slug}.{settings.APEX.netloc}"
    notices.send("accounts/email/sign_up", details.email, link=link, details=details, host=host)


def store(slug: str, details: Details) -> str:
    """Store the sign-up, sealed, and return the token of its link."""
    token, token_hash = new_token()
    asked = sealed(slug, details)
    if not directory.begin_sign_up(asked, token_hash):
        raise SlugTaken(TAKEN.format(slug=slug))
    return token


def sealed(slug: str, details: Details) -> AskedSignUp:
    uid, kms = uuid7(), keys.cell_kms()
    key, wrapped = kms.generate(Context(workspace=uid, purpose=PURPOSE, version=1))
    text = json.dumps(asdict(details), ensure_ascii=False).encode()
    box = envelope.seal(text, key=key.reveal_bytes(), key_id=1, place=Place(uid, "sign_ups", "sealed", uid))
    return AskedSignUp(uid, check_slug(slug), settings.REGION, box, wrapped, kms.name, None, None)


def details_of(asked: AskedSignUp) -> Details:
    """What the person typed; without an address when an operator made it for an owner still to be named.

    Raises `KmsError` when the key service does not answer.
    """
    if not asked.sealed:
        return Details(email="", name="", workspace_name=asked.slug)
    context = Context(workspace=asked.id, purpose=PURPOSE, version=1)
    key = keys.kms_called(asked.kms).unwrap(asked.wrapped, context)
    place = Place(asked.id, "sign_ups", "sealed", asked.id)
    opened: dict[str, Any] = json.loads(envelope.unseal(asked.sealed, key=key.reveal_bytes(), place=place))
    return Details(**opened)


def find(token: str) -> AskedSignUp:
    """The sign-up of a link. Raises `LinkExpired`."""
    asked = directory.sign_up_by_token(hash_of(token))
    if asked is None:
        raise LinkExpired(EXPIRED)
    return asked


def verify(token: str) -> None:
    """Make the workspace's row and ring its provisioning bell; a second time does nothing.

    Raises `LinkExpired`, or `SlugTaken` when someone else's sign-up was verified first.
    """
    asked = find(token)
    answer = directory.verify_sign_up(hash_of(token), f"{asked.slug}.{settings.APEX.hostname}")
    if answer == "taken":
        raise SlugTaken(f"Someone else took the address {asked.slug} meanwhile. Choose another one.")
    if answer != "verified":
        raise LinkExpired(EXPIRED)


def find_here(token: str) -> AskedSignUp:
    """The sign-up that made the bound workspace. Raises `LinkExpired`, also for another workspace's link."""
    asked = find(token)
    if asked.workspace != current().id:
        raise LinkExpired(EXPIRED)
    return asked


def welcome(token: str, *, name: str, password: str, ip: str, email: str = "") -> Member:
    """Make the first owner of the bound workspace, once, and forget the sign-up.

    `email` is that of an owner whom the sign-up does not name; it still has to be proved.

    Raises `LinkExpired`, or `AlreadyThere` when an earlier attempt came through.
    """
    details = details_of(find_here(token))
    is_proved = bool(details.email)
    try:
        owner = _first_owner(
            details if is_proved else replace(details, email=email),
            is_proved=is_proved,
            name=name,
            password=password,
            ip=ip,
        )
    except (IntegrityError, HasMembers) as error:
        directory.finish_sign_up(hash_of(token))
        raise AlreadyThere("This workspace has its owner already. Sign in with your password.") from error
    directory.finish_sign_up(hash_of(token))
    return owner


class HasMembers(Exception):
    """The workspace has an owner: no link of ours or of an operator's makes another one."""


@transaction.atomic
def _first_owner(details: Details, *, is_proved: bool, name: str, password: str, ip: str) -> Member:
    if Member.objects.exists():
        raise HasMembers
    owner = Member.objects.create_user(details.email, password, name=name, role=Role.OWNER)
    EmailAddress.objects.create(user=owner, email=owner.email, verified=is_proved, primary=True)
    profile = WorkspaceProfile(name=details.workspace_name)
    profile.save(force_insert=True)
    by = Actor(owner.pk, str(owner), ip)
    record(Event.WORKSPACE_CREATED, about=profile, by=by)
    record(Event.MEMBER_JOINED, about=owner, by=by, role=owner.role)
    return owner
