"""What the public site refuses, in sentences that may be shown."""

from __future__ import annotations


class TrustError(Exception):
    """Base: `str(error)` is safe to show."""


class LinkEnded(TrustError):
    """The link leads nowhere any more."""
