"""WebAuthn, by the fido2 library: a passkey is made or asked for, and what the browser answers is checked."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from operators.errors import FactorRefused
from operators.models import Operator, Passkey

REFUSED = "This passkey could not be checked. Try again, or use another factor."
Options = dict[str, Any]


def server() -> Fido2Server:
    """Answers of one origin count: the console's."""
    party = PublicKeyCredentialRpEntity(
        id=urlsplit(settings.OPS_ORIGIN).hostname or "", name="Paitho console"
    )
    return Fido2Server(party, verify_origin=lambda origin: origin == settings.OPS_ORIGIN)


def begin_making(operator: Operator) -> tuple[Options, Options]:
    """What the browser needs to make a passkey, and the state to keep until it answers."""
    user = PublicKeyCredentialUserEntity(
        id=operator.pk.bytes, name=operator.email, display_name=str(operator)
    )
    options, state = server().register_begin(
        user=user,
        credentials=credentials_of(operator),
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return dict(options), dict(state)


def made(state: Options, answer: str) -> Passkey:
    """The passkey that the browser made, not yet stored. Raises `FactorRefused`."""
    try:
        data = server().register_complete(state, RegistrationResponse.from_dict(json.loads(answer)))
    except (ValueError, TypeError, KeyError) as error:
        raise FactorRefused(REFUSED) from error
    credential = data.credential_data
    if credential is None:
        raise FactorRefused(REFUSED)
    return Passkey(
        credential_id=credential.credential_id, credential=bytes(credential), sign_count=data.counter
    )


def begin_asking(operator: Operator) -> tuple[Options, Options]:
    options, state = server().authenticate_begin(
        credentials=credentials_of(operator), user_verification=UserVerificationRequirement.PREFERRED
    )
    return dict(options), dict(state)


def proved(operator: Operator, state: Options, answer: str) -> tuple[Passkey, int]:
    """The passkey that signed the answer, and its counter now. Raises `FactorRefused`."""
    try:
        response = AuthenticationResponse.from_dict(json.loads(answer))
        used = server().authenticate_complete(state, credentials_of(operator), response)
    except (ValueError, TypeError, KeyError) as error:
        raise FactorRefused(REFUSED) from error
    passkey = operator.passkeys.get(credential_id=used.credential_id)
    counter = response.response.authenticator_data.counter
    # Authenticators without a counter say 0 each time; one that falls back was copied.
    if (counter or passkey.sign_count) and counter <= passkey.sign_count:
        raise FactorRefused(REFUSED)
    return passkey, counter


def credentials_of(operator: Operator) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(bytes(each.credential)) for each in operator.passkeys.all()]
