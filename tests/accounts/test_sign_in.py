"""Sign-in, sign-out, reset and second factors on a workspace's host, and what each leaves in the log."""

from __future__ import annotations

import hmac
import time
from base64 import b32decode

import pytest
from allauth.mfa.models import Authenticator

from accounts import second_factor
from accounts.models import Role
from audit.events import Event
from audit.models import AuditRow
from tenants.binding import bound
from tests.world import PASSWORD, client_of, member, mole, olga, rita

NEW = "a much longer sentence 7"


def lines(workspace) -> list[tuple[str, dict]]:
    """The audit log, oldest first: event and details."""
    with bound(workspace):
        return [(row.event, row.details) for row in AuditRow.objects.order_by("at", "id")]


def code_of(secret: str) -> str:
    """The six digits of this half minute (RFC 6238, written anew as a second opinion)."""
    counter = int(time.time() // 30).to_bytes(8, "big")
    digest = hmac.digest(b32decode(secret + "=" * (-len(secret) % 8)), counter, "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def test_a_member_signs_in_and_out(world):
    olga(world)
    browser = client_of(world.acme)

    entered = browser.post(
        "/sign-in/", {"login": "OLGA@acme.example", "password": PASSWORD}, headers={"User-Agent": "Firefox"}
    )
    assert entered.url == "/"
    assert browser.get("/").status_code == 200
    browser.post("/sign-out/")
    assert browser.get("/").status_code == 302

    (first, told), (second, _) = lines(world.acme)
    assert (first, second) == (Event.SIGNED_IN, Event.SIGNED_OUT)
    assert told["actor"] == "Olga"
    assert told["ip"] == "127.0.0.1"
    assert told["data"] == {"proofs": ["password"], "browser": "Firefox"}


def test_a_rivals_member_cannot_sign_in_here(world):
    """The Mole's address and password are right, in another workspace."""
    mole(world)
    browser = client_of(world.acme)

    answer = browser.post("/sign-in/", {"login": "mole@rival.example", "password": PASSWORD})

    assert answer.status_code == 200
    assert browser.get("/").status_code == 302
    ((event, told),) = lines(world.acme)
    assert (event, told["data"]["reason"]) == (Event.SIGN_IN_FAILED, "no such member")
    assert lines(world.rival) == []


def test_a_failed_sign_in_says_the_same_for_a_known_and_an_unknown_address(world):
    olga(world)
    browser = client_of(world.acme)

    known = browser.post("/sign-in/", {"login": "olga@acme.example", "password": "wrong"})
    unknown = browser.post("/sign-in/", {"login": "nobody@acme.example", "password": "wrong"})

    words = b"not correct"
    assert words in known.content
    assert words in unknown.content
    assert [(told["actor"], told["data"]["reason"]) for _, told in lines(world.acme)] == [
        ("olga@acme.example", "wrong password"),
        ("nobody@acme.example", "no such member"),
    ]


def test_guessing_is_slowed_down_and_the_log_says_so(world):
    olga(world)
    browser = client_of(world.acme)

    for _ in range(6):
        answer = browser.post("/sign-in/", {"login": "olga@acme.example", "password": "wrong"})

    assert b"Too many failed" in answer.content
    right = browser.post("/sign-in/", {"login": "olga@acme.example", "password": PASSWORD})
    assert right.status_code == 200
    assert lines(world.acme)[-1][1]["data"]["reason"] == "too many attempts"


def test_a_forgotten_password_is_reset_by_mail(world, post):
    olga(world)
    other = client_of(world.acme)
    other.post("/sign-in/", {"login": "olga@acme.example", "password": PASSWORD})
    browser = client_of(world.acme)

    browser.post("/password/reset/", {"email": "olga@acme.example"})
    assert post.last()["To"] == "olga@acme.example"
    assert post.last().get_body(("html",)) is not None
    link = post.link()
    assert link.startswith("http://acme.localhost:8000/password/reset/key/")
    form = browser.get(link.removeprefix("http://acme.localhost:8000")).url
    done = browser.post(form, {"password1": NEW, "password2": NEW})

    assert done.status_code == 302
    assert browser.post("/sign-in/", {"login": "olga@acme.example", "password": NEW}).url == "/"
    assert other.get("/").status_code == 302, "a reset signs out everywhere"
    events = [event for event, _ in lines(world.acme)]
    assert Event.PASSWORD_RESET_ASKED in events
    assert Event.PASSWORD_CHANGED in events
    assert NEW not in str(lines(world.acme))


def test_a_reset_for_an_unknown_address_sends_nothing_and_looks_the_same(world, post):
    olga(world)
    browser = client_of(world.acme)

    known = browser.post("/password/reset/", {"email": "olga@acme.example"})
    unknown = browser.post("/password/reset/", {"email": "prospect@elsewhere.example"})

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert [message["To"] for message in post.messages] == ["olga@acme.example"]


def test_a_reset_link_is_worthless_in_another_workspace(world, post):
    olga(world)
    client_of(world.acme).post("/password/reset/", {"email": "olga@acme.example"})
    path = post.link().removeprefix("http://acme.localhost:8000")

    answer = client_of(world.rival).get(path)

    assert answer.status_code == 200
    assert b"password1" not in answer.content


def test_when_the_mail_server_is_down_the_reset_says_so(world, post):
    olga(world)
    post.refuses = True

    answer = client_of(world.acme).post("/password/reset/", {"email": "olga@acme.example"})

    assert answer.status_code == 503
    assert b"could not be sent just now" in answer.content


def test_a_changed_password_ends_the_other_sessions_and_is_told(world, post):
    owner = olga(world)
    here, there = client_of(world.acme, owner), client_of(world.acme, owner)

    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post("/password/change/", data).status_code == 302

    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    assert post.last()["Subject"]
    assert post.last()["To"] == "olga@acme.example"


def activate(browser) -> str:
    """Prove the password, set up an authenticator app, and return its secret."""
    browser.post("/reauthenticate/", {"password": PASSWORD})
    browser.get("/two-step/totp/activate/")
    secret = browser.get("/two-step/totp/activate/").context["form"].secret
    assert browser.post("/two-step/totp/activate/", {"code": code_of(secret)}).status_code == 302
    return secret


def test_an_authenticator_app_is_asked_for_its_code(world, post, superuser):
    owner = olga(world)
    secret = activate(client_of(world.acme, owner))
    browser = client_of(world.acme)

    half = browser.post("/sign-in/", {"login": "olga@acme.example", "password": PASSWORD})
    assert half.url == "/two-step/authenticate/"
    assert browser.get("/").status_code == 302
    browser.post("/two-step/authenticate/", {"code": "000000"})
    with bound(world.acme):
        Authenticator.objects.update(last_used_at=None)
    entered = browser.post("/two-step/authenticate/", {"code": code_of(secret)})

    assert entered.status_code in {200, 302}
    told = lines(world.acme)
    assert ("totp", "added") in [
        (each["data"].get("factor"), each["data"].get("change"))
        for event, each in told
        if event == Event.MFA_CHANGED
    ]
    assert "wrong code (totp)" in [each["data"].get("reason") for _, each in told]
    stored = superuser.execute("SELECT data::text FROM tenant_acme.mfa_authenticator").fetchall()
    assert stored
    assert secret not in str(stored)


def test_a_rotated_key_still_opens_second_factors(world, post, superuser):
    owner = olga(world)
    secret = activate(client_of(world.acme, owner))
    stored = "SELECT data::text FROM tenant_acme.mfa_authenticator ORDER BY id"
    before = superuser.execute(stored).fetchall()

    with bound(world.acme):
        assert second_factor.reseal() == 2  # the app and the recovery codes
        app = Authenticator.objects.get(type=Authenticator.Type.TOTP)
        assert app.wrap().validate_code(code_of(secret))

    assert not set(before) & set(superuser.execute(stored).fetchall())


def test_a_workspace_may_require_a_second_factor(world, post):
    from accounts.models import WorkspaceProfile

    person = rita(world)
    browser = client_of(world.acme, person)
    with bound(world.acme):
        WorkspaceProfile.objects.update(requires_second_factor=True)

    led = browser.get("/")
    assert (led.status_code, led.url) == (302, "/two-step/")
    assert b"asks for a second factor" in browser.get("/two-step/").content
    activate(browser)

    assert browser.get("/").status_code == 200


def test_a_session_of_one_workspace_means_nothing_in_another(world):
    browser = client_of(world.rival, mole(world))
    olga(world)

    assert browser.get("/").status_code == 200
    assert browser.get("/", headers={"host": "acme.localhost:8000"}).status_code == 302


def test_nobody_signs_up_inside_a_workspace(world):
    assert client_of(world.acme).get("/signup/").status_code == 404


def test_a_removed_member_is_told_nothing_and_logged(world):
    person = member(world.acme, "Gone", Role.MEMBER)
    with bound(world.acme):
        person.is_active = False
        person.save()

    answer = client_of(world.acme).post("/sign-in/", {"login": person.email, "password": PASSWORD})

    assert answer.url == "/inactive/"
    assert lines(world.acme)[-1][1]["data"]["reason"] == "removed from the workspace"


def test_the_forwarded_address_counts_only_behind_our_own_proxy(world, settings):
    olga(world)
    data = {"login": "olga@acme.example", "password": "wrong"}
    headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}

    client_of(world.acme).post("/sign-in/", data, headers=headers)
    settings.BEHIND_PROXY = True
    client_of(world.acme).post("/sign-in/", data, headers=headers)

    assert [told["ip"] for _, told in lines(world.acme)] == ["127.0.0.1", "203.0.113.9"]


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "http://rival.localhost:8000/"])
def test_sign_in_leads_to_no_other_host(world, back):
    olga(world)

    data = {"login": "olga@acme.example", "password": PASSWORD, "next": back}
    assert client_of(world.acme).post("/sign-in/", data).url == "/"
