"""What a check says: a kind, a place in the text, and a sentence for the person who looks."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from re import Pattern


class Kind(StrEnum):
    VARIABLE = "variable"
    LINK = "link"
    LENGTH = "length"
    SOURCE = "source"
    UNSUPPORTED = "unsupported"
    FORBIDDEN = "forbidden"
    TONE = "tone"
    ADDRESS = "address"
    HIDDEN = "hidden"
    INJECTION = "injection"
    SECRET = "secret"  # noqa: S105  (a kind of finding, not a password)


class Where(StrEnum):
    SUBJECT = "subject"
    BODY = "body"
    LEAD = "lead"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`start` and `end` count characters in the subject, the body, or the lead's `fact`."""

    where: Where
    start: int
    end: int
    kind: Kind
    sentence: str
    fact: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a workspace may set. `forbidden` are phrases of its own, in any case."""

    min_words: int = 10
    max_words: int = 220
    max_subject: int = 78
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """One text under check: as it is, and folded to plain letters of the same length."""

    where: Where
    raw: str
    folded: str
    fact: str = ""

    @classmethod
    def of(cls, where: Where, raw: str, fact: str = "") -> "Text":
        return cls(where, raw, fold(raw), fact)

    def found(self, kind: Kind, span: tuple[int, int], sentence: str) -> Finding:
        return Finding(self.where, span[0], span[1], kind, sentence, self.fact)

    def matches(self, kind: Kind, pattern: Pattern[str], sentence: str) -> Iterator[Finding]:
        """A finding per match; `{}` in the sentence stands for the words that were found."""
        for match in pattern.finditer(self.folded):
            words = " ".join(self.raw[match.start() : match.end()].split())
            yield self.found(kind, match.span(), sentence.replace("{}", words[:60]))


_FULL_STOPS = {"\u3002": ".", "\uff61": ".", "\u2024": "."}


def fold(text: str) -> str:
    """Full-width and styled letters as plain ones, character by character, so that offsets stay."""
    return text if text.isascii() else "".join(_plain(character) for character in text)


def _plain(character: str) -> str:
    folded = _FULL_STOPS.get(character) or unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character
