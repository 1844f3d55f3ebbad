"""The style page in a browser: every part of the interface, wide and narrow, light and dark."""

from __future__ import annotations

import pytest

from tests.browser import WIDTHS, complaints_of, sideways

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["style", "style/site", "style/confirm"])
def test_a_page_is_accessible_and_fits_its_window(open_page, preview, path, width):
    page = open_page(width=width)

    response = page.goto(f"{preview}/{path}/")

    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert complaints_of(page, path.replace("/", "-")) == []


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
