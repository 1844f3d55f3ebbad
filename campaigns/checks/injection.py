"""Orders in a lead's data: facts that speak to a machine, and drafts that repeat or obey them.

Patterns can only know what others have tried. They are the second line: the first is that a draft
may say nothing that a trusted source does not say, and a suspect fact is no source.
"""

import re
from collections.abc import Iterator, Mapping

from campaigns.checks.findings import Finding, Kind, Text, Where
from campaigns.checks.lists import lookalikes, pattern
from campaigns.facts import MAX_VALUE, is_hidden, visible

_ORDERS = pattern("injection")
_NAME_FIELDS = re.compile(
    r"(?:first|last|full|given|family|company)?_?name|company|organi[sz]ation|employer|title|position|role|city|town|state"
    r"|country|industry|location|county|region",
    re.IGNORECASE,
)
_LONGEST_NAME = 120
_LONGEST_NAME_WORDS = 14
_LEET = str.maketrans("013457@$!|", "oieastasil")
_LOOKALIKES = lookalikes()
_SPACED = re.compile(r"\b(?:\w[ ._*-]){4,}\w\b")
_WORDS = re.compile(r"\w+")
_RUN = 4

_SENTENCE = "The field {} holds text that speaks to a machine. A person has to look at this lead."


def injection_suspects(lead_facts: Mapping[str, str]) -> list[Finding]:
    """Facts that look like orders, are longer than their kind of fact, or hide something. Give it the
    values as they were imported: what is hidden in them is one of the signs."""
    return [finding for name, value in lead_facts.items() if (finding := _suspect(name, value))]


def _suspect(name: str, imported: str) -> Finding | None:
    value = imported[:MAX_VALUE]  # no model sees more of it
    column = _first_order(visible(name[:MAX_VALUE]))
    span = column or _first_order(visible(value)) or _odd(name, value)
    if span is None:
        return None
    sentence = _SENTENCE.format(f"lead.{visible(name)[:60]}")
    start, end = (0, 0) if column else span
    return Finding(Where.LEAD, start, min(end, len(value)), Kind.INJECTION, sentence, name)


def _first_order(value: str) -> tuple[int, int] | None:
    """The first match in any spelling of the value; all of it where a spelling moved the letters."""
    text = Text.of(Where.LEAD, value)
    plain = text.folded.translate(_LOOKALIKES)
    together = _SPACED.sub(lambda match: re.sub(r"[ ._*-]", "", match.group()), plain)
    for spelling in dict.fromkeys(
        (text.folded, plain, plain.translate(_LEET), together, together.translate(_LEET))
    ):
        if match := _ORDERS.search(spelling):
            return match.span() if len(spelling) == len(value) else (0, len(value))
    return None


def _odd(name: str, value: str) -> tuple[int, int] | None:
    """A name that is a paragraph, or a value with characters that nobody can see."""
    hidden = [place for place, character in enumerate(value) if is_hidden(character)]
    if len(hidden) > 2:
        return hidden[0], hidden[-1] + 1
    line = value.strip()
    is_long = len(line) > _LONGEST_NAME or len(line.split()) > _LONGEST_NAME_WORDS or "\n" in line
    return (0, len(value)) if is_long and _NAME_FIELDS.fullmatch(name.strip().replace(" ", "_")) else None


def repeated_orders(text: Text, lead_facts: Mapping[str, str], suspects: list[Finding]) -> Iterator[Finding]:
    """Where a draft repeats four words in a row of a suspect fact."""
    runs = {run for finding in suspects for _, run in _runs(lead_facts[finding.fact])}
    for span, run in _runs(text.folded):
        if run in runs:
            yield text.found(
                Kind.INJECTION, span, "These words come from a field of the lead that gives orders."
            )


def _runs(text: str) -> Iterator[tuple[tuple[int, int], tuple[str, ...]]]:
    words = list(_WORDS.finditer(text))
    for place in range(len(words) - _RUN + 1):
        run = words[place : place + _RUN]
        yield (run[0].start(), run[-1].end()), tuple(word.group().casefold() for word in run)
