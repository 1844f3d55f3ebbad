"""Looking for what people and machines say, in any spelling of blanks and letters, in linear time."""

import re
import unicodedata
from functools import cache
from pathlib import Path

WORDS = Path(__file__).parent / "words"
REACH = 140  # characters between the two halves of a phrase that has a gap

_BLANKS = re.compile(r"\s+")
_QUOTES = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\xa0": " ", "\u2013": "-"}
)


@cache
def sections(name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The headed lists of phrases in words/<name>.txt, in order: one phrase a line, as `plain` writes it.

    "#" begins a comment. Double quotes around a phrase keep its outer blanks.
    """
    found: list[tuple[str, list[str]]] = []
    for line in (WORDS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            found.append((line[1:-1], []))
        elif line and not line.startswith("#"):
            found[-1][1].append(line[1:-1] if line.startswith('"') else line)
    return tuple((title, tuple(phrases)) for title, phrases in found)


def words(name: str, section: str) -> tuple[str, ...]:
    """One headed list of words/<name>.txt."""
    return next(phrases for title, phrases in sections(name) if title == section)


def plain(text: str) -> str:
    """Lower case, accents folded in Latin script, one blank between words, straight quotes."""
    if text.isascii():  # the same, without looking for what is not there
        return " ".join(text.lower().split())
    composed = unicodedata.normalize("NFC", text.translate(_QUOTES))
    return _BLANKS.sub(" ", _unaccented(composed.lower())).strip()


def says(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether plain `text` has one of the phrases. In a phrase, "…" stands for other words in between."""
    whole, with_gap = _parted(phrases)
    for phrase in whole:  # a plain loop: it runs over thousands of phrases for each mail
        if phrase in text:
            return True
    return any(_has(text, first, second) for first, second in with_gap)


def begins(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether plain `text` begins with one of the phrases."""
    return text.startswith(phrases)


@cache
def _parted(phrases: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    halves = ((phrase.partition("…")) for phrase in phrases if "…" in phrase)
    whole = tuple(phrase for phrase in phrases if "…" not in phrase)
    return whole, tuple((first.strip(), second.strip()) for first, _, second in halves)


def _has(text: str, first: str, second: str) -> bool:
    at = text.find(first)
    for _ in range(50):
        if at < 0:
            return False
        after = at + len(first)
        if text.find(second, after, after + REACH + len(second)) >= 0:
            return True
        at = text.find(first, after)
    return False


def _unaccented(text: str) -> str:
    if text.isascii():
        return text
    return "".join(_base(c) if "\u00c0" <= c <= "\u024f" else c for c in text)


def _base(letter: str) -> str:
    if letter in _LETTERS:
        return _LETTERS[letter]
    return unicodedata.normalize("NFD", letter)[0]


_LETTERS = {"ß": "ss", "ø": "o", "æ": "ae", "å": "a", "ł": "l", "đ": "d", "\u0131": "i", "œ": "oe"}
