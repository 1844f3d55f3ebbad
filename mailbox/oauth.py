"""Consent to use a mailbox at Google or Microsoft: OAuth 2.0 with PKCE (RFC 6749, RFC 7636).

    begin -> the person agrees at the vendor -> redeem -> Tokens -> refresh … -> revoke

The caller keeps `Begun.state` and `Begun.verifier` in the session and compares the state that comes back.
Tokens are packed into one Secret for storage; the access token lives about an hour, so it is refreshed before
a connection and never during one.
"""

import base64
import hashlib
import http.client
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from keychain.crypto.secret import Secret
from mailbox.verdicts import words

TIMEOUT = 15.0
LONGEST_ANSWER = 65_536
MARGIN = timedelta(minutes=5)  # an access token that ends sooner is as good as ended


@dataclass(frozen=True)
class Vendor:
    """A vendor's addresses and the permissions to read and send that we ask for."""

    name: str
    authorize_url: str
    token_url: str
    revoke_url: str | None
    scopes: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)


GOOGLE = Vendor(
    "Google",
    "https://accounts.google.com/o/oauth2/v2/auth",
    "https://oauth2.googleapis.com/token",
    "https://oauth2.googleapis.com/revoke",
    ("https://mail.google.com/", "openid", "email"),
    {"access_type": "offline", "prompt": "consent"},  # without them a second consent brings no refresh token
)
MICROSOFT = Vendor(
    "Microsoft",
    "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
    "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    None,  # Microsoft has no revocation by token; the person removes the consent at myaccount.microsoft.com
    (
        "https://outlook.office.com/IMAP.AccessAsUser.All",
        "https://outlook.office.com/SMTP.Send",
        "offline_access",
        "openid",
        "email",
    ),
    {"prompt": "select_account"},
)


@dataclass(frozen=True)
class App:
    """Our registration at a vendor."""

    vendor: Vendor
    client_id: str
    client_secret: Secret
    redirect_uri: str


@dataclass(frozen=True)
class Begun:
    """Where to send the person, and what to keep until they come back."""

    url: str
    state: str
    verifier: Secret


@dataclass(frozen=True)
class Tokens:
    """A consent that works. `address` is whose mailbox it is, where the vendor says so."""

    access: Secret
    refresh: Secret | None
    expires_at: datetime
    consent_ends_at: datetime | None = None
    address: str | None = None

    def is_usable(self, now: datetime) -> bool:
        return now + MARGIN < self.expires_at


@dataclass(frozen=True)
class Denied:
    """The vendor refuses, and will go on refusing until a person agrees again or the operator acts."""

    sentence: str
    code: str


@dataclass(frozen=True)
class Failed:
    """The vendor could not be asked; later it may answer."""

    sentence: str


def begin(app: App, *, login_hint: str = "") -> Begun:
    """The link to the vendor's consent page."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "scope": " ".join(app.vendor.scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **app.vendor.parameters,
        **({"login_hint": login_hint} if login_hint else {}),
    }
    return Begun(f"{app.vendor.authorize_url}?{urlencode(query)}", state, Secret(verifier))


def redeem(app: App, code: str, verifier: Secret) -> Tokens | Denied | Failed:
    """Change the code that the person came back with for tokens."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier.reveal(),
        "redirect_uri": app.redirect_uri,
    }
    return asked_for_tokens(app, form, None)


def refresh(app: App, tokens: Tokens) -> Tokens | Denied | Failed:
    """A new access token; a vendor that sends no new refresh token means that the old one stays."""
    if tokens.refresh is None:
        return Denied(f"{app.vendor.name} gave no lasting consent; please sign in again.", "no_refresh_token")
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh.reveal()}
    return asked_for_tokens(app, form, tokens)


def revoke(app: App, tokens: Tokens) -> bool:
    """End the consent at the vendor; False where that is not possible or did not succeed."""
    if app.vendor.revoke_url is None:
        return False
    token = tokens.refresh or tokens.access
    answer = post(app.vendor.revoke_url, {"token": token.reveal()})
    return answer is not None and answer[0] == 200


def asked_for_tokens(app: App, form: dict[str, str], before: Tokens | None) -> Tokens | Denied | Failed:
    form = {**form, "client_id": app.client_id, "client_secret": app.client_secret.reveal()}
    answer = post(app.vendor.token_url, form)
    if answer is None:
        return Failed(f"{app.vendor.name} could not be reached.")
    status, content = answer
    if status == 200 and isinstance(content.get("access_token"), str):
        return tokens_of(content, before)
    code = str(content.get("error", ""))
    if status in (400, 401, 403) and code:
        reason = words(str(content.get("error_description", code)).encode("utf-8", "replace"))
        return Denied(f"{app.vendor.name} does not accept the consent any more. It said: {reason}", code)
    return Failed(f"{app.vendor.name} did not answer as expected ({status}).")


def tokens_of(content: Mapping[str, Any], before: Tokens | None) -> Tokens:
    now = datetime.now(UTC)
    refresh_token = content.get("refresh_token")
    consent_ends = seconds_from(now, content.get("refresh_token_expires_in"))
    return Tokens(
        access=Secret(content["access_token"]),
        refresh=Secret(refresh_token)
        if isinstance(refresh_token, str)
        else before.refresh
        if before
        else None,
        expires_at=seconds_from(now, content.get("expires_in")) or now + timedelta(minutes=30),
        consent_ends_at=consent_ends or (before.consent_ends_at if before else None),
        address=address_in(content.get("id_token")) or (before.address if before else None),
    )


def seconds_from(now: datetime, seconds: object) -> datetime | None:
    """Vendors write the number as a number or as text; no token lives longer than a year."""
    text = str(seconds)
    return (
        now + timedelta(seconds=min(int(text), 31_536_000)) if text.isascii() and text.isdecimal() else None
    )


def address_in(id_token: object) -> str | None:
    """The e-mail claim. It comes over TLS from the vendor: its signature adds nothing (OIDC 3.1.3.7)."""
    try:
        payload = str(id_token).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, IndexError):
        return None
    address = claims.get("email") or claims.get("preferred_username") if isinstance(claims, dict) else None
    return address if isinstance(address, str) and "@" in address else None


def packed(tokens: Tokens) -> Secret:
    """Tokens as one Secret, to be sealed."""
    content = {
        "access": tokens.access.reveal(),
        "refresh": tokens.refresh.reveal() if tokens.refresh else None,
        "expires_at": tokens.expires_at.isoformat(),
        "consent_ends_at": tokens.consent_ends_at.isoformat() if tokens.consent_ends_at else None,
        "address": tokens.address,
    }
    return Secret(json.dumps(content))


def unpacked(secret: Secret) -> Tokens:
    content = json.loads(secret.reveal())
    ends = content["consent_ends_at"]
    return Tokens(
        access=Secret(content["access"]),
        refresh=Secret(content["refresh"]) if content["refresh"] else None,
        expires_at=datetime.fromisoformat(content["expires_at"]),
        consent_ends_at=datetime.fromisoformat(ends) if ends else None,
        address=content["address"],
    )


def post(url: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]] | None:
    """A form, and the JSON that comes back; None if there was no answer. Redirects are not followed."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        connection.request("POST", parts.path, urlencode(form), headers)
        answer = connection.getresponse()
        status, raw = answer.status, answer.read(LONGEST_ANSWER)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    try:
        content = json.loads(raw)
    except ValueError:
        content = {}
    return status, content if isinstance(content, dict) else {}
