"""Enrichment in the product: off without an owner's opt-in, shown before it is applied, with its source."""

from __future__ import annotations

import ast

import pytest

from audit.models import AuditRow
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from leads.actions.enrichment import NotOptedIn, ask, opt_in, opt_out
from leads.models import Enrichment, EnrichmentOptIn, Lead
from tenants.binding import bound
from tests.leads.made import a_lead, by
from tests.paths import ROOT
from tests.servers.enrichment import GOOD, JANE, running
from tests.world import client_of, olga, rita


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
        opt_out(Kind.DIRECTORY, by=by(person))
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
    for path in ROOT.glob("*/**/*.py"):
        inside = path.relative_to(ROOT).parts
        if inside[0] in {".venv", "node_modules", "tests", "bench"} or inside[:2] == ("leads", "enrichment"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = node.module if isinstance(node, ast.ImportFrom) else ""
            if (module or "").startswith("leads.enrichment"):
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
