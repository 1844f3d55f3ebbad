"""What is wrong with a text whatever it is about: leftovers of a template, hidden signs, length, tone."""

import re
import unicodedata
from collections.abc import Iterator

from campaigns.checks.findings import Finding, Kind, Rules, Text
from campaigns.checks.lists import pattern
from campaigns.facts import Facts, is_hidden

_VARIABLES = pattern("variables")
_NOBODY = pattern("greetings")
_EMPTIES = pattern("empties", re.NOFLAG)
_MARKDOWN = re.compile(r"\*\*[^*\n]+\*\*|^#{1,6} .+$|```|^[ \t]*[-*•] ", re.MULTILINE)
_SHOUT = re.compile(r"[!?]{2,}|!")
_CAPITALS = re.compile(r"(?<![\w./@-])[^\W\d_]{4,}(?![\w@]|[./-]\w)")
_WORD = re.compile(r"\w[\w'\u2019-]*")


def leftovers(text: Text) -> Iterator[Finding]:
    """Variables that nothing was put in for, in the syntax of any tool that people paste from."""
    yield from text.matches(
        Kind.VARIABLE, _VARIABLES, "“{}” looks like a placeholder that was never filled in."
    )
    yield from text.matches(Kind.VARIABLE, _NOBODY, "The greeting has no name.")
    yield from text.matches(Kind.VARIABLE, _EMPTIES, "“{}” looks like a value that was missing.")
    yield from text.matches(Kind.TONE, _MARKDOWN, "This is markup; the mail is plain text.")


def hidden(text: Text) -> Iterator[Finding]:
    """What a person cannot see, or takes for something else."""
    for place, character in enumerate(text.raw):
        if _is_unseen(text.raw, place, character):
            yield text.found(
                Kind.HIDDEN, (place, place + 1), f"A character that nobody can see ({_code(character)})."
            )
    for match in _WORD.finditer(text.raw):
        if len(_alphabets(match.group())) > 1:
            yield text.found(
                Kind.HIDDEN, match.span(), f"“{match.group()[:60]}” mixes letters of two alphabets."
            )


def _is_unseen(raw: str, place: int, character: str) -> bool:
    if character in "\u200c\u200d":
        around = raw[max(0, place - 1) : place] + raw[place + 1 : place + 2]
        return len(around) < 2 or any(c.isascii() or "LATIN" in unicodedata.name(c, "") for c in around)
    is_control = unicodedata.category(character) == "Cc" and character not in "\n\t"
    return is_control or is_hidden(character) or character in "\u2028\u2029\u115f\u1160\u3164\uffa0\u2800"


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


def _alphabets(word: str) -> set[str]:
    names = {unicodedata.name(character, "").split(" ")[0] for character in word if character.isalpha()}
    return names & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}


def length(subject: Text, body: Text, rules: Rules) -> Iterator[Finding]:
    words = len(_WORD.findall(body.raw))
    whole = (0, len(body.raw))
    if words < rules.min_words:
        yield body.found(
            Kind.LENGTH, whole, f"The mail has {words} words; at least {rules.min_words} are expected."
        )
    if words > rules.max_words:
        yield body.found(
            Kind.LENGTH, whole, f"The mail has {words} words; at most {rules.max_words} are expected."
        )
    if not subject.raw.strip():
        yield subject.found(Kind.LENGTH, (0, len(subject.raw)), "The subject is empty.")
    if len(subject.raw) > rules.max_subject:
        sentence = f"The subject has {len(subject.raw)} characters; at most {rules.max_subject} are expected."
        yield subject.found(Kind.LENGTH, (rules.max_subject, len(subject.raw)), sentence)
    if "\n" in subject.raw or "\r" in subject.raw:
        yield subject.found(Kind.HIDDEN, (0, len(subject.raw)), "The subject has more than one line.")


def tone(text: Text, facts: Facts) -> Iterator[Finding]:
    """Shouting: capitals that no fact spells that way, more than one exclamation mark, pictures."""
    if text.folded.count("!") > 1 or re.search(r"[!?]{2,}", text.folded):
        yield from text.matches(Kind.TONE, _SHOUT, "More than one exclamation mark shouts.")
    spelled = {word for value in facts.named().values() for word in _CAPITALS.findall(value)}
    for match in _CAPITALS.finditer(text.folded):
        if (
            match.group().isupper()
            and match.group().lower() != match.group()
            and match.group() not in spelled
        ):
            yield text.found(Kind.TONE, match.span(), f"“{match.group()[:60]}” in capitals shouts.")
    for place, character in enumerate(text.raw):
        if unicodedata.category(character) == "So" and character not in "°©®™№":
            yield text.found(Kind.TONE, (place, place + 1), "A picture does not belong into a first mail.")
