"""Codes of authenticator apps: RFC 6238 with its defaults (SHA-1, six digits, steps of 30 seconds)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from io import BytesIO
from urllib.parse import quote, urlencode

import qrcode
from qrcode.image.svg import SvgPathImage

STEP = 30
DIGITS = 6
DRIFT = 1  # steps of clock difference that are accepted, either way


def new_secret() -> bytes:
    """160 bits, as RFC 4226 recommends."""
    return secrets.token_bytes(20)


def code_at(secret: bytes, step: int) -> str:
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: bytes, code: str, *, now: float, after: int) -> int | None:
    """The step whose code this is, none at or before `after`: a code serves once. None if there is none."""
    typed = "".join(code.split()).encode()
    current = int(now) // STEP
    found = [
        step
        for step in range(current - DRIFT, current + DRIFT + 1)
        if hmac.compare_digest(code_at(secret, step).encode(), typed) and step > after
    ]
    return found[0] if found else None


def spelled(secret: bytes) -> str:
    return base64.b32encode(secret).decode()


def address(secret: bytes, account: str, issuer: str) -> str:
    """The otpauth URL that the QR code holds."""
    words = urlencode({"secret": spelled(secret), "issuer": issuer, "digits": DIGITS, "period": STEP})
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{words}"


def picture(text: str) -> str:
    """A QR code as a data URI of an SVG."""
    out = BytesIO()
    qrcode.make(text, image_factory=SvgPathImage, border=2).save(out)
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()
