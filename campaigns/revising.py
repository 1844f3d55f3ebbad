"""What an edit leaves of a text: sentences that stay, findings that keep their place, and what changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from campaigns.checks import Finding, Where

WORDS = re.compile(r"\S+\s*|\s+")  # a word takes the space after it along
MOST_WORDS = 4000


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of text that stayed ("same"), came ("added") or went ("removed")."""

    kind: str
    text: str


def changes(before: str, after: str) -> list[Change]:
    """The later text with what went still in it, word by word. Joined without what went, it is `after`."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        return [Change("removed", before), Change("added", after)]
    found: list[Change] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Change("same", "".join(new[c:d])))
            continue
        if b > a:
            found.append(Change("removed", "".join(old[a:b])))
        if d > c:
            found.append(Change("added", "".join(new[c:d])))
    return found


def kept_claims(before: str, claims: Sequence[Mapping[str, Any]], after: str) -> list[dict[str, Any]]:
    """The claims whose sentences stand in the later text as they were, at their new places, in order."""
    kept, place = [], 0
    for claim in sorted(claims, key=lambda each: int(each["start"])):
        sentence = before[claim["start"] : claim["end"]]
        at = after.find(sentence, place) if sentence.strip() else -1
        if at >= 0:
            place = at + len(sentence)
            kept.append({"start": at, "end": place, "sources": list(claim["sources"])})
    return kept


def kept_findings(before: str, findings: Sequence[Mapping[str, Any]], after: str) -> list[Finding]:
    """Findings about words that still stand, moved to where they stand now. One about the whole text goes."""
    kept = []
    for each in findings:
        finding = Finding(**{name: each[name] for name in Finding.__dataclass_fields__ if name in each})
        quote = before[finding.start : finding.end]
        if finding.where != Where.BODY or not quote.strip() or quote == before:
            continue
        at = after.find(quote)
        if at >= 0:
            kept.append(replace(finding, start=at, end=at + len(quote)))
    return kept
