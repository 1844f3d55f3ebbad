"""What a draft may rest on, and the draft itself: plain values, no rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_FIELDS = 60
MAX_VALUE = 500
MAX_LINES = 40
MAX_EARLIER = 3
MAX_MAIL = 4_000
MAX_NOTE = 1_000


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of a body, `body[start:end]`, and the names of the facts it rests on."""

    start: int
    end: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail as a person will see it. `claims` is empty once a person has edited the body."""

    subject: str = field(repr=False)
    body: str = field(repr=False)
    claims: tuple[Claim, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a model is told about one lead and one campaign.

    A fact's name is `lead.<field>`, `brief.<line, from 1>` or `sender.<field>`. `links` are the
    only addresses a mail may point to; `earlier` are our own mails in this thread, oldest first;
    `note` is a reviewer's wish for a new draft; `draft` is the mail under audit.
    """

    lead: Mapping[str, str] = field(repr=False)
    brief: tuple[str, ...] = field(repr=False)
    sender: Mapping[str, str] = field(default_factory=dict, repr=False)
    links: tuple[str, ...] = ()
    earlier: tuple[str, ...] = field(default=(), repr=False)
    note: str = field(default="", repr=False)
    draft: Draft | None = None

    def named(self) -> dict[str, str]:
        """Each fact that has a value, capped in length and number, under the name a draft cites."""
        lead = [(f"lead.{name}", value) for name, value in list(self.lead.items())[:MAX_FIELDS]]
        brief = [(f"brief.{n}", line) for n, line in enumerate(self.brief[:MAX_LINES], start=1)]
        sender = [(f"sender.{name}", value) for name, value in list(self.sender.items())[:MAX_FIELDS]]
        return {name: value[:MAX_VALUE] for name, value in lead + brief + sender if value.strip()}
