"""How one side of a mailbox, SMTP or IMAP, is reached and signed in to."""

from dataclasses import dataclass
from enum import StrEnum

from keychain.crypto.secret import Secret


class Security(StrEnum):
    """How the connection is protected; the values are stored with the mailbox."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


class Auth(StrEnum):
    """What the secret is: a password, or an OAuth access token (XOAUTH2 or OAUTHBEARER)."""

    PASSWORD = "password"  # noqa: S105  the name of a method
    XOAUTH2 = "xoauth2"


@dataclass(frozen=True)
class Patience:
    """Seconds to connect, for an answer, and for the answer to a whole message (600: RFC 5321, 4.5.3.2.6)."""

    connect: float = 10.0
    answer: float = 60.0
    delivery: float = 600.0


@dataclass(frozen=True)
class Account:
    """One server and who signs in there.

    `allow_private` lets the host be inside a private network, and plaintext on loopback; it is the operator's
    setting, never the customer's. `ca_file` names a PEM file of further certificate authorities.
    """

    host: str
    port: int
    security: Security
    username: str
    secret: Secret
    auth: Auth = Auth.PASSWORD
    allow_private: bool = False
    ca_file: str | None = None
    patience: Patience = Patience()
