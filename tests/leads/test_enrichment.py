"""What providers are asked and what becomes of their answers, over real HTTP."""

import logging
import time
from datetime import UTC, datetime, timedelta

import pytest

from keychain.crypto.secret import Secret
from leads.enrichment.apollo import Apollo
from leads.enrichment.directory_http import DirectoryHttp
from leads.enrichment.edge import (
    BadKey,
    Found,
    NotAsked,
    NotFound,
    Outcome,
    Partial,
    Question,
    QuotaExceeded,
    RateLimited,
    Unavailable,
)
from leads.enrichment.indiamart import Enquiries, IndiaMart
from leads.enrichment.rocketreach import RocketReach
from leads.enrichment.wire import Limits
from leads.enrichment.zoominfo import ZoomInfo
from leads.vocabulary import Target
from tests.servers import enrichment as server

T = Target
JANE = Question(email=server.JANE)
LIMITS = Limits(seconds=5.0, most=100_000)
NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)


@pytest.fixture
def there():
    with server.running() as running:
        yield running


class IndiaMartFor:
    """IndiaMART under the face of the others: it pulls the last day and looks in it."""

    def __init__(self, base, limits):
        self.mart = IndiaMart(base, limits)

    def ask(self, question, key) -> Outcome:
        pulled = self.mart.pull(NOW - timedelta(days=1), NOW, key)
        return pulled.find(question) if isinstance(pulled, Enquiries) else pulled


def provider(name: str, url: str, limits: Limits = LIMITS):
    if name == "directory":
        return DirectoryHttp(f"{url}/directory", lambda host, port: "127.0.0.1", limits)
    return {"apollo": Apollo, "rocketreach": RocketReach, "zoominfo": ZoomInfo, "indiamart": IndiaMartFor}[
        name
    ](url, limits)


PROVIDERS = ["apollo", "rocketreach", "zoominfo", "indiamart", "directory"]
PAID = ["apollo", "rocketreach", "zoominfo", "directory"]
EVERYTHING = {
    "apollo": {
        T.EMAIL: "jane@acme.example", T.FIRST_NAME: "Jane", T.LAST_NAME: "Doe", T.FULL_NAME: "Jane Doe",
        T.TITLE: "Head of Sales", T.LINKEDIN: "http://www.linkedin.com/in/janedoe", T.CITY: "Berlin",
        T.COUNTRY: "Germany", T.COMPANY: "Acme", T.WEBSITE: "http://www.acme.example",
        T.PHONE: "+49301234567",
    },
    "rocketreach": {
        T.EMAIL: "jane@acme.example", T.FULL_NAME: "Jane Doe", T.TITLE: "Head of Sales", T.COMPANY: "Acme",
        T.LINKEDIN: "https://www.linkedin.com/in/janedoe", T.CITY: "Berlin", T.STATE: "Berlin",
        T.COUNTRY: "DE", T.PHONE: "+49 30 1234567",
    },
    "zoominfo": {
        T.EMAIL: "jane@acme.example", T.FIRST_NAME: "Jane", T.LAST_NAME: "Doe", T.TITLE: "Head of Sales",
        T.PHONE: "+49 30 1234567", T.CITY: "Berlin", T.COUNTRY: "Germany", T.COMPANY: "Acme",
        T.LINKEDIN: "https://www.linkedin.com/in/janedoe", T.WEBSITE: "www.acme.example",
    },
    "indiamart": {
        T.EMAIL: "jane@acme.example", T.FULL_NAME: "Jane Doe", T.COMPANY: "Acme", T.PHONE: "+91-8384869226",
        T.STREET: "Dehradun, Uttarakhand", T.CITY: "Dehradun", T.STATE: "Uttarakhand", T.ZIP: "248001",
        T.COUNTRY: "IN",
    },
    "directory": {
        T.EMAIL: "jane@acme.example", T.FIRST_NAME: "Jane", T.TITLE: "Head of Sales",
        T.PHONE: "+49 30 1234567",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_person_who_is_known_is_found_with_clean_fields(there, name):
    outcome = provider(name, there.url).ask(JANE, Secret(server.GOOD))

    assert isinstance(outcome, Found)
    assert outcome.fields == EVERYTHING[name]


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_person_who_is_unknown_is_not_found(there, name):
    outcome = provider(name, there.url).ask(Question(email="no@one.example"), Secret(server.GOOD))

    assert isinstance(outcome, NotFound)


@pytest.mark.parametrize("name", ["apollo", "rocketreach", "zoominfo"])
def test_a_person_is_found_by_name_and_company(there, name):
    question = Question(first_name="Jane", last_name="Doe", company="Acme")

    assert isinstance(provider(name, there.url).ask(question, Secret(server.GOOD)), Found)


@pytest.mark.parametrize("name", ["apollo", "rocketreach", "zoominfo"])
def test_a_part_of_an_answer_is_told_from_the_whole(there, name):
    outcome = provider(name, there.url).ask(Question(email=server.PAT), Secret(server.GOOD))

    assert isinstance(outcome, Partial)
    assert outcome.fields in ({T.FIRST_NAME: "Pat"}, {T.FULL_NAME: "Pat Roe"})
    assert (outcome.retry_after is not None) == (name == "rocketreach")


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_key_that_is_refused_stops_the_asking(there, name):
    assert isinstance(provider(name, there.url).ask(JANE, Secret(server.BAD)), BadKey)


@pytest.mark.parametrize("name", PAID)
def test_an_account_without_credits_is_told_from_a_bad_key(there, name):
    assert isinstance(provider(name, there.url).ask(JANE, Secret(server.EMPTY)), QuotaExceeded)


@pytest.mark.parametrize("name", PROVIDERS)
def test_too_many_questions_are_answered_with_a_pause(there, name):
    outcome = provider(name, there.url).ask(JANE, Secret(server.BUSY))

    assert isinstance(outcome, RateLimited)
    assert outcome.retry_after == {"rocketreach": 7, "indiamart": 300}.get(name, 60)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17),
        ("0", 1),
        ("999999999", 86400),
        ("soon", 60),
        ("", 60),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1),
    ],
)
def test_the_pause_is_the_one_that_the_provider_names(there, header, seconds):
    there.headers = {"Retry-After": header}

    assert provider("apollo", there.url).ask(JANE, Secret(server.BUSY)).retry_after == seconds


FAULTS = {
    "error": "answered with an error (500).",
    "malformed": "did not answer with the JSON",
    "list": "did not answer with the JSON",
    "huge": "is longer than 100 kB",
    "slow": "did not answer within",
    "drip": "did not answer within",
    "cut": "did not answer in HTTP.",
    "redirect": "a redirect, which is not followed.",
    "noise": "did not answer in HTTP.",
}


@pytest.mark.parametrize("fault", server.FAULTS)
@pytest.mark.parametrize("name", PROVIDERS)
def test_whatever_goes_wrong_is_an_outcome_with_a_sentence(there, name, fault):
    """Guards the deadline (slow, drip), the bound (huge) and the refusal of redirects."""
    there.fault = fault

    began = time.monotonic()

    outcome = provider(name, there.url, Limits(seconds=0.3, most=100_000)).ask(JANE, Secret(server.GOOD))

    assert isinstance(outcome, Unavailable)
    assert time.monotonic() - began < 1.5
    assert FAULTS[fault] in outcome.sentence
    assert not any(seen.path == "/elsewhere" for seen in there.seen)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_that_is_down_is_unavailable(name):
    outcome = provider(name, "http://127.0.0.1:9").ask(JANE, Secret(server.GOOD))

    assert isinstance(outcome, Unavailable)
    assert "cannot be reached" in outcome.sentence


@pytest.mark.parametrize("name", PAID)
def test_a_question_that_cannot_be_answered_is_not_asked(there, name):
    outcome = provider(name, there.url).ask(Question(company="Acme"), Secret(server.GOOD))

    assert isinstance(outcome, NotAsked)
    assert there.seen == []


@pytest.mark.parametrize("name", ["apollo", "rocketreach", "zoominfo", "directory"])
def test_the_key_travels_in_a_header_and_is_logged_nowhere(there, name, caplog, capfd):
    caplog.set_level(logging.DEBUG)

    provider(name, there.url).ask(JANE, Secret(server.GOOD))

    secret = server.GOOD.partition(":")[2]
    assert all(
        secret not in seen.path + str(seen.query) and secret.encode() not in seen.body for seen in there.seen
    )
    assert server.GOOD not in caplog.text + capfd.readouterr().err


def test_only_what_the_question_holds_leaves_for_the_provider(there):
    provider("apollo", there.url).ask(JANE, Secret(server.GOOD))

    assert there.seen[0].json == {
        "email": server.JANE,
        "reveal_personal_emails": False,
        "reveal_phone_number": False,
    }


def test_zoominfo_signs_in_once_for_many_questions(there):
    zoominfo = ZoomInfo(there.url, LIMITS)

    zoominfo.ask(JANE, Secret(server.GOOD))
    zoominfo.ask(JANE, Secret(server.GOOD))

    assert [seen.path.rpartition("/")[2] for seen in there.seen] == ["token", "enrich", "enrich"]
    assert "token-of" not in repr(zoominfo)


def test_zoominfo_signs_in_again_after_a_token_was_refused(there):
    zoominfo = ZoomInfo(there.url, LIMITS)

    zoominfo.ask(JANE, Secret("app:revoked"))
    zoominfo.ask(JANE, Secret("app:revoked"))

    assert [seen.path.rpartition("/")[2] for seen in there.seen] == ["token", "enrich"] * 2


def test_indiamart_is_asked_in_indian_time_for_a_week_at_most(there):
    mart = IndiaMart(there.url, LIMITS)

    mart.pull(NOW - timedelta(days=7), NOW, Secret(server.GOOD))
    outcome = mart.pull(NOW - timedelta(days=8), NOW, Secret(server.GOOD))

    assert [seen.query["start_time"] for seen in there.seen] == ["13-09-202617:30:00"]
    assert isinstance(outcome, NotAsked)


def test_indiamart_without_enquiries_is_an_empty_list(there):
    outcome = IndiaMart(there.url, LIMITS).pull(NOW - timedelta(days=1), NOW, Secret(server.EMPTY))

    assert outcome == Enquiries(())


def test_an_enquiry_is_found_by_its_phone_number(there):
    pulled = IndiaMart(there.url, LIMITS).pull(NOW - timedelta(days=1), NOW, Secret(server.GOOD))

    assert isinstance(pulled, Enquiries)
    assert isinstance(pulled.find(Question(phone="09876 543210")), Found)
    assert isinstance(pulled.find(Question(phone="12")), NotFound)
