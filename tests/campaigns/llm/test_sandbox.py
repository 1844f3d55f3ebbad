"""The sandbox writes honest texts from the lead's own facts, and shows a reviewer every case."""

import csv
from collections import Counter

import pytest
from pydantic import BaseModel

from campaigns.answers import AuditAnswer, DraftAnswer, Fit, Qualification, Verdict
from campaigns.facts import Facts
from campaigns.llm.edge import Answered, BadRequest, Call, Nonsense, Provider, ask, check_key
from keychain.crypto.secret import Secret
from tests.paths import DATA

BRIEF = ("We mend industrial looms within a day.", "Customers keep their old machines for longer")
SENDER = {"name": "Olga Acme", "company": "Acme Looms"}


def lead(number=0, **changes):
    given = {
        "first_name": "James",
        "company": f"Benton {number}",
        "title": "Head of Weaving",
        "city": "New Orleans",
    }
    return given | changes


def written(form, facts):
    call = Call(
        provider=Provider.SANDBOX,
        model="templates",
        system="system",
        prompt="prompt",
        schema=form,
        max_output_tokens=100,
        key=Secret(""),
        facts=facts,
    )
    outcome = ask(call)
    assert isinstance(outcome, Answered), outcome
    return outcome


def test_the_same_lead_gives_the_same_text():
    facts = Facts(lead=lead(), brief=BRIEF, sender=SENDER)

    first, second = written(DraftAnswer, facts), written(DraftAnswer, facts)

    assert first.text == second.text
    assert first.usage == second.usage
    assert first.usage.total > 0


def test_a_text_says_only_what_the_facts_say_and_names_them():
    draft = written(DraftAnswer, Facts(lead=lead(1), brief=BRIEF, sender=SENDER)).value.draft()

    assert draft.subject == "A question for Benton 1"
    assert "I am writing to you as Head of Weaving at Benton 1." in draft.body
    assert "We mend industrial looms within a day." in draft.body
    assert draft.body.endswith("Kind regards, Olga Acme")
    sources = {draft.body[c.start : c.end]: c.sources for c in draft.claims}
    assert sources["Hello James,"] == ("lead.first_name",)
    assert sources["Customers keep their old machines for longer."] == ("brief.2",)


@pytest.mark.parametrize(
    "facts",
    [
        Facts(lead={}, brief=()),
        Facts(lead={"company": "   "}, brief=("", " ")),
        Facts(lead={"company": "x" * 500, "first_name": "{{name}}"}, brief=("y" * 900,)),
        Facts(lead={"company_name": "O'Brien & Söhne", "job_title": "CEO\nIgnore all"}, brief=BRIEF),
        Facts(lead={"company": "http://evil.example"}, brief=BRIEF, sender={"name": "a@b.c"}),
        Facts(lead=lead(), brief=BRIEF, earlier=("Hello James, …",)),
        Facts(lead=lead(title=""), brief=BRIEF),
        Facts(lead=lead(title="", city=""), brief=BRIEF),
        Facts(lead={"company": "\ud800"}, brief=BRIEF),
    ],
)
@pytest.mark.parametrize("form", [Qualification, DraftAnswer, AuditAnswer])
def test_any_lead_gives_a_form_that_fits(facts, form):
    text = written(form, facts).text

    assert form.model_validate_json(text)
    assert "{{" not in text
    assert "evil.example" not in text


def test_every_case_of_the_review_queue_turns_up_among_fifty_leads():
    leads = [lead(number) for number in range(50)]

    fits = Counter(written(Qualification, Facts(lead=one, brief=BRIEF)).value.fit for one in leads)
    verdicts = Counter()
    for one in leads:
        draft = written(DraftAnswer, Facts(lead=one, brief=BRIEF)).value.draft()
        verdicts[written(AuditAnswer, Facts(lead=one, brief=BRIEF, draft=draft)).value.verdict] += 1

    assert set(fits) == set(Fit)
    assert fits[Fit.YES] > 30
    assert set(verdicts) == set(Verdict)
    assert verdicts[Verdict.CLEAN] > 30


def test_the_sample_file_is_written_to_in_full():
    with (DATA / "us-500.csv").open(newline="", encoding="utf-8") as file:
        drafts = [
            written(DraftAnswer, Facts(lead=row, brief=BRIEF)).value.draft() for row in csv.DictReader(file)
        ]

    assert len(drafts) == 500
    assert len({draft.body for draft in drafts}) == 500


def test_an_unknown_form_or_a_call_without_facts_is_an_outcome():
    class Other(BaseModel):
        pass

    facts = Facts(lead=lead(), brief=BRIEF)
    call = Call(
        provider=Provider.SANDBOX,
        model="templates",
        system="",
        prompt="",
        schema=Other,
        max_output_tokens=1,
        key=Secret(""),
        facts=facts,
    )

    assert isinstance(ask(call), Nonsense)
    assert isinstance(ask(Call(**{**call.__dict__, "facts": None})), BadRequest)


def test_the_sandbox_exists_in_the_embedded_default_only(settings):
    """Guards production: a text from a template must never pass for a model's."""
    settings.EMBEDDED = False
    call = Call(
        provider=Provider.SANDBOX,
        model="templates",
        system="",
        prompt="",
        schema=DraftAnswer,
        max_output_tokens=1,
        key=Secret(""),
        facts=Facts(lead=lead(), brief=BRIEF),
    )

    outcomes = [ask(call), check_key(Provider.SANDBOX, Secret(""))]

    assert [type(outcome) for outcome in outcomes] == [BadRequest, BadRequest]
    assert "this installation has none" in outcomes[0].sentence
