"""The style page in a browser: every part of the interface, wide and narrow, light and dark."""

from __future__ import annotations

import pytest

from tests.browser import picture, sideways, violations

pytestmark = pytest.mark.browser
WIDE, NARROW = 1280, 390
VIEWS = [
    *[("style", width, scheme) for width in (WIDE, NARROW) for scheme in ("light", "dark")],
    *[
        (path, *view)
        for path in ("style/site", "style/confirm")
        for view in ((WIDE, "dark"), (NARROW, "light"))
    ],
]


@pytest.mark.parametrize(("path", "width", "scheme"), VIEWS)
def test_a_page_is_accessible_and_fits_its_window(open_page, preview, path, width, scheme):
    page = open_page(width=width, scheme=scheme)

    response = page.goto(f"{preview}/{path}/")
    picture(page, f"{path.replace('/', '-')}-{width}-{scheme}")

    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert sideways(page) == 0
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 768, 1024])
def test_no_width_scrolls_sideways(open_page, preview, width):
    page = open_page(width=width)

    page.goto(f"{preview}/style/")

    assert sideways(page) == 0


def test_the_page_reads_without_scripts(open_page, preview):
    page = open_page(scripts=False, scheme="dark")

    page.goto(f"{preview}/style/")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 20, 21)"
    assert page.locator("[data-theme-choice]:visible").count() == 0


def test_a_short_page_does_not_scroll(page, preview):
    page.goto(f"{preview}/style/confirm/")

    assert page.evaluate("document.documentElement.scrollHeight") == page.viewport_size["height"]
