"""`verify_posture` on the real database and the real site: green when nothing is wrong, red for each break.

Every check is guarded here by a break that must turn it red: of the database by its superuser
(`tests.trust.breaks`, `breaks_of_rows`), of settings, files and pages below; a test says that none was
forgotten. A break runs its own check only; that all of them hold is seen once with nothing broken, and once
after the last repair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.contrib.staticfiles import finders
from django.test import override_settings

from campaigns.models import Stage, StageRun
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from leads.models import Lead
from tenants.binding import bound
from tenants.export import tables
from tests.trust.breaks import STRUCTURE, Break
from tests.trust.breaks_of_rows import ROWS
from trust import facts
from trust.posture.kinds import Outcome
from trust.posture.run import Report, checks, verify

pytestmark = pytest.mark.usefixtures("only_the_cast")

BREAKS = [*STRUCTURE, *ROWS]
BY_HAND = {
    "sealed_to_its_place": "test_a_value_that_was_moved_is_found",
    "encrypted_on_the_way": "test_a_production_without_tls_fails",
    "no_raw_answers": "test_a_raw_response_is_found",
    "no_fingerprinting": "test_a_script_that_probes_the_browser_is_found",
    "headers": "test_a_wider_policy_fails",
    "no_tracking_cookies": "test_a_cookie_that_travels_fails",
    "no_third_party": "test_a_page_that_loads_from_elsewhere_fails",
    "our_mail_never_to_prospects": "test_our_mail_without_a_guard_fails",
    "export_is_whole": "test_an_export_that_leaves_out_what_is_not_there_fails",
    "region": "test_a_workspace_in_the_wrong_region_fails",
    "no_sandbox_parts": "test_a_sandbox_writer_in_production_fails",
    "security_txt": "test_an_expired_security_txt_fails",
}


def guard(address: str) -> str:
    """The least that a guard is: no lead of the bound workspace is written to."""
    with_it = [lead for lead in Lead.objects.all() if lead.email == address]
    return "That is a lead." if with_it else ""


@pytest.fixture(autouse=True)
def guarded(settings) -> None:
    settings.NOTICE_GUARDS = settings.NOTICE_GUARDS or ["tests.trust.test_posture.guard"]


def outcome(name: str) -> Outcome:
    (result,) = verify(only=[name]).results
    return result.outcome


def problems(report: Report) -> dict[str, tuple[str, ...]]:
    return {r.check.name: r.finding.problems for r in report.results if r.finding.problems}


def everything_holds() -> None:
    report = verify()

    assert problems(report) == {}
    assert report.is_good
    assert [r.check.name for r in report.of(Outcome.WAITING)] == ["no_sandbox_parts"]


@pytest.fixture(scope="module", autouse=True)
def _nothing_stays_broken(only_the_cast, port) -> Iterator[None]:
    """In each process that runs tests of this file, every check holds again after the last repair."""
    yield
    origin = f"http://localhost:{port}"
    with override_settings(ORIGIN=origin, APEX=urlsplit(origin)):
        everything_holds()


def test_everything_holds_in_a_world_with_two_workspaces(world, live) -> None:
    everything_holds()


@pytest.mark.parametrize("broken", BREAKS, ids=[f"{b.check}-{at}" for at, b in enumerate(BREAKS)])
def test_a_break_in_the_database_turns_its_check_red(world, superuser, broken: Break) -> None:
    def run(statements: str) -> None:
        superuser.execute(f"SET session_replication_role = {'replica' if broken.as_replica else 'origin'}")
        superuser.execute(statements)
        superuser.execute("SET session_replication_role = origin")

    run(broken.sql)
    try:
        assert outcome(broken.check) is Outcome.FAILED
    finally:
        run(broken.repair)


def a_lead(address: str) -> Lead:
    lead = Lead(profile={"email": address}, email_index=address.encode(), domain_index=b"d")
    lead.save(force_insert=True)
    return lead


def test_a_value_that_was_moved_is_found(world, superuser) -> None:
    with bound(world.acme):
        first, second = a_lead("ada@example.org"), a_lead("bob@example.org")
    assert outcome("sealed_to_its_place") is Outcome.PROVED

    superuser.execute(
        "UPDATE tenant_acme.leads SET profile = (SELECT profile FROM tenant_acme.leads WHERE id = %s)"
        " WHERE id = %s",
        [first.pk, second.pk],
    )

    assert outcome("sealed_to_its_place") is Outcome.FAILED


def test_a_production_without_tls_fails(world, settings) -> None:
    settings.EMBEDDED = False

    assert outcome("encrypted_on_the_way") is Outcome.FAILED


@pytest.mark.parametrize(
    "raw",
    [
        {"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [], "usage": {}},
        {"id": "msg_1", "content": [], "stop_reason": "end_turn"},
        {"candidates": [], "usageMetadata": {}},
    ],
)
def test_a_raw_response_is_found(world, raw: dict[str, object]) -> None:
    def called(response: str) -> None:
        StageRun(
            stage=Stage.DRAFTING, provider="x", model="m", prompt_name="p", response=response, outcome="ok"
        ).save(force_insert=True)

    with bound(world.acme):
        called(json.dumps({"subject": "Hello", "sentences": []}))
    assert outcome("no_raw_answers") is Outcome.PROVED

    with bound(world.acme):
        called(json.dumps(raw))

    assert outcome("no_raw_answers") is Outcome.FAILED


def test_a_script_that_probes_the_browser_is_found(world, settings, tmp_path: Path) -> None:
    (tmp_path / "probe.js").write_text("document.createElement('canvas').getContext('webgl')")

    settings.STATICFILES_DIRS = [tmp_path]
    finders.get_finder.cache_clear()
    try:
        assert outcome("no_fingerprinting") is Outcome.FAILED
    finally:
        settings.STATICFILES_DIRS = []
        finders.get_finder.cache_clear()


@pytest.mark.parametrize(
    ("directive", "sources"),
    [
        ("script-src", ["'self'", "'unsafe-inline'"]),
        ("img-src", ["'self'", "https://pixel.example"]),
        ("frame-ancestors", ["'self'"]),
        ("default-src", []),
    ],
)
def test_a_wider_policy_fails(world, live, settings, directive: str, sources: list[str]) -> None:
    policy = configured.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**policy, directive: sources}}

    assert outcome("headers") is Outcome.FAILED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_COOKIE_SAMESITE", "None"),
        ("SESSION_COOKIE_HTTPONLY", False),
        ("SESSION_COOKIE_SECURE", False),
        ("SESSION_COOKIE_DOMAIN", ".localhost"),
        ("CSRF_USE_SESSIONS", False),
    ],
)
def test_a_cookie_that_travels_fails(world, live, settings, name: str, value: object) -> None:
    setattr(settings, name, value)

    assert outcome("no_tracking_cookies") is Outcome.FAILED


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<img src="//pixel.example/1.gif" alt="">',
        "<script>track()</script>",
        '<p onclick="track()">x</p>',
    ],
)
def test_a_page_that_loads_from_elsewhere_fails(world, live, settings, tmp_path: Path, tag: str) -> None:
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "manifesto.html").write_text(f"<!doctype html><title>x</title>{tag}")

    engine = configured.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]

    assert outcome("no_third_party") is Outcome.FAILED


def test_our_mail_without_a_guard_fails(world, settings) -> None:
    with bound(world.acme):
        a_lead("ada@example.org")
    settings.NOTICE_GUARDS = ["tests.trust.test_posture.guard"]
    assert outcome("our_mail_never_to_prospects") is Outcome.PROVED

    settings.NOTICE_GUARDS = []
    assert outcome("our_mail_never_to_prospects") is Outcome.FAILED

    settings.NOTICE_GUARDS = ["builtins.str.isspace"]  # lets everybody pass
    assert outcome("our_mail_never_to_prospects") is Outcome.FAILED


def test_an_export_that_leaves_out_what_is_not_there_fails(world, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tables.LEFT_OUT, "secret_notes", "nobody should see them")

    assert outcome("export_is_whole") is Outcome.FAILED


def test_a_workspace_in_the_wrong_region_fails(world, settings) -> None:
    settings.REGION = "us"

    assert outcome("region") is Outcome.FAILED


def test_a_sandbox_writer_in_production_fails(world, settings) -> None:
    settings.EMBEDDED, settings.MAIL_PROVIDER = False, "postmark"
    assert outcome("no_sandbox_parts") is Outcome.PROVED

    with bound(world.acme):
        Credential(kind=Kind.SANDBOX, label="Sandbox", secret=Secret("none")).save(force_insert=True)

    assert outcome("no_sandbox_parts") is Outcome.FAILED


@pytest.mark.parametrize("days", [-1, 3, 400])
def test_an_expired_security_txt_fails(world, live, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    monkeypatch.setattr(facts, "SECURITY_TXT_EXPIRES", datetime.now(UTC) + timedelta(days=days))

    assert outcome("security_txt") is Outcome.FAILED


def test_no_check_is_without_a_break_that_turns_it_red() -> None:
    guarded = {broken.check for broken in BREAKS} | BY_HAND.keys()

    assert {each.name for each in checks()} == guarded
    assert all(name in globals() for name in BY_HAND.values())


def test_a_site_that_does_not_answer_proves_nothing(world, settings) -> None:
    settings.ORIGIN = "http://localhost:1"

    assert outcome("headers") is Outcome.FAILED


def test_a_check_that_dies_is_a_claim_not_proved(world, superuser, live) -> None:
    superuser.execute("ALTER TABLE public.standings RENAME TO standings_away")
    try:
        (dead,) = verify(only=["standings_are_honest"]).results
    finally:
        superuser.execute("ALTER TABLE public.standings_away RENAME TO standings")

    assert dead.outcome is Outcome.FAILED
    assert dead.finding.saw == "The database refused the look."
