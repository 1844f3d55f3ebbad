"""Refusals of this app; `str()` of each is a sentence that may be shown."""


class AccountsError(Exception):
    """Base of every refusal here."""


class SlugTaken(AccountsError):
    """Another workspace has the address, or got it first."""


class LinkExpired(AccountsError):
    """The link was used, revoked, replaced or is too old, or it belongs to another workspace."""


class AlreadyThere(AccountsError):
    """What was asked for has been done before: by a second click, or by someone else."""


class NotAllowed(AccountsError):
    """The member's own role does not reach that far."""


class LastOwner(AccountsError):
    """A workspace keeps at least one owner."""


class MailNotSent(AccountsError):
    """The mail provider did not take the message, or the recipient may not be written to."""
