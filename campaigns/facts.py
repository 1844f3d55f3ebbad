"""What a draft may rest on, and the draft itself: plain values, no rows."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_FIELDS = 60
MAX_NAME = 60
MAX_VALUE = 500
MAX_TOTAL = 24_000
MAX_LINES = 40
MAX_EARLIER = 3
MAX_MAIL = 4_000
MAX_NOTE = 1_000

_JOINERS = "\u200c\u200d"
_CARRIERS = {chr(code) for code in range(0xE0100, 0xE01F0)}  # variation selectors can carry hidden bytes


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
    `note` is a reviewer's wish for a new draft; `draft` is the mail under audit;
    `reply` is what somebody answered us.
    """

    lead: Mapping[str, str] = field(repr=False)
    brief: tuple[str, ...] = field(repr=False)
    sender: Mapping[str, str] = field(default_factory=dict, repr=False)
    links: tuple[str, ...] = ()
    earlier: tuple[str, ...] = field(default=(), repr=False)
    note: str = field(default="", repr=False)
    draft: Draft | None = None
    reply: str = field(default="", repr=False)

    def named(self) -> dict[str, str]:
        """Each fact that has a visible value, under the name a draft cites: capped in length and
        number, and without what a person could not see."""
        pairs = [(f"brief.{n}", line) for n, line in enumerate(self.brief[:MAX_LINES], start=1)]
        pairs += [(f"sender.{_one_line(name)}", value) for name, value in _first(self.sender)]
        pairs += [(f"lead.{_one_line(name)}", value) for name, value in _first(self.lead)]
        named: dict[str, str] = {}
        left = MAX_TOTAL
        for name, value in pairs:
            shown = visible(value[:MAX_VALUE]).strip()
            if shown and name not in named and len(shown) <= left:
                named[name] = shown
                left -= len(shown)
        return named


def _first(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    return list(fields.items())[:MAX_FIELDS]


def _one_line(name: str) -> str:
    """A column's name: it comes from the same file as the values."""
    return " ".join(visible(name).split())[:MAX_NAME]


def visible(text: str) -> str:
    """The text without what a person cannot see: controls, marks of direction, tags, unassigned codes."""
    if text.isascii() and text.isprintable():
        return text
    kept = [character for character in unicodedata.normalize("NFC", text) if not is_hidden(character)]
    return "".join(" " if unicodedata.category(c) == "Cc" and c not in "\n\t" else c for c in kept)


def is_hidden(character: str) -> bool:
    """Whether this character has no shape of its own. Joiners are spelling in Persian and Indian scripts."""
    if character in _JOINERS:
        return False
    return unicodedata.category(character) in ("Cf", "Cs", "Co", "Cn") or character in _CARRIERS
