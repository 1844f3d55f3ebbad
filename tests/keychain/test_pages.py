"""The keychain page: keys go in, and never come out again."""

from __future__ import annotations

import time

import pytest
from django.utils import timezone
from django.views.debug import ExceptionReporter

from audit.actors import SYSTEM, Actor
from audit.events import Event
from audit.models import AuditRow
from keychain import actions
from keychain.crypto.secret import Secret
from keychain.models import Credential, KeyJob, KeyState, Kind
from tenants import bells
from tenants.binding import bound
from tenants.directory import wrapped_keys
from tests.world import client_of, eddy, olga, work

KEY = "sk-live-canary-0123456789wxyz"
FORM = {"kind": "openai", "label": "Our OpenAI account", "secret": KEY}


@pytest.fixture(autouse=True)
def _no_provider_is_asked(settings) -> None:
    settings.KEY_CHECKS = {}


def refuse(kind: str, secret: Secret, endpoint: str | None) -> str:
    """What a provider's check answers to a wrong key."""
    assert secret.reveal() == KEY
    return "OpenAI refuses this key."


def details(workspace) -> list[tuple[str, dict]]:
    with bound(workspace):
        return [(row.event, row.details["data"]) for row in AuditRow.objects.order_by("at", "id")]


def test_a_key_is_added_and_shown_by_its_end_only(world):
    browser = client_of(world.acme, eddy(world))

    page = browser.post("/keychain/add/", {**FORM, "secret": f"  {KEY}\n"}, follow=True).content.decode()

    assert "Our OpenAI account is sealed in the keychain." in page
    assert "ends in wxyz" in page
    assert KEY not in page
    with bound(world.acme):
        kept = Credential.objects.get()
        assert kept.secret.reveal() == KEY
        assert kept.fingerprint in page
    ((event, told),) = details(world.acme)
    assert (event, told["fingerprint"]) == (Event.CREDENTIAL_ADDED, kept.fingerprint)


def test_the_key_lies_nowhere_in_clear(world, superuser):
    client_of(world.acme, eddy(world)).post("/keychain/add/", FORM)

    for table in ("credentials", "audit_log", "sessions"):
        rows = superuser.execute(f"SELECT t::text FROM tenant_acme.{table} t").fetchall()
        assert "canary" not in str(rows)
        assert b"canary".hex() not in str(rows)


def test_a_refused_form_does_not_give_the_key_back(world):
    browser = client_of(world.acme, eddy(world))

    answer = browser.post("/keychain/add/", {**FORM, "label": ""})

    assert answer.status_code == 200
    assert KEY not in answer.content.decode()


def test_a_key_that_the_provider_refuses_is_kept_only_on_purpose(world, settings):
    settings.KEY_CHECKS = {"openai": "tests.keychain.test_pages.refuse"}
    browser = client_of(world.acme, eddy(world))

    refused = browser.post("/keychain/add/", FORM)
    assert b"OpenAI refuses this key." in refused.content
    assert b"Keep it although the check failed" in refused.content
    with bound(world.acme):
        assert not Credential.objects.exists()

    browser.post("/keychain/add/", {**FORM, "keep_anyway": "on"})
    with bound(world.acme):
        assert Credential.objects.get().problem == "OpenAI refuses this key."


def test_a_replaced_key_serves_the_same_credential(world):
    browser = client_of(world.acme, eddy(world))
    browser.post("/keychain/add/", FORM)
    with bound(world.acme):
        before = Credential.objects.get()

    browser.post(f"/keychain/{before.pk}/replace/", {"secret": "sk-live-another-987654321"})

    with bound(world.acme):
        after = Credential.objects.get()
        assert after.secret.reveal() == "sk-live-another-987654321"
    assert after.pk == before.pk
    assert after.label == before.label
    assert details(world.acme)[-1] == (
        Event.CREDENTIAL_REPLACED,
        {"was": before.fingerprint, "now": after.fingerprint},
    )


def test_a_key_in_use_stays_and_the_page_says_for_what(world):
    from campaigns.models import Campaign

    browser = client_of(world.acme, eddy(world))
    browser.post("/keychain/add/", FORM)
    with bound(world.acme):
        key = Credential.objects.get()
        Campaign(name="Spring freight", brief={}, writer=key).save(force_insert=True)

    page = browser.post(f"/keychain/{key.pk}/remove/", follow=True).content.decode()

    assert "is in use by campaign Spring freight" in page
    with bound(world.acme):
        assert Credential.objects.exists()
    assert [event for event, _ in details(world.acme)] == [Event.CREDENTIAL_ADDED]


def test_a_key_out_of_use_goes(world):
    browser = client_of(world.acme, eddy(world))
    browser.post("/keychain/add/", FORM)
    with bound(world.acme):
        key = Credential.objects.get()

    assert b"Remove Our OpenAI account?" in browser.get(f"/keychain/{key.pk}/remove/").content
    browser.post(f"/keychain/{key.pk}/remove/")

    with bound(world.acme):
        assert not Credential.objects.exists()
    assert browser.post(f"/keychain/{key.pk}/remove/").status_code == 404


def test_a_mailbox_password_is_not_reached_from_here(world):
    browser = client_of(world.acme, eddy(world))
    with bound(world.acme):
        secret = Secret("pass word")
        password = actions.add_credential(Kind.MAILBOX, "olga@acme.example", secret, by=SYSTEM)

    assert b"olga@acme.example" in browser.get("/keychain/").content
    assert password.last_four == ""
    assert browser.get(f"/keychain/{password.pk}/replace/").status_code == 404
    assert browser.post(f"/keychain/{password.pk}/remove/").status_code == 404


def test_the_sandbox_writer_is_offered_in_the_embedded_default_only(world, settings):
    browser = client_of(world.acme, eddy(world))
    label = "Sandbox writer (templates, no model is asked)"
    assert label in browser.get("/keychain/add/").content.decode()

    browser.post("/keychain/add/", {"kind": "sandbox", "label": "Templates"})
    assert "no model is asked" in browser.get("/keychain/").content.decode()

    settings.EMBEDDED = False
    assert label not in browser.get("/keychain/add/").content.decode()
    refused = browser.post("/keychain/add/", {"kind": "sandbox", "label": "Templates"})
    assert b"not one of the available choices" in refused.content


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"secret": ""}, "required"),
        ({"secret": "two words here"}, "A key is one word"),
        ({"secret": "short"}, "A key is one word"),
        ({"secret": "sk-ключ-0123456789"}, "A key is one word"),
        ({"kind": "mailbox"}, "not one of the available choices"),
        ({"kind": "compatible"}, "Say where the endpoint is."),
        ({"endpoint": "https://llm.example/v1"}, "Only an OpenAI-compatible endpoint has one."),
        ({"kind": "compatible", "endpoint": "ftp://llm.example"}, "over https only"),
    ],
)
def test_a_wrong_form_says_what_is_wrong(world, changes, sentence):
    browser = client_of(world.acme, eddy(world))

    answer = browser.post("/keychain/add/", {**FORM, **changes})

    assert sentence in answer.content.decode()
    with bound(world.acme):
        assert not Credential.objects.exists()


def test_an_endpoint_is_reached_over_https_in_production(world, settings):
    settings.ALLOW_PRIVATE_HOSTS = False
    form = {**FORM, "kind": "compatible", "endpoint": "http://llm.example/v1"}

    answer = client_of(world.acme, eddy(world)).post("/keychain/add/", form)

    assert b"over https only" in answer.content


def test_fingerprints_differ_between_workspaces(world):
    with bound(world.acme):
        here = actions.fingerprint(Secret(KEY))
    with bound(world.rival):
        there = actions.fingerprint(Secret(KEY))

    assert here != there


def test_the_list_opens_no_secret(world, monkeypatch):
    owner = olga(world)
    browser = client_of(world.acme, owner)
    browser.post("/keychain/add/", FORM)
    monkeypatch.setattr("keychain.fields.SealedSecret.decode", lambda *_: 1 / 0)

    assert browser.get("/keychain/").status_code == 200


def crash(kind: str, secret: Secret, endpoint: str | None) -> str:
    """A check that fails in a way that nobody thought of."""
    typed, held = "the crash", {"secret": secret, "endpoint": endpoint}
    raise RuntimeError(f"{typed} of {kind} {held}")


@pytest.mark.parametrize("debug", [True, False])
def test_an_error_page_shows_nothing_of_the_key_even_to_a_developer(world, settings, caplog, debug):
    settings.DEBUG, settings.KEY_CHECKS = debug, {"openai": "tests.keychain.test_pages.crash"}
    browser = client_of(world.acme, eddy(world))
    browser.raise_request_exception = False

    answer = browser.post("/keychain/add/", FORM)

    assert answer.status_code == 500
    assert debug is (b"the crash" in answer.content)
    assert KEY not in answer.content.decode()
    assert "the crash" in caplog.text
    assert KEY not in caplog.text
    report = ExceptionReporter(answer.wsgi_request, *answer.exc_info).get_traceback_text()
    assert "secret = " in report
    assert KEY not in report


def test_the_page_says_who_added_a_key_what_works_with_it_and_when_it_was_used(world):
    from campaigns.models import Campaign

    browser = client_of(world.acme, eddy(world))
    browser.post("/keychain/add/", FORM)
    page = browser.get("/keychain/").content.decode()
    assert "by Eddy" in page
    assert "not yet" in page
    with bound(world.acme):
        key = Credential.objects.get()
        Campaign(name="Spring freight", brief={}, writer=key).save(force_insert=True)
        Campaign(name="Autumn freight", brief={}, auditor=key).save(force_insert=True)

        assert actions.use(key).reveal() == KEY

    page = browser.get("/keychain/").content.decode()
    assert "Spring freight" in page
    assert "Autumn freight" in page
    assert "not yet" not in page


def test_a_call_of_a_model_marks_its_key_as_used(world):
    from campaigns.asking import Campaigns, questions
    from campaigns.models import Enrollment, Stage
    from tests.campaigns.world import a_draft

    person = olga(world)
    with bound(world.acme):
        a_draft(Actor(person.pk, "Olga"))
        Enrollment.objects.update(stage=Stage.DRAFTING)
        questions([Enrollment.objects.get().pk], Campaigns())

        assert Credential.objects.get(kind=Kind.SANDBOX).used_at is not None


def test_an_owner_changes_the_data_key_and_watches_it(world):
    owner, admin = client_of(world.acme, olga(world)), client_of(world.acme, eddy(world))
    before = version_of(world.acme)

    page = owner.post("/keychain/own/rotate/", {}, follow=True).content.decode()

    assert "Begun." in page
    assert 'hx-get="/keychain/own/"' in page
    assert "Beginning" in admin.get("/keychain/own/").content.decode()
    assert "Change the data key" not in admin.get("/keychain/").content.decode()
    again = owner.post("/keychain/own/rotate/", {}, follow=True).content.decode()
    assert "being changed already" in again
    work()
    with bound(world.acme):
        assert KeyJob.objects.get().state in {KeyState.WORKING, KeyState.SWEEPING}
        KeyJob.objects.update(fence_at=timezone.now())
    finish(world.acme)
    assert version_of(world.acme) == before + 1
    assert "Last change: new data key" in owner.get("/keychain/").content.decode()


def finish(workspace) -> None:
    """Let the workers finish a change of keys, without their waits."""
    for _ in range(20):
        with bound(workspace):
            bells.ring("reseal")
            bells.ring("rekey")
        work()
        with bound(workspace):
            if KeyJob.objects.latest("created_at").is_over:
                return
        time.sleep(0.2)
    raise AssertionError("The change does not end.")


def version_of(workspace) -> int:
    return max(key.version for key in wrapped_keys(workspace.id) if key.purpose == "data")


def test_a_kms_key_that_does_not_answer_is_refused_with_a_sentence(world, monkeypatch):
    owner = client_of(world.acme, olga(world))

    wrong = owner.post("/keychain/own/kms/", {"kms": "arn:aws:s3:::bucket"})

    assert "looks like arn:aws:kms" in wrong.content.decode()
    with bound(world.acme):
        assert not KeyJob.objects.exists()
