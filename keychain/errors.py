"""Refusals of the keychain; `str()` of each is a sentence that may be shown."""


class KeychainError(Exception):
    """Base of every refusal here."""


class InUse(KeychainError):
    """Something still works with the credential."""


class Gone(KeychainError):
    """The credential was removed meanwhile."""


class KeysBusy(KeychainError):
    """The workspace's keys are being changed already."""


class BadKms(KeychainError):
    """The KMS key cannot be used; the sentence says why."""
