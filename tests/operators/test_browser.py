"""The console in a browser: its pages, wide and narrow, light and dark, and a sign-in with a passkey."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser import OpenPage, picture, sideways, violations
from tests.operators.client import PASSWORD, Operator, link_for

pytestmark = pytest.mark.browser
PAGES = {
    "overview": "/",
    "workspaces": "/tenants/workspace/",
    "workspace": "/tenants/workspace/{acme}/change/",
    "new workspace": "/tenants/workspace/add/",
    "operators": "/operators/operator/",
    "record": "/operators/operation/",
    "sub-processors": "/trust/subprocessor/",
    "sub-processor": "/trust/subprocessor/add/",
    "incident": "/trust/incident/add/",
    "posture": "/trust/posturerun/",
    "own": "/me/",
    "proof": "/proof/",
}


def bring_the_session_of(operator: Operator, page: Page) -> None:
    """Chromium takes a `__Host-` cookie for an https address alone; ports do not matter to it."""
    (cookie,) = operator.console.session.cookies
    url = operator.console.origin.replace("http:", "https:") + "/"
    page.context.add_cookies([{"name": cookie.name, "value": cookie.value, "url": url, "secure": True}])


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_consoles_pages(
    ada: Operator, world, superuser, open_page: OpenPage, width: int, scheme: str
) -> None:
    """The watched page fails on any complaint of the content security policy."""
    page = open_page(width=width, scheme=scheme)
    bring_the_session_of(ada, page)
    superuser.execute("UPDATE public.operator_sessions SET proved_at = NULL")
    wrong: dict[str, object] = {}

    for name, path in PAGES.items():
        page.goto(ada.console.origin + path.format(acme=world.acme.id))
        picture(page, f"console-{name}-{width}-{scheme}")
        if found := violations(page, impacts=("serious", "critical")) or sideways(page):
            wrong[name] = found

    assert wrong == {}


def test_the_sidebar_the_theme_and_a_form_work_without_eval(ada: Operator, open_page: OpenPage) -> None:
    page = open_page()
    bring_the_session_of(ada, page)
    page.goto(ada.console.origin + "/tenants/workspace/")
    page.get_by_role("link", name="acme").first.click()
    page.get_by_label("Plan").select_option("team")
    page.get_by_role("button", name="Set the plan").click()

    page.get_by_text("The plan is set.").wait_for()

    page.get_by_label("Plan").select_option("trial")
    page.get_by_role("button", name="Set the plan").click()
    page.get_by_text("The plan is set.").wait_for()


def test_an_operator_joins_signs_in_and_proves_it_again_with_a_passkey(
    ada: Operator, open_page: OpenPage, superuser
) -> None:
    """By Chromium's virtual authenticator."""
    page = open_page(forgive="the server responded with a status")
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    line.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True,
                     "isUserVerified": True, "automaticPresenceSimulation": True}},
    )  # fmt: skip
    page.goto(ada.console.origin + link_for("kay@paitho.example", "Kay"))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set up with a passkey instead").click()
    page.get_by_role("heading", name="The record").wait_for()

    page.goto(ada.console.origin + "/me/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("E-mail address").fill("kay@paitho.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Use a passkey").click()

    page.get_by_role("heading", name="The record").wait_for()
    assert "Kay" in page.content()

    superuser.execute("UPDATE public.operator_sessions SET proved_at = now() - interval '6 minutes'")
    page.goto(ada.console.origin + "/tenants/workspace/")
    page.get_by_role("link", name="acme").first.click()
    page.get_by_role("button", name="Set the plan").click()
    page.get_by_role("heading", name="Is it still you?").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Use a passkey").click()

    page.get_by_text("The plan is set.").wait_for()
