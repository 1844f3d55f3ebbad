"""What an edit leaves standing: sentences with their sources, findings in place, and what changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from campaigns.checks import Kind, Where
from campaigns.revising import MOST_WORDS, changes, kept_claims, kept_findings

OLD = "Hello Ada,\n\nwe repair looms. Carriers save eleven hours.\n\nOlga"
CLAIMS = [
    {"start": 0, "end": 10, "sources": ["lead.first_name"]},
    {"start": 12, "end": 28, "sources": ["brief.1"]},
    {"start": 29, "end": 56, "sources": []},
]


@given(some.text(max_size=200), some.text(max_size=200))
def test_nothing_of_either_text_is_lost(before, after):
    found = changes(before, after)

    assert "".join(each.text for each in found if each.kind != "removed") == after
    assert "".join(each.text for each in found if each.kind != "added") == before


def test_words_that_came_and_went_are_told_apart():
    found = [(each.kind, each.text) for each in changes("We repair old looms.", "We mend looms.")]

    assert found == [("same", "We "), ("removed", "repair old "), ("added", "mend "), ("same", "looms.")]


def test_a_text_too_long_to_compare_is_shown_whole():
    long = "word " * MOST_WORDS

    assert [each.kind for each in changes(long, "short")] == ["removed", "added"]


def test_a_sentence_that_stands_keeps_its_sources_at_its_new_place():
    new = "Dear Ada,\n\nwe repair looms. Carriers save time.\n\nOlga"

    kept = kept_claims(OLD, CLAIMS, new)

    assert [(new[each["start"] : each["end"]], each["sources"]) for each in kept] == [
        ("we repair looms.", ["brief.1"])
    ]


@pytest.mark.parametrize("new", ["Hello Bob, again. eleven hours it is", "eleven hours"])
def test_a_finding_about_words_that_stand_moves_with_them(new):
    finding = {
        "where": "body",
        "start": 43,
        "end": 55,
        "kind": "unsupported",
        "sentence": "None.",
        "fact": "",
    }

    (kept,) = kept_findings(OLD, [finding], new)

    assert new[kept.start : kept.end] == "eleven hours"
    assert (kept.kind, kept.where) == (Kind.UNSUPPORTED, Where.BODY)


@pytest.mark.parametrize(
    "finding",
    [
        {"where": "body", "start": 43, "end": 55, "kind": "unsupported", "sentence": "None."},
        {"where": "body", "start": 0, "end": len(OLD), "kind": "tone", "sentence": "All of it."},
        {"where": "lead", "start": 0, "end": 3, "kind": "injection", "sentence": "x", "fact": "company"},
    ],
)
def test_a_finding_about_words_that_went_goes_with_them(finding):
    assert kept_findings(OLD, [finding], "Hello Ada, how are you?") == []
