"""A body cut into sentences, each beside the facts it rests on and what was found in it; no rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

PARAGRAPH = re.compile(r"\n\s*\n")
LINE = re.compile(r"[^\n]*\S[^\n]*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `is_marked` where a finding is about it."""

    text: str
    is_marked: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A fact by its name, and its value; empty where the fact is not there any more."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence, or a line that nobody has given sources to."""

    pieces: list[Piece]
    sources: list[Source]
    findings: list[dict[str, Any]]
    begins_paragraph: bool


def rows(
    body: str,
    sentences: Sequence[Mapping[str, Any]],
    findings: Sequence[Mapping[str, Any]],
    named: Mapping[str, str],
) -> list[Row]:
    """The body from its beginning to its end: every character that shows is in exactly one row."""
    placed = [dict(each) for each in findings if _is_placed(each, body)]
    found = []
    for start, end, sources in _spans(body, sentences):
        here = [each for each in placed if each["start"] < end and each["end"] > start]
        before = body[:start].rstrip(" ")
        found.append(
            Row(
                pieces=_pieces(body, start, end, here),
                sources=[Source(name, named.get(name, "")) for name in sources],
                findings=[each for each in here if each["start"] >= start or start == 0],
                begins_paragraph=start == 0 or bool(PARAGRAPH.search(before[-4:])),
            )
        )
    return found


def above(body: str, findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The findings that have no place in the body: about the subject, the lead, or the whole mail."""
    return [dict(each) for each in findings if not _is_placed(each, body)]


def _is_placed(finding: Mapping[str, Any], body: str) -> bool:
    start, end = int(finding["start"]), int(finding["end"])
    return bool(finding["where"] == "body" and 0 <= start < end <= len(body) and end - start < len(body))


def _spans(body: str, sentences: Sequence[Mapping[str, Any]]) -> list[tuple[int, int, list[str]]]:
    """The sentences in order, and the lines between them that belong to none."""
    spans: list[tuple[int, int, list[str]]] = []
    at = 0
    for each in sorted(sentences, key=lambda each: int(each["start"])):
        start, end = max(at, each["start"]), min(len(body), each["end"])
        if start >= end:
            continue
        spans += _lines(body, at, start)
        spans.append((start, end, list(each["sources"])))
        at = end
    return spans + _lines(body, at, len(body))


def _lines(body: str, start: int, end: int) -> list[tuple[int, int, list[str]]]:
    return [(line.start(), line.end(), []) for line in LINE.finditer(body, start, end)]


def _pieces(body: str, start: int, end: int, findings: Sequence[Mapping[str, Any]]) -> list[Piece]:
    edges = {start, end}
    for each in findings:
        edges |= {min(max(each["start"], start), end), min(max(each["end"], start), end)}
    cuts = sorted(edges)
    return [
        Piece(body[left:right], any(each["start"] < right and each["end"] > left for each in findings))
        for left, right in pairwise(cuts)
    ]
