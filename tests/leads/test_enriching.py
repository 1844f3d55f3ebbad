"""Enrichment in the product: off without an owner's opt-in, shown before it is applied, with its source."""

from __future__ import annotations

import ast
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from audit.models import AuditRow
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from leads.actions import enrichment
from leads.actions.enrichment import NotNow, NotOptedIn, ask
from leads.actions.opt_ins import opt_in, opt_out
from leads.actions.people import add_lead, profile_of
from leads.enrichment.indiamart import IndiaMart
from leads.models import Enrichment, EnrichmentOptIn, Lead, Listing, Source
from tenants.binding import bound
from tests.leads.made import a_lead, by
from tests.paths import ROOT
from tests.servers.enrichment import BUSY, GOOD, JANE, running
from tests.world import client_of, olga, rita

# What they hold asks no provider: words, a file's rows, the guard of addresses.
PURE = {"leads.enrichment.edge", "leads.enrichment.directory_csv", "leads.enrichment.reach"}


@pytest.fixture
def person(world):
    return olga(world)


@pytest.fixture
def browser(world, person):
    return client_of(world.acme, person)


@pytest.fixture
def directory():
    with running() as server:
        yield server


def on(person, directory) -> EnrichmentOptIn:
    return opt_in(Kind.DIRECTORY, Secret(GOOD), by=by(person), endpoint=f"{directory.url}/directory")


def test_without_the_opt_in_row_nothing_is_asked(world, person, browser, directory):
    with bound(world.acme):
        lead = a_lead(person, company="Looms")
        row = on(person, directory)
        opt_out(Source.DIRECTORY, by=by(person))
        with pytest.raises(NotOptedIn):
            ask(lead, row.pk, by=by(person))

    browser.post(f"/leads/{lead.pk}/enrich/", {"provider": "directory"})
    browser.post(f"/leads/{lead.pk}/enrich/", {"provider": "apollo"})
    browser.get(f"/leads/{lead.pk}/enrich/")

    assert directory.seen == []
    with bound(world.acme):
        assert not Enrichment.objects.exists()
        assert not Credential.objects.exists()


def test_only_one_module_reaches_the_adapters(world):
    """Guards the opt-in: `leads.actions.enrichment.ask` begins with its row; there is no way around."""
    callers = set()
    apps = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in {"tests", "bench"}]
    for path in (path for app in apps for path in app.rglob("*.py")):
        inside = path.relative_to(ROOT).parts
        if inside[:2] == ("leads", "enrichment"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = node.module if isinstance(node, ast.ImportFrom) else ""
            if (module or "").startswith("leads.enrichment") and module not in PURE:
                callers.add("/".join(inside))

    assert callers == {"leads/actions/enrichment.py"}


def test_an_answer_is_shown_and_applied_only_where_a_person_says_so(world, person, browser, directory):
    with bound(world.acme):
        lead = a_lead(person, JANE, company="Looms", title="Buyer")
        on(person, directory)

    browser.post(f"/leads/{lead.pk}/enrich/", {"provider": "directory"})
    shown = browser.get(f"/leads/{lead.pk}/enrich/").content.decode()
    with bound(world.acme):
        answer = Enrichment.objects.get()
        lead.refresh_from_db()
        assert "first_name" not in lead.profile
    browser.post(f"/leads/{lead.pk}/enrich/{answer.pk}/", {"field": ["first_name", "city"]})
    page = browser.get(f"/leads/{lead.pk}/").content.decode()

    assert 'value="first_name" checked' in shown
    assert 'value="title">' in shown
    assert "in place of Buyer" in shown
    assert "asked of Local directory" in page
    with bound(world.acme):
        lead = Lead.objects.get()
        assert (lead.profile["first_name"], lead.profile["title"]) == ("Jane", "Buyer")
        assert lead.origins["first_name"]["by"] == "enrichment"
        assert AuditRow.objects.filter(event="enrichment.asked", about_id=lead.pk).count() == 1


def test_what_identifies_a_person_is_all_that_leaves(world, person, directory):
    with bound(world.acme):
        lead = a_lead(person, company="Looms", phone="+49 731 1", city="Ulm")
        answer = ask(lead, on(person, directory).pk, by=by(person))

    sent = {name: value for name, value in directory.seen[0].json.items() if value}
    assert sent == {"email": "carla@looms.test", "company": "Looms"}
    with bound(world.acme):
        assert answer.sentence == "The directory does not know this person."


def test_only_an_owner_opts_in(world, person):
    form = {"kind": "apollo", "key": "key-canary-1", "agreed": "on"}

    refused = client_of(world.acme, rita(world)).post("/privacy/enrichment/", form)
    without_word = client_of(world.acme, person).post("/privacy/enrichment/", {**form, "agreed": ""})
    taken = client_of(world.acme, person).post("/privacy/enrichment/", form)

    assert (refused.status_code, without_word.status_code, taken.status_code) == (403, 422, 302)
    with bound(world.acme):
        assert EnrichmentOptIn.objects.get().credential.kind == Kind.APOLLO
        assert AuditRow.objects.filter(event="enrichment.changed").count() == 1


DIRECTORY = (
    b"E-mail;First name;Last name;Company;City\n"
    b"carla@looms.test;Carla;Canary;Looms;Ulm\n"
    b"-;Bob;Weaver;Looms;Bonn\n"
)


def test_a_directory_of_the_teams_own_is_kept_sealed_and_looked_into(world, person, browser, superuser):
    with bound(world.acme):
        lead = a_lead(person, company="Looms")
        other = add_lead(
            profile_of("b@looms.test", {"first_name": "Bob", "last_name": "Weaver", "company": "looms"}),
            by=by(person),
        )

    refused = browser.post("/privacy/enrichment/file/", {"file": a_file(DIRECTORY)})
    taken = browser.post("/privacy/enrichment/file/", {"file": a_file(DIRECTORY), "agreed": "on"})
    for each in (lead, other):
        browser.post(f"/leads/{each.pk}/enrich/", {"provider": "file"})
    stored = superuser.execute("SELECT fields FROM tenant_acme.listings").fetchall()
    with bound(world.acme):
        answers = [
            (row.outcome, row.fields.get("city"), row.asked) for row in Enrichment.objects.order_by("pk")
        ]
    browser.post("/privacy/enrichment/", {"off": "file"})

    assert (refused.status_code, taken.status_code) == (422, 302)
    assert answers == [("found", "Ulm", {}), ("found", "Bonn", {})]
    assert len(stored) == 2
    assert not any(b"Canary" in bytes(fields) for (fields,) in stored)
    with bound(world.acme):
        assert not Listing.objects.exists()


def a_file(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("directory.csv", data, "text/csv")


def test_indiamart_is_read_once_and_answers_from_what_was_read(world, person, directory, monkeypatch):
    """The vendor allows one call in five minutes; the second question is answered from the first reading."""
    monkeypatch.setattr(enrichment, "IndiaMart", lambda: IndiaMart(directory.url))
    with bound(world.acme):
        jane = a_lead(person, JANE)
        row = opt_in(Kind.INDIAMART, Secret(GOOD), by=by(person))
        found = ask(jane, row.pk, by=by(person))
        again = ask(jane, row.pk, by=by(person))

        assert (found.outcome, found.fields["city"], found.asked) == ("found", "Dehradun", {})
        assert again.outcome == "found"
        assert len(directory.seen) == 1
        assert Listing.objects.filter(opt_in=row).exists()


def test_a_listing_read_again_takes_the_place_of_the_one_before(world, person, directory, monkeypatch):
    monkeypatch.setattr(enrichment, "IndiaMart", lambda: IndiaMart(directory.url))
    with bound(world.acme):
        jane = a_lead(person, JANE)
        row = opt_in(Kind.INDIAMART, Secret(GOOD), by=by(person))
        ask(jane, row.pk, by=by(person))
        before = Listing.objects.count()
        EnrichmentOptIn.objects.update(fetched_at=timezone.now() - timedelta(hours=1))
        ask(jane, row.pk, by=by(person))

        assert len(directory.seen) == 2
        assert Listing.objects.count() == before


def test_no_more_is_asked_than_an_owner_allowed_this_month(world, person, directory):
    with bound(world.acme):
        lead = a_lead(person, JANE)
        row = opt_in(
            Kind.DIRECTORY, Secret(GOOD), by=by(person), endpoint=f"{directory.url}/directory", most_a_month=2
        )
        ask(lead, row.pk, by=by(person))
        ask(lead, row.pk, by=by(person))
        with pytest.raises(NotNow, match="2 questions"):
            ask(lead, row.pk, by=by(person))

    assert len(directory.seen) == 2


def test_a_pause_that_a_provider_asks_for_is_kept(world, person, directory):
    with bound(world.acme):
        lead = a_lead(person, JANE)
        row = opt_in(Kind.DIRECTORY, Secret(BUSY), by=by(person), endpoint=f"{directory.url}/directory")
        first = ask(lead, row.pk, by=by(person))
        with pytest.raises(NotNow, match="asked for a pause"):
            ask(lead, row.pk, by=by(person))

    assert first.outcome == "ratelimited"
    assert len(directory.seen) == 1


def test_a_key_that_is_refused_is_named_where_the_owner_looks(world, person, browser, directory):
    with bound(world.acme):
        row = opt_in(Kind.DIRECTORY, Secret("wrong"), by=by(person), endpoint=f"{directory.url}/directory")
        answer = ask(a_lead(person, JANE), row.pk, by=by(person))

    assert answer.outcome == "badkey"
    assert "does not accept this key" in browser.get("/privacy/enrichment/").content.decode()
