"""Settings pages: the workspace's, each member's own, and the list of their sessions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.utils import timezone

from accounts.models import Member, Session, WorkspaceProfile
from accounts.sessions import NOBODY_SECONDS, SessionStore
from audit.events import Event
from audit.models import AuditRow
from tenants.binding import bound
from tests.world import PASSWORD, client_of, olga, rita


def sign_in(world, agent: str = "Firefox", ip: str = "127.0.0.1"):
    browser = client_of(world.acme)
    data = {"login": "olga@acme.example", "password": PASSWORD}
    browser.post("/sign-in/", data, headers={"User-Agent": agent}, REMOTE_ADDR=ip)
    return browser


def test_an_admin_changes_the_workspaces_settings(world):
    browser = client_of(world.acme, olga(world))
    data = {"name": "Acme & Sons", "postal_address": "2 High St, Leeds", "time_zone": "Europe/Berlin"}

    saved = browser.post("/settings/", data, follow=True)

    assert b"The settings are saved." in saved.content
    assert b"Acme &amp; Sons" in saved.content
    with bound(world.acme):
        profile = WorkspaceProfile.objects.get()
        told = AuditRow.objects.get(event=Event.WORKSPACE_CHANGED).details
    assert (profile.name, profile.time_zone) == ("Acme & Sons", "Europe/Berlin")
    assert told["data"]["changed"] == ["name", "postal_address", "time_zone"]


def test_a_time_zone_that_does_not_exist_is_refused(world):
    browser = client_of(world.acme, olga(world))

    answer = browser.post("/settings/", {"name": "Acme", "time_zone": "Mars/Olympus"})

    assert b"not one of the available choices" in answer.content


def test_a_member_changes_their_own_name_only(world):
    plain = rita(world)
    browser = client_of(world.acme, plain)

    browser.post("/me/", {"name": "Rita Reed", "role": "owner", "email": "x@acme.example"})

    with bound(world.acme):
        person = Member.objects.get(pk=plain.pk)
        assert (person.name, person.role, person.email) == ("Rita Reed", "member", "rita@acme.example")
        assert AuditRow.objects.filter(event=Event.MEMBER_CHANGED).count() == 1


def test_sessions_are_listed_with_where_they_came_from(world):
    olga(world)
    sign_in(world, agent="Mozilla/5.0 (Android 16) Firefox/140.0", ip="203.0.113.7")
    browser = sign_in(world)

    page = browser.get("/me/sessions/").content.decode()

    assert "Firefox on Android" in page
    assert "203.0.113.7" in page
    assert page.count("This one") == 1


def test_signing_out_everywhere_else_keeps_this_session(world):
    olga(world)
    other, browser = sign_in(world), sign_in(world)

    page = browser.post("/me/sessions/end/", follow=True)

    assert b"Signed out everywhere else: 1 session ended." in page.content
    assert other.get("/").status_code == 302
    with bound(world.acme):
        assert AuditRow.objects.filter(event=Event.SESSIONS_ENDED).count() == 1


def test_one_session_is_ended_and_only_ones_own(world):
    olga(world)
    other, browser = sign_in(world), sign_in(world)
    ritas = client_of(world.acme, rita(world))
    with bound(world.acme):
        others = Session.objects.filter(member__name="Olga").order_by("started_at").first()
        hers = Session.objects.get(member__name="Rita")

    browser.post(f"/me/sessions/{others.pk}/end/")
    browser.post(f"/me/sessions/{hers.pk}/end/")

    assert other.get("/").status_code == 302
    assert ritas.get("/").status_code == 200


def test_a_stored_session_opens_for_nobody_who_reads_the_table(world, superuser):
    """The key is a hash, and what the session holds is sealed."""
    olga(world)
    browser = sign_in(world, agent="Canary/1.0")
    key = browser.cookies["__Host-session"].value

    stored = superuser.execute("SELECT sessions::text FROM tenant_acme.sessions").fetchall()

    assert stored
    assert key not in str(stored)
    assert "Canary" not in str(stored)
    assert key.encode().hex() not in str(stored)


def test_an_expired_session_is_no_session(world):
    olga(world)
    browser = sign_in(world)
    with bound(world.acme):
        Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert browser.get("/").status_code == 302
    with bound(world.acme):
        SessionStore.clear_expired()
        assert not Session.objects.filter(member__isnull=False).exists()


def test_a_session_without_anyone_is_short(world):
    client_of(world.acme).get("/sign-in/")

    with bound(world.acme):
        session = Session.objects.get()
    assert session.member is None
    assert session.expires_at - session.started_at < timedelta(seconds=NOBODY_SECONDS + 5)


def test_a_session_that_was_ended_is_not_brought_back_by_a_slow_request(world):
    person = olga(world)
    browser = sign_in(world)
    key = browser.cookies["__Host-session"].value
    with bound(world.acme):
        slow = SessionStore(key)
        assert slow[SESSION_KEY] == str(person.pk)
        Session.objects.all().delete()
        slow["late"] = True
        with pytest.raises(UpdateError):
            slow.save()
        assert not Session.objects.exists()


def test_last_seen_follows_the_visits(world):
    olga(world)
    browser = sign_in(world)
    with bound(world.acme):
        Session.objects.update(seen_at=timezone.now() - timedelta(hours=3))

    browser.get("/")

    with bound(world.acme):
        assert timezone.now() - Session.objects.get().seen_at < timedelta(minutes=1)
