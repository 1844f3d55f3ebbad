"""The browser of the tests: Chromium started once, pages that are watched, pictures, axe.

The fixtures are loaded once, in tests/conftest.py: Playwright runs once in a process. Every page that
`open_page` gives is watched to its end: an error on the console, a script that fails or a request to a
foreign host fails the test. Pictures go to `tests/screenshots/`, which git ignores.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.system import BROWSERS

__all__ = ["browser", "open_page", "page", "picture", "violations"]

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "tests" / "screenshots"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), BROWSERS[1])
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (1280, 390)  # a desk and a phone, in CSS pixels
PATIENCE = 30_000  # ms; a loaded machine is slow, not wrong
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

OpenPage = Callable[..., Page]


def is_ours(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme in {"data", "blob", "about"} or host == "127.0.0.1" or host.endswith("localhost")


def complaint_about(message: ConsoleMessage, page: Page) -> str | None:
    """What is wrong with a console message; the status of the page itself is the test's own matter."""
    is_own_status = "the server responded with a status" in message.text
    if message.type not in {"error", "warning"} or (is_own_status and message.location["url"] == page.url):
        return None
    return f"{message.type} on {page.url}: {message.text}"


def watch(page: Page, complaints: list[str]) -> None:
    def on_console(message: ConsoleMessage) -> None:
        if complaint := complaint_about(message, page):
            complaints.append(complaint)

    def on_request(request: Request) -> None:
        if not is_ours(request.url):
            complaints.append(f"{page.url} asked {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(f"script error on {page.url}: {error}"))
    page.on("request", on_request)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, running; where there is none, `tests.system` has left these tests out."""
    if not AXE.is_file() or not (ROOT / "paitho/static/build/icons.svg").is_file():
        pytest.fail("The front-end assets are missing: run `make assets`.")
    # Playwright runs an event loop on this thread, which makes Django refuse the ORM in the tests.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens watched pages: `open_page(width=390, scheme="dark", scripts=False)`.

    A complaint that holds the words in `forgive` does not count.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    forgiven: list[str] = []

    def open_one(
        *, width: int = 1280, scheme: Any = "light", scripts: bool = True, forgive: str = ""
    ) -> Page:
        forgiven.extend([forgive] if forgive else [])
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            has_touch=width < 500,
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watch(page, complaints)
        return page

    yield open_one
    for context in contexts:
        context.close()
    left = [each for each in complaints if not any(words in each for words in forgiven)]
    if left:
        pytest.fail("\n".join(left))


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A watched page at desk width."""
    return open_page()


def picture(page: Page, name: str) -> Path:
    """A screenshot of the whole page, to be looked at by people."""
    PICTURES.mkdir(exist_ok=True)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


FIND = """
async ([only, impacts]) => {
  const { violations } = await axe.run({ runOnly: only, resultTypes: ["violations"] });
  return violations
    .filter((rule) => impacts.includes(rule.impact))
    .flatMap((rule) => rule.nodes.map((node) => ({ rule: rule.id, ...node })))
    .map(({ rule, html, failureSummary }) => `${rule}: ${html.slice(0, 120)} ${failureSummary}`);
}
"""
SERIOUS = ("moderate", "serious", "critical")


def violations(page: Page, *, impacts: tuple[str, ...] = SERIOUS, only: list[str] = RULES) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA and its best practices: rule, element, what to do.

    `only` names sets of rules, or single rules.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    kind = "tag" if only is RULES else "rule"
    found: list[str] = page.evaluate(FIND, [{"type": kind, "values": only}, list(impacts)])
    return found


def sideways(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def complaints_of(page: Page, name: str) -> list[str]:
    """Look at the page in light and in dark: pictures, what axe finds, and whether it fits its window.

    Colours alone depend on the scheme, so in dark axe is asked about contrast only.
    """
    width = (page.viewport_size or {"width": 0})["width"]
    found = ["wider than its window"] if sideways(page) > 0 else []
    for scheme, rules in (("light", RULES), ("dark", ["color-contrast"])):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        picture(page, f"{name}-{width}-{scheme}")
        found += violations(page, only=rules)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return found


def complaints_of_all(page: Page, addresses: Mapping[str, str], *, prefix: str) -> dict[str, list[str]]:
    """Open each address and look at it; only those with a complaint are in the answer."""
    found = {}
    for name, address in addresses.items():
        page.goto(address)
        found[name] = complaints_of(page, f"{prefix}-{name}")
    return {name: said for name, said in found.items() if said}
