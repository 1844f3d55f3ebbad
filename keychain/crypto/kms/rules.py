"""What every KMS does, and how it says no."""

from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from keychain.crypto.secret import Secret

DATA_KEY_BYTES: Final = 32
MAX_SECRET_BYTES: Final = 4096
MAX_WRAP_BYTES: Final = 6144
CHANGED: Final = "This wrapped key was changed, or belongs to another KMS key or context."


class KmsError(Exception):
    """The KMS did not do what it was asked. `str(error)` is a sentence that may be shown."""


class KmsUnavailable(KmsError):
    """No answer: network, throttling, an error of the KMS's own. Asking again later may help."""


class KmsRefused(KmsError):
    """The answer is no: wrong context, key disabled or revoked, or a wrap that was changed."""


class BadKmsUrl(KmsError, ValueError):
    """The setting does not name a KMS."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a wrapped key is for. It opens under the same context only."""

    workspace: UUID
    purpose: str
    version: int

    def encryption_context(self) -> dict[str, str]:
        """The pairs that AWS binds to the wrap, and writes in clear to CloudTrail."""
        return {
            "app": "paitho",
            "workspace": str(self.workspace),
            "purpose": self.purpose,
            "version": str(self.version),
        }


class Kms(Protocol):
    """Makes and opens wrapped keys. Every method raises KmsUnavailable or KmsRefused, nothing else."""

    @property
    def name(self) -> str:
        """Which key wraps: the key's ARN, or local:<fingerprint>."""

    def generate(self, context: Context) -> tuple[Secret, bytes]:
        """A new key of 32 bytes, and its wrap."""

    def wrap(self, secret: Secret, context: Context) -> bytes:
        """The wrap of a short secret (4,096 bytes at most)."""

    def unwrap(self, wrapped: bytes, context: Context) -> Secret: ...


def check_size(secret: Secret) -> None:
    if not 1 <= len(secret.reveal_bytes()) <= MAX_SECRET_BYTES:
        raise KmsRefused(f"A KMS wraps 1 to {MAX_SECRET_BYTES} bytes.")
