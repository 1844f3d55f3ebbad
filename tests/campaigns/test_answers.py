"""The forms take what fits and nothing else."""

import json

import pytest
from pydantic import ValidationError

from campaigns.answers import AuditAnswer, DraftAnswer, Qualification

GOOD_DRAFT = {
    "subject": "A question for Benton",
    "paragraphs": [
        {"sentences": [{"text": "Hello James,", "sources": ["lead.first_name"]}]},
        {
            "sentences": [
                {"text": "I came across Benton in New Orleans.", "sources": ["lead.company", "lead.city"]},
                {"text": "Shall we talk?", "sources": []},
            ]
        },
    ],
}


def test_a_body_is_its_sentences_and_each_claim_points_at_its_own():
    draft = DraftAnswer.model_validate_json(json.dumps(GOOD_DRAFT)).draft()

    assert draft.subject == "A question for Benton"
    assert draft.body == "Hello James,\n\nI came across Benton in New Orleans. Shall we talk?"
    assert [draft.body[c.start : c.end] for c in draft.claims] == [
        "Hello James,",
        "I came across Benton in New Orleans.",
        "Shall we talk?",
    ]
    assert draft.claims[1].sources == ("lead.company", "lead.city")


@pytest.mark.parametrize(
    "answer",
    [
        {"fit": "maybe", "reason": "x"},
        {"fit": "YES", "reason": "x"},
        {"fit": True, "reason": "x"},
        {"fit": "yes"},
        {"fit": "yes", "reason": ""},
        {"fit": "yes", "reason": "   "},
        {"fit": "yes", "reason": 7},
        {"fit": "yes", "reason": "x" * 601},
        {"fit": "yes", "reason": "a\u0000b"},
        {"fit": "yes", "reason": "a\nb"},
        {"fit": "yes", "reason": "a\u2028b"},
        {"fit": "yes", "reason": "a\u001b[31mb"},
        {"fit": "yes", "reason": "x", "send": True},
        [],
        "yes",
        None,
    ],
)
def test_an_answer_that_does_not_fit_is_refused(answer):
    with pytest.raises(ValidationError):
        Qualification.model_validate_json(json.dumps(answer))


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "two\r\nBcc: all@example.com"},
        {"subject": "x" * 151},
        {"paragraphs": []},
        {"paragraphs": [{"sentences": []}]},
        {"paragraphs": [{"sentences": [{"text": "x"}]}]},
        {"paragraphs": [{"sentences": [{"text": "x", "sources": "lead.city"}]}]},
        {"paragraphs": [{"sentences": [{"text": "x", "sources": ["y"] * 7}]}]},
        {"paragraphs": [{"sentences": [{"text": "x" * 600, "sources": []}] * 12}]},
        {"to": "somebody@example.com"},
    ],
)
def test_a_draft_that_does_not_fit_is_refused(change):
    with pytest.raises(ValidationError):
        DraftAnswer.model_validate_json(json.dumps(GOOD_DRAFT | change))


FINDING = {"kind": "tone", "quote": "Hey!!!", "explanation": "It shouts."}


@pytest.mark.parametrize(
    ("verdict", "findings", "fits"),
    [
        ("clean", [], True),
        ("findings", [FINDING], True),
        ("clean", [FINDING], False),
        ("findings", [], False),
    ],
)
def test_a_verdict_that_contradicts_its_findings_is_no_verdict(verdict, findings, fits):
    answer = json.dumps({"verdict": verdict, "findings": findings})

    if fits:
        assert AuditAnswer.model_validate_json(answer).verdict == verdict
    else:
        with pytest.raises(ValidationError):
            AuditAnswer.model_validate_json(answer)


def test_an_error_never_repeats_the_answer():
    with pytest.raises(ValidationError) as caught:
        Qualification.model_validate_json('{"fit": "call +1 555 0100", "reason": "x"}')

    assert "555" not in str(caught.value)
