"""Refusals of the console; `str()` of each is safe to show."""


class ConsoleError(Exception):
    """Base of every refusal of the console."""


class NotSignedIn(ConsoleError):
    """Address, password or factor is wrong, and the answer does not say which."""


class LinkExpired(ConsoleError):
    """The set-up link was used, replaced, or is too old."""


class FactorRefused(ConsoleError):
    """The code or the passkey does not prove anything."""


class Refused(ConsoleError):
    """The action does not fit the state of what it is about."""
