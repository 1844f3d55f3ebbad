"""allauth's hooks for second factors: their secrets are sealed with the workspace's data key."""

from __future__ import annotations

from base64 import b64decode, b64encode

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.models import Member
from keychain.crypto import envelope
from keychain.crypto.envelope import Place
from tenants import keys
from tenants.binding import current
from tenants.models import Purpose

SEALED = ("secret", "seed")  # the names under which allauth keeps them in a row's data
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def place() -> Place:
    """allauth seals before its row has an id, so the workspace's stands for the row's."""
    workspace = current().id
    return Place(workspace, Authenticator._meta.db_table, "data", workspace)


def has_one(member: Member) -> bool:
    """Whether a password alone no longer signs the member in."""
    return bool(Authenticator.objects.filter(user_id=member.pk, type__in=FACTORS).exists())


@transaction.atomic
def reseal() -> int:
    """Seal every secret with the latest data key, for a rotation; may be repeated. Returns how many."""
    adapter, done = SealedSecondFactor(), 0
    for row in Authenticator.objects.select_for_update():
        names = [name for name in SEALED if name in row.data]
        for name in names:
            row.data[name] = adapter.encrypt(adapter.decrypt(row.data[name]))
        if names:
            row.save(update_fields=["data"])
            done += 1
    return done


def sealed_under_others(version: int) -> int:
    """How many secrets are sealed under another data key than `version`."""
    sealed = [row.data[name] for row in Authenticator.objects.all() for name in SEALED if name in row.data]
    return sum(envelope.key_id_of(b64decode(each)) != version for each in sealed)


class SealedSecondFactor(DefaultMFAAdapter):
    """TOTP secrets and the seed of recovery codes, sealed; the name that an authenticator app shows."""

    def encrypt(self, text: str) -> str:
        version = keys.latest_version(current().id, Purpose.DATA)
        key = keys.open_key(current().id, Purpose.DATA, version).reveal_bytes()
        sealed = envelope.seal(text.encode(), key=key, key_id=version, place=place())
        return b64encode(sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        sealed = b64decode(encrypted_text)
        key = keys.open_key(current().id, Purpose.DATA, envelope.key_id_of(sealed)).reveal_bytes()
        return envelope.unseal(sealed, key=key, place=place()).decode()

    def get_totp_issuer(self) -> str:
        return f"Paitho {current().slug}"
