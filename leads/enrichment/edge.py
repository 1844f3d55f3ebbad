"""What is asked about a lead, and what may come back: always one of these outcomes, never an exception.

No adapter keeps what a provider sent: a field is cleaned and kept, the rest of the answer is dropped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from keychain.crypto.secret import Secret
from leads.vocabulary import Target

# Host and port in; out comes the one IP address that a connection may go to. Raises HostRefused for a
# host that must not be reached, OSError for one that cannot be found.
Resolve = Callable[[str, int], str]

Fields = Mapping[Target, str]


class HostRefused(ValueError):
    """This host must not be reached from here."""


@dataclass(frozen=True)
class Question:
    """What is known of a person. Everything in it leaves for the provider, so put in only what may."""

    email: str = ""
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    domain: str = ""
    linkedin: str = ""
    phone: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def names_a_person(self) -> bool:
        """First and last name and an employer: what providers ask for where no address is known."""
        return bool(self.first_name and self.last_name and (self.company or self.domain))


def digits(phone: str) -> str:
    """The last ten digits: an Indian number with or without its country code. "" for anything shorter."""
    found = "".join(filter(str.isdigit, phone))
    return found[-10:] if len(found) >= 10 else ""


@dataclass(frozen=True)
class Found:
    """The provider knows the person. `credits` is what it says the answer cost; None if it does not say."""

    fields: Fields
    credits: int | None = None
    sentence: str = "Found."


@dataclass(frozen=True)
class Partial:
    """Some of it; the sentence says what is missing. With `retry_after` (seconds) the rest may come later."""

    sentence: str
    fields: Fields = field(default_factory=dict)
    credits: int | None = None
    retry_after: float | None = None


@dataclass(frozen=True)
class NotFound:
    """The provider does not know the person."""

    sentence: str


@dataclass(frozen=True)
class NotAsked:
    """The question cannot be put to this provider, now or later, as it is."""

    sentence: str


@dataclass(frozen=True)
class BadKey:
    """The key is wrong, expired, or not allowed to ask this: stop until a person changes it."""

    sentence: str


@dataclass(frozen=True)
class QuotaExceeded:
    """The account has no credits left: stop until a person, or the month, changes that."""

    sentence: str


@dataclass(frozen=True)
class RateLimited:
    """Too many questions at once; `retry_after` is in seconds."""

    sentence: str
    retry_after: float


@dataclass(frozen=True)
class Unavailable:
    """No usable answer: down, too slow, too long, or not what its documentation says."""

    sentence: str


Refusal = NotAsked | BadKey | QuotaExceeded | RateLimited | Unavailable
Outcome = Found | Partial | NotFound | Refusal


class Provider(Protocol):
    """One source of facts about people."""

    @property
    def who(self) -> str: ...

    def ask(self, question: Question, key: Secret) -> Outcome: ...
