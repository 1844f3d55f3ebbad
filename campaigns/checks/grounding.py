"""Whether each sentence says only what its sources say: numbers, names, companies and places."""

import re
from collections.abc import Iterator, Mapping

from campaigns.checks.findings import Finding, Kind, Text, Where
from campaigns.checks.lists import pattern, words
from campaigns.facts import Claim, Draft, Facts

_NUMBER = re.compile(r"\d+(?:[.,:/'\u2019\u00a0\u202f]\d+)*")
_GROUPED = re.compile(r"(?<=\d)[.,'\u2019\u00a0\u202f](?=\d{3}(?!\d))")
_AMOUNT = re.compile(
    r"\b(?:hundreds?|thousands?|millions?|billions?|dozens?|doubled?|tripled?|twice|halved?|percent"
    r"|hunderte?|tausende?|millionen|prozent|verdoppelt|cent|mille|millones|por ciento)\b|%",
    re.IGNORECASE,
)
_OWN_TIME = re.compile(
    r"\b(?:5|10|15|20|30|45|60)[ -]?(?:-?minute|minutes?|mins?|minuten|minutos|minuti)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_](?:\w|[&.+-](?=\w))*(?:['\u2019][^\W\d_]+)*")
_POSSESSIVE = re.compile(r"['\u2019]s?$")
_BREAK = re.compile(r"[.!?:;…]\s+|\n|^[“\"'\u2018(]+|[\u2013\u2014]\s*|[“„«]")

_NO_NAMES = words("no_names")
_STARTERS = words("starters")
_VERBS = words("verbs")
_GERMAN = words("german")
_STATEMENTS = pattern("statements")


def grounding(draft: Draft, facts: Facts, suspects: frozenset[str]) -> Iterator[Finding]:
    """Findings for sentences with sources. A fact among `suspects` supports nothing."""
    named = {name: value for name, value in facts.named().items() if name not in suspects}
    body = Text.of(Where.BODY, draft.body)
    for claim in draft.claims:
        yield from _sourced(body, claim, facts.named(), suspects)
        yield from _supported(body, claim, named)
    if draft.claims:
        yield from _uncovered(body, draft.claims)
        yield from _subject(draft, named)


def _sourced(
    text: Text, claim: Claim, named: Mapping[str, str], suspects: frozenset[str]
) -> Iterator[Finding]:
    span = (claim.start, claim.end)
    if not claim.sources:
        yield from _states_without(text, claim)
    for source in claim.sources:
        if source not in named:
            yield text.found(
                Kind.SOURCE, span, f"It names “{source[:60]}” as its source, which does not exist."
            )
        elif source in suspects:
            yield text.found(Kind.SOURCE, span, f"Its source {source[:60]} holds text that gives orders.")


def _states_without(text: Text, claim: Claim) -> Iterator[Finding]:
    """A sentence that says something about its reader and names no source; a question says nothing."""
    sentence = text.folded[claim.start : claim.end]
    if not sentence.rstrip().endswith("?") and _STATEMENTS.search(sentence):
        span = (claim.start, claim.end)
        yield text.found(Kind.SOURCE, span, "It says something about its reader and names no source.")


def _uncovered(text: Text, claims: tuple[Claim, ...]) -> Iterator[Finding]:
    place = 0
    for claim in [*sorted(claims, key=lambda one: one.start), Claim(len(text.raw), len(text.raw), ())]:
        if text.raw[place : claim.start].strip():
            yield text.found(Kind.SOURCE, (place, claim.start), "This part says nothing about its sources.")
        place = max(place, claim.end)


def _supported(text: Text, claim: Claim, named: Mapping[str, str]) -> Iterator[Finding]:
    allowed = [
        value for name, value in named.items() if name in claim.sources or not name.startswith("lead.")
    ]
    yield from _unsupported(text, (claim.start, claim.end), allowed, named)


def _subject(draft: Draft, named: Mapping[str, str]) -> Iterator[Finding]:
    """A subject has no sources of its own: any fact will do, and in title case any word of the body."""
    text = Text.of(Where.SUBJECT, draft.subject)
    plain_words = " ".join(word for word in _WORD.findall(draft.body) if word.islower())
    yield from _unsupported(text, (0, len(draft.subject)), [*named.values(), plain_words], named)


def _unsupported(
    text: Text, span: tuple[int, int], allowed: list[str], named: Mapping[str, str]
) -> Iterator[Finding]:
    yield from _numbers(text, span, allowed)
    yield from _names(text, span, allowed, named)


def _numbers(text: Text, span: tuple[int, int], allowed: list[str]) -> Iterator[Finding]:
    sentence = text.folded[span[0] : span[1]]
    sentence = _OWN_TIME.sub(lambda match: " " * len(match.group()), sentence)
    known = {_plain_number(number) for value in allowed for number in _NUMBER.findall(value)}
    said = " ".join(allowed).casefold()
    for match in _NUMBER.finditer(sentence):
        if _plain_number(match.group()) not in known:
            yield _missing(text, span[0], match, "number")
    for match in _AMOUNT.finditer(sentence):
        if match.group().casefold() not in said:
            yield _missing(text, span[0], match, "amount")


def _plain_number(number: str) -> str:
    return _GROUPED.sub("", number).replace(",", ".")


def _missing(text: Text, offset: int, match: re.Match[str], what: str) -> Finding:
    span = (offset + match.start(), offset + match.end())
    return text.found(Kind.UNSUPPORTED, span, f"The {what} “{match.group()[:60]}” is in none of its sources.")


def _names(
    text: Text, span: tuple[int, int], allowed: list[str], named: Mapping[str, str]
) -> Iterator[Finding]:
    sentence = text.folded[span[0] : span[1]]
    known = _words_of(allowed)
    elsewhere = {word: name for name, value in named.items() for word in _words_of([value])}
    for match in _candidates(sentence):
        word = _bare(match.group())
        if word in known:
            continue
        at = (span[0] + match.start(), span[0] + match.end())
        shown = match.group()[:60]
        if word in elsewhere:
            sentence_for = f"“{shown}” stands in {elsewhere[word]}, which is not named as a source here."
            yield text.found(Kind.SOURCE, at, sentence_for)
        else:
            yield text.found(Kind.UNSUPPORTED, at, f"“{shown}” is in none of its sources.")


def _words_of(values: list[str]) -> set[str]:
    whole = {_bare(match.group()) for value in values for match in _WORD.finditer(value)}
    return whole | {part for word in whole for part in re.split(r"[&.+-]", word) if part}


def _bare(word: str) -> str:
    return _POSSESSIVE.sub("", word).strip(".-+&").casefold()


def _candidates(sentence: str) -> Iterator[re.Match[str]]:
    """Words that are written like names. German writes every noun so: there, only runs of them count."""
    found = list(_WORD.finditer(sentence))
    starts = {0} | {match.end() for match in _BREAK.finditer(sentence)}
    is_german = sum(_bare(word.group()) in _GERMAN for word in found) >= max(2, len(found) // 8)
    for place, match in enumerate(found):
        if not _is_name_like(match.group()):
            continue
        follows = place > 0 and _is_run(sentence, found[place - 1], match)
        leads = place + 1 < len(found) and _is_run(sentence, match, found[place + 1])
        opens = match.start() in starts and not _has_inner_capital(match.group())
        if is_german or opens:
            if follows or leads or (opens and not is_german and _is_subject(found, place)):
                yield match
        else:
            yield match


def _is_name_like(word: str) -> bool:
    return any(letter.isupper() for letter in word) and _bare(word) not in _NO_NAMES


def _has_inner_capital(word: str) -> bool:
    return any(letter.isupper() for letter in word[1:])


def _is_run(sentence: str, first: re.Match[str], second: re.Match[str]) -> bool:
    between = sentence[first.end() : second.start()]
    return between.strip() in ("", "&") and _is_name_like(first.group()) and _is_name_like(second.group())


def _is_subject(found: list[re.Match[str]], place: int) -> bool:
    """A sentence's first word is a name if a verb of the third person follows: “Microsoft uses it.”"""
    if place + 1 >= len(found) or _bare(found[place].group()) in _STARTERS:
        return False
    return _bare(found[place + 1].group()) in _VERBS
