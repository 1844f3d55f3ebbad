"""Operators sign in with a password and a second factor, and with neither alone."""

from __future__ import annotations

import pytest

from tests.operators.client import PASSWORD, Console, Operator, join, link_for


@pytest.fixture
def console(ada: Operator) -> Console:
    """A browser in which nobody is signed in."""
    return ada.console.another()


@pytest.fixture
def bob(console: Console) -> Operator:
    """Bob, who has just set up his sign-in in that browser."""
    return join(console, "bob@paitho.example", "Bob")


def half(console: Console, email: str, password: str = PASSWORD):
    """The first half of a sign-in; the answer is not followed."""
    return console.post("/sign-in/", {"email": email, "password": password}, follow=False)


def sign_in(console: Console, operator: Operator):
    half(console, operator.email)
    return console.post("/sign-in/factor/", {"code": operator.code()})


def leads_to_sign_in(answer) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith(("/sign-in/", "/login/"))


def events(superuser) -> list[str]:
    rows = superuser.execute("SELECT event FROM public.operations ORDER BY at, id").fetchall()
    return [row[0] for row in rows]


def test_an_operator_sets_up_signs_out_and_signs_in(console, bob, superuser):
    assert "Overview" in console.get("/").text
    assert console.post("/sign-out/", form="/me/").url.endswith("/sign-in/")
    assert console.get("/", follow=False).status_code == 302

    answer = sign_in(console, bob)

    assert answer.url == console.origin + "/"
    assert events(superuser) == [
        "operator.invited",
        "operator.joined",
        "operator.signed_in",
        "operator.signed_out",
        "operator.signed_in",
    ]


def test_a_password_alone_opens_nothing(console, bob):
    """Guards the second factor: the half-signed-in session is nobody's."""
    other = console.another()

    answer = half(other, bob.email)

    assert answer.headers["Location"] == "/sign-in/factor/"
    for path in ("/", "/tenants/workspace/", "/operators/operator/", "/me/", "/jsi18n/", "/search/?s=a"):
        assert leads_to_sign_in(other.get(path, follow=False)), path
    assert "Wait for the next one" in other.post("/sign-in/factor/", {"code": "000000"}).text


def test_a_code_serves_once(console, bob):
    """Guards against who looks over a shoulder."""
    code = bob.code()
    half(console.another(), bob.email)
    first, second = console.another(), console.another()
    half(first, bob.email)
    half(second, bob.email)

    assert first.post("/sign-in/factor/", {"code": code}).url == console.origin + "/"
    assert "was used before" in second.post("/sign-in/factor/", {"code": code}).text


def test_wrong_and_unknown_answer_alike_and_are_recorded(console, bob, superuser):
    wrong = half(console.another(), bob.email, "not the password at all")
    unknown = half(console.another(), "nobody@paitho.example")

    for answer in (wrong, unknown):
        assert answer.status_code == 200
        assert "The address, the password or the code is wrong." in answer.text
    assert events(superuser).count("operator.sign_in_failed") == 2


def test_guessing_ends_after_ten_attempts(console, bob):
    stranger = console.another()
    for _ in range(10):
        half(stranger, bob.email, "not the password at all")

    assert "Too many attempts" in half(stranger, bob.email).text


def test_a_set_up_link_serves_once_and_a_newer_one_replaces_it(console):
    old, new = link_for("bea@paitho.example"), link_for("bea@paitho.example")

    assert console.get(old).status_code == 410
    assert console.get(new).status_code == 200


def test_a_set_up_needs_the_factor_and_a_long_password(console):
    path = link_for("cyd@paitho.example")

    assert "was used before" in console.post(path, {"password": PASSWORD, "code": "000000"}).text
    assert "too short" in console.post(path, {"password": "short", "code": "000000"}).text
    assert console.get(path).status_code == 200


def test_a_removed_operators_session_ends_at_once(console, bob, superuser):
    bea = join(console.another(), "bea@paitho.example", "Bea")
    ((pk,),) = superuser.execute("SELECT id FROM public.operators WHERE name = 'Bea'").fetchall()

    console.post(f"/operators/operator/{pk}/remove/", form="/me/")

    assert leads_to_sign_in(bea.console.get("/", follow=False))
    assert "is wrong" in half(bea.console, bea.email).text


def test_an_operator_cannot_remove_themself_nor_their_last_factor(console, bob, superuser):
    ((pk,),) = superuser.execute("SELECT id FROM public.operators WHERE name = 'Bob'").fetchall()

    assert "has to remove you" in console.post(f"/operators/operator/{pk}/remove/", form="/me/").text
    assert "only second factor" in console.post("/me/factors/totp/remove/", form="/me/").text
    assert console.get("/", follow=False).status_code == 200


def test_ending_the_other_sessions_keeps_this_one(console, bob):
    other = Operator(console.another(), bob.email, bob.secret, bob.used)
    sign_in(other.console, other)
    assert other.console.get("/", follow=False).status_code == 200

    console.post("/me/sessions/end/", form="/me/")

    assert other.console.get("/", follow=False).status_code == 302
    assert console.get("/", follow=False).status_code == 200


def test_nothing_secret_of_an_operator_lies_open_in_the_database(console, bob, superuser):
    rows = superuser.execute("SELECT operators::text FROM public.operators").fetchall()
    rows += superuser.execute("SELECT operator_sessions::text FROM public.operator_sessions").fetchall()
    told = "".join(str(row) for row in rows)

    assert bob.secret.hex() not in told
    assert PASSWORD not in told
    assert console.session.cookies["__Host-console"] not in told


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/me/", "/no-such-page/"])
def test_every_answer_carries_the_headers(console, bob, path):
    headers = console.get(path).headers

    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_the_cookie_is_the_consoles_own(console, bob):
    (cookie,) = console.session.cookies

    assert cookie.name == "__Host-console"
    assert cookie.path == "/"
    assert not cookie.domain_specified
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Strict"


def test_a_form_of_another_site_is_refused(console, bob):
    answer = console.session.post(
        console.origin + "/sign-out/", headers={"Origin": "https://evil.example"}, timeout=60
    )

    assert answer.status_code == 403
    assert console.get("/", follow=False).status_code == 200
