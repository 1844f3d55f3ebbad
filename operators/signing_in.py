"""Set-up and sign-in of operators: a password and a second factor, both, always.

A new operator gets a link (an operator of the console or whoever holds the owner's login makes it). Behind it
the password and the factor are set together, so that there is never a sign-in with a password alone.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.utils import timezone

from operators import passkeys, seal, totp
from operators.errors import FactorRefused, LinkExpired, NotSignedIn, Refused
from operators.events import Event
from operators.models import Operator, Passkey
from operators.record import By, atomically, record

LINK_LIVES = timedelta(hours=24)
WRONG = "The address, the password or the code is wrong."
ENDED = "This link is no longer valid: it was used, replaced, or is older than a day."
WRONG_CODE = "That code does not fit, or was used before. Wait for the next one."
# What a password is compared with when nobody has the address: the answer takes as long.
NOBODYS = make_password(secrets.token_hex(16))


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def new_token() -> tuple[str, bytes]:
    """A token for a link, and the hash to store."""
    token = secrets.token_urlsafe(32)
    return token, hash_of(token)


def new_link(operator: Operator, *, using: str | None = None) -> str:
    """Give the operator a set-up link, in place of any earlier one; returns its token."""
    token, operator.link_hash = new_token()
    operator.link_until = timezone.now() + LINK_LIVES
    operator.save(using=using, update_fields=["link_hash", "link_until"])
    return token


def by_link(token: str) -> Operator:
    """The operator whose link this is. Raises `LinkExpired`."""
    found = Operator.objects.filter(
        link_hash=hash_of(token), link_until__gt=timezone.now(), is_active=True
    ).first()
    if found is None:
        raise LinkExpired(ENDED)
    return found


def join(
    token: str, password: str, *, ip: str, secret: bytes = b"", code: str = "", made: Passkey | None = None
) -> Operator:
    """Set password and first factor, together, and use the link up; earlier factors and sessions go.

    Raises `LinkExpired` or `FactorRefused`.
    """
    with atomically():
        operator = Operator.objects.select_for_update().get(pk=by_link(token).pk)
        operator.passkeys.all().delete()
        operator.sessions.all().delete()
        operator.totp = None
        if made is not None:
            _keep_passkey(operator, made)
        else:
            _keep_totp(operator, secret, code)
        operator.set_password(password)
        operator.link_hash = operator.link_until = None
        operator.save()
        by = By(operator.pk, str(operator), ip)
        record(
            Event.OPERATOR_JOINED, about=operator, by=by, factor="passkey" if made else "authenticator app"
        )
    return operator


def with_password(email: str, password: str, *, ip: str) -> Operator:
    """The operator of an address and password: the first half of a sign-in. Raises `NotSignedIn`."""
    operator = Operator.objects.filter(email=email.strip().lower(), is_active=True).first()
    is_right = check_password(password, operator.password if operator else NOBODYS)
    if operator is None or not is_right or not factors_of(operator):
        failed(email, ip, "wrong address or password")
        raise NotSignedIn(WRONG)
    return operator


def with_code(operator: Operator, code: str, *, ip: str) -> None:
    """The second half, by an authenticator app. Raises `NotSignedIn`."""
    with atomically():
        locked = Operator.objects.select_for_update().get(pk=operator.pk)
        secret = locked.totp and seal.unseal(bytes(locked.totp), "operators", "totp", locked.pk)
        step = totp.matching_step(secret, code, now=time.time(), after=locked.totp_step) if secret else None
        if step is not None:
            Operator.objects.filter(pk=locked.pk).update(totp_step=step)
    if step is None:
        failed(operator.email, ip, "wrong code")
        raise NotSignedIn(WRONG_CODE)


def with_passkey(operator: Operator, state: passkeys.Options, answer: str, *, ip: str) -> None:
    """The second half, by a passkey. Raises `NotSignedIn`."""
    try:
        passkey, counter = passkeys.proved(operator, state, answer)
    except FactorRefused as error:
        failed(operator.email, ip, "passkey refused")
        raise NotSignedIn(str(error)) from error
    Passkey.objects.filter(pk=passkey.pk).update(sign_count=counter, used_at=timezone.now())


def failed(name: str, ip: str, reason: str) -> None:
    record(Event.SIGN_IN_FAILED, by=By(None, name.strip() or "nobody named", ip), reason=reason)


def factors_of(operator: Operator) -> list[str]:
    """What the operator can prove themselves with beside the password."""
    apps = ["authenticator app"] if operator.totp else []
    return apps + [f"passkey {each.name}" for each in operator.passkeys.order_by("created_at")]


def add_totp(operator: Operator, secret: bytes, code: str, *, by: By) -> None:
    """Raises `FactorRefused`."""
    with atomically():
        _keep_totp(operator, secret, code)
        operator.save(update_fields=["totp", "totp_step"])
        record(Event.FACTOR_ADDED, about=operator, by=by, factor="authenticator app")


def add_passkey(operator: Operator, made: Passkey, *, by: By) -> None:
    with atomically():
        _keep_passkey(operator, made)
        record(Event.FACTOR_ADDED, about=operator, by=by, factor=f"passkey {made.name}")


def remove_factor(operator: Operator, which: str, *, by: By) -> None:
    """Take `totp` or a passkey (by id) away. Raises `Refused` for the last one."""
    with atomically():
        locked = Operator.objects.select_for_update().get(pk=operator.pk)
        if len(factors_of(locked)) < 2:
            raise Refused("This is your only second factor. Add another one before you remove it.")
        if which == "totp":
            locked.totp = None
            locked.save(update_fields=["totp"])
            gone = "authenticator app"
        else:
            passkey = locked.passkeys.filter(pk=which).first()
            if passkey is None:
                raise Refused("That passkey was removed meanwhile.")
            gone = f"passkey {passkey.name}"
            passkey.delete()
        record(Event.FACTOR_REMOVED, about=locked, by=by, factor=gone)


def _keep_totp(operator: Operator, secret: bytes, code: str) -> None:
    step = totp.matching_step(secret, code, now=time.time(), after=0) if secret else None
    if step is None:
        raise FactorRefused(WRONG_CODE)
    operator.totp = seal.seal(secret, "operators", "totp", operator.pk)
    operator.totp_step = step


def _keep_passkey(operator: Operator, made: Passkey) -> None:
    made.operator = operator
    made.name = made.name or f"Passkey {operator.passkeys.count() + 1}"
    made.save(force_insert=True)
