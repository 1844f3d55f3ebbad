"""Sign-in, second step and password pages in a browser, on the host of a real workspace."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from playwright.sync_api import Page, expect

from tests.browser import OpenPage, picture, sideways, violations
from tests.world import PASSWORD, olga

pytestmark = pytest.mark.browser


@pytest.fixture
def acme(port: int) -> str:
    return f"http://acme.localhost:{port}"


def sign_in(page: Page, acme: str, password: str = PASSWORD) -> None:
    page.goto(f"{acme}/sign-in/")
    page.get_by_label("Email").fill("olga@acme.example")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def still_me(page: Page) -> None:
    """Answer the question that stands before every change of how people get in."""
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def looks_right(page: Page, name: str) -> None:
    picture(page, name)
    assert sideways(page) == 0
    assert violations(page) == []


def code_now(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_a_member_signs_in_sees_the_shell_and_signs_out(world, page, acme):
    olga(world)

    sign_in(page, acme)
    expect(page.get_by_role("navigation", name="Workspace", exact=True)).to_be_visible()
    looks_right(page, "today")
    page.locator("details.menu summary.who").click()
    page.get_by_role("button", name="Sign out").click()

    page.goto(f"{acme}/")
    expect(page.get_by_role("heading", name="Sign in to acme")).to_be_visible()


def test_the_session_cookie_is_the_only_one(world, page, acme):
    olga(world)

    sign_in(page, acme)
    page.goto(f"{acme}/password/change/")

    cookies = page.context.cookies()
    assert [cookie["name"] for cookie in cookies] == ["__Host-session"]
    assert cookies[0]["httpOnly"]
    assert cookies[0]["sameSite"] == "Lax"


def test_a_wrong_password_is_answered_in_a_sentence_that_names_no_account(world, open_page: OpenPage, acme):
    page = open_page(width=390, scheme="dark")

    sign_in(page, acme, password="not this one")

    expect(page.get_by_role("alert")).to_contain_text("not correct")
    looks_right(page, "sign-in-refused-390-dark")


def test_a_forgotten_password_is_set_anew_by_the_link_in_the_mail(world, page, acme):
    olga(world)
    page.goto(f"{acme}/password/reset/")
    looks_right(page, "password-reset")
    page.get_by_label("Email").fill("olga@acme.example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()

    message = mail.outbox[-1]
    link = re.search(r"http://acme\.localhost\S+", message.body).group()
    page.goto(f"{acme}{urlsplit(link).path}")
    page.get_by_label("New Password", exact=True).fill("a much better one 77")
    page.get_by_label("New Password (again)").fill("a much better one 77")
    page.get_by_role("button", name="Set the password").click()

    assert link in message.alternatives[0].content
    expect(page.get_by_role("heading", name="The new password is set")).to_be_visible()
    sign_in(page, acme, "a much better one 77")
    expect(page.get_by_role("navigation", name="Workspace", exact=True)).to_be_visible()


def test_an_unknown_address_gets_the_same_page(world, page, acme):
    page.goto(f"{acme}/password/reset/")
    page.get_by_label("Email").fill("stranger@elsewhere.example")
    page.get_by_role("button", name="Send the link").click()

    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()


def test_an_authenticator_app_is_set_up_and_asked_for(world, page, acme):
    olga(world)
    sign_in(page, acme)
    page.goto(f"{acme}/two-step/")
    looks_right(page, "two-step")
    page.get_by_role("link", name="Set up").click()
    looks_right(page, "reauthenticate")
    still_me(page)
    secret = page.locator(".copyable code").inner_text()
    looks_right(page, "two-step-app")
    page.get_by_label("Authenticator code").fill(code_now(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator("#codes")).to_be_visible()
    looks_right(page, "recovery-codes")
    recovery = page.locator("#codes").inner_text().split()[0]

    page.context.clear_cookies()
    sign_in(page, acme)
    looks_right(page, "second-step")
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("navigation", name="Workspace", exact=True)).to_be_visible()


def test_a_passkey_is_added_and_signs_in_without_a_password(world, page, acme):
    olga(world)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    able = {**kind, "isUserVerified": True, "automaticPresenceSimulation": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": able})
    sign_in(page, acme)
    page.goto(f"{acme}/two-step/webauthn/add/")
    still_me(page)
    expect(page.get_by_label("Passwordless")).to_be_visible()
    looks_right(page, "passkey-add")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(re.compile(r"recovery-codes|webauthn/$"))
    page.goto(f"{acme}/two-step/webauthn/")
    looks_right(page, "passkeys")

    page.context.clear_cookies()
    page.goto(f"{acme}/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("navigation", name="Workspace", exact=True)).to_be_visible()


def test_the_page_of_an_unknown_host_shows_nothing_of_any_workspace(page, port):
    response = page.goto(f"http://nobody.localhost:{port}/")

    assert response.status == 404
    expect(page.get_by_role("heading", name="There is no workspace here")).to_be_visible()
    assert "acme" not in page.content()
