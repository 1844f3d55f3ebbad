"""Phrases that no first mail should hold, secrets, and traces of the machine that wrote it."""

import re
from collections.abc import Iterator

from campaigns.checks.findings import Finding, Kind, Rules, Text, Where
from campaigns.checks.lists import pattern
from campaigns.facts import Facts

_PROMISES = pattern("promises")
_DEMANDS = pattern("demands")
_MACHINE = pattern("machine")
_FALSE_PAST = pattern("past")
_FALSE_THREAD = re.compile(r"^\s*(?:re|fwd?|aw|wg|antw|sv|rv|tr)\s*:", re.IGNORECASE)
_SECRETS = pattern("secrets", re.NOFLAG)
_CARD = re.compile(r"\b(?:\d[ -]?){12,18}\d\b")


def forbidden(text: Text, facts: Facts, rules: Rules) -> Iterator[Finding]:
    """Promises, demands and false threads. What a line of the brief says itself may be said."""
    ours = " ".join(facts.brief).casefold()
    for phrases, sentence in (
        (_PROMISES, "“{}” promises or presses."),
        (_DEMANDS, "“{}” asks for what no first mail should ask for."),
    ):
        for finding in text.matches(Kind.FORBIDDEN, phrases, sentence):
            if text.raw[finding.start : finding.end].casefold() not in ours:
                yield finding
    yield from text.matches(Kind.FORBIDDEN, _MACHINE, "“{}” speaks as or to a machine.")
    yield from text.matches(Kind.FORBIDDEN, _FALSE_PAST, "“{}” claims a contact that there was not.")
    if text.where is Where.SUBJECT:
        yield from text.matches(Kind.FORBIDDEN, _FALSE_THREAD, "“{}” pretends to be an answer.")
    for phrase in rules.forbidden:
        if phrase.strip():
            own = re.compile(rf"(?<!\w){re.escape(phrase.strip())}(?!\w)", re.IGNORECASE)
            yield from text.matches(
                Kind.FORBIDDEN, own, "“{}” is on your workspace's list of forbidden phrases."
            )


def secrets(text: Text) -> Iterator[Finding]:
    yield from text.matches(Kind.SECRET, _SECRETS, "This looks like a key, a password or an account number.")
    for match in _CARD.finditer(text.folded):
        if _is_card(match.group()):
            yield text.found(Kind.SECRET, match.span(), "This looks like the number of a card.")


def _is_card(shown: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1, annex B)."""
    digits = [int(digit) for digit in shown if digit.isdigit()][::-1]
    total = sum(digits[0::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return total % 10 == 0 and len(set(digits)) > 1
