"""What the live site tells a browser: headers, cookies, and whose files it loads."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from tenants.directory import host_of
from trust.posture.kinds import Cell, Finding, check, counted
from trust.posture.site import Page

APEX_PAGES = (
    "/",
    "/trust",
    "/manifesto",
    "/changelog",
    "/sub-processors",
    "/status",
    "/security",
    "/dpa",
    "/find",
    "/subscribe",
    "/sign-up",
)
LOADS = {
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "object": "data",
    "embed": "src",
    "form": "action",
}
SAFE_SOURCES = {"'self'", "'none'", "data:"}


def apex(cell: Cell) -> list[Page]:
    return [cell.site.page(path) for path in APEX_PAGES]


def entrances(cell: Cell) -> list[tuple[str, Page]]:
    """The sign-in page of each workspace in the sample."""
    path = reverse("account_login", urlconf=settings.ROOT_URLCONF)
    return [(each.slug, cell.site.page(path, host=host_of(each))) for each in cell.sample]


@check("headers", "site", "Every page comes with the headers that keep a browser to our own files.")
def headers(cell: Cell) -> Finding:
    pages = [*apex(cell), *(page for _, page in entrances(cell))]
    problems = [f"{page.url}: {problem}" for page in pages for problem in wrong_headers(page)]
    return Finding(counted(len(pages), "page"), tuple(problems))


def wrong_headers(page: Page) -> list[str]:
    """In words, which headers of an answer are missing or too wide."""
    wanted = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "",
        "permissions-policy": "camera=()",
    }
    if page.status != 200:
        return [f"the answer is {page.status}."]
    said = [
        f"{name} is {page.header(name) or 'missing'}."
        for name, value in wanted.items()
        if not page.header(name) or value not in page.header(name)
    ]
    if urlsplit(page.url).scheme == "https" and "max-age=" not in page.header("strict-transport-security"):
        said.append("strict-transport-security is missing.")
    return said + wide_policy(page.header("content-security-policy"))


def wide_policy(policy: str) -> list[str]:
    """In words, what a content security policy allows beyond our own host."""
    directives = {
        name: sources for name, *sources in (part.split() for part in policy.split(";") if part.strip())
    }
    said = []
    if not directives.get("default-src"):
        said.append("content-security-policy has no default-src.")
    for name, sources in directives.items():
        for source in sources:
            if source not in SAFE_SOURCES or (source == "data:" and name != "img-src"):
                said.append(f"content-security-policy allows {source} in {name}.")
    for name, expected in (("frame-ancestors", "'none'"), ("base-uri", "'none'"), ("object-src", "'none'")):
        if directives.get(name) != [expected]:
            said.append(f"content-security-policy does not set {name} to {expected}.")
    return said


@check(
    "no_tracking_cookies",
    "not_stored",
    "Cookies that follow you. This site sets none; a workspace sets its session's, same-site and secure.",
)
def no_tracking_cookies(cell: Cell) -> Finding:
    pages = apex(cell)
    problems = [f"{page.url} sets a cookie." for page in pages if page.cookies]
    for slug, page in entrances(cell):
        problems += [f"{slug}: {said}" for cookie in page.cookies for said in wrong_cookie(cookie)]
    entered = len(cell.sample)
    saw = f"{counted(len(pages), 'public page')}, {counted(entered, 'entrance')} of workspaces"
    return Finding(saw, tuple(problems))


def wrong_cookie(header: str) -> list[str]:
    """In words, what is wrong with a Set-Cookie: only the session's may be there, and only as promised."""
    pair, *attributes = [part.strip() for part in header.split(";")]
    name = pair.partition("=")[0]
    given = {attribute.partition("=")[0].lower(): attribute.partition("=")[2] for attribute in attributes}
    if name != settings.SESSION_COOKIE_NAME or not name.startswith("__Host-"):
        return [f"the cookie {name} is not the session's."]
    said = [f"the session's cookie is not {flag}." for flag in ("secure", "httponly") if flag not in given]
    if given.get("samesite", "").lower() not in {"lax", "strict"}:
        said.append("the session's cookie is sent from other sites.")
    if "domain" in given or given.get("path") != "/":
        said.append("the session's cookie is not bound to its host.")
    return said


class Loads(HTMLParser):
    """Collects the addresses that a page makes a browser fetch or send to, and inline code."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "link" and given.get("rel") in {"canonical", "alternate", "help"}:
            return
        if tag in LOADS and given.get(LOADS[tag]):
            self.addresses.append(str(given[LOADS[tag]]))
        is_data = given.get("type") == "application/json"
        if tag == "script" and not given.get("src") and not is_data:
            self.inline.append("a script without a file")
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


def foreign_loads(page: Page) -> list[str]:
    reader = Loads()
    reader.feed(page.body)
    own = urlsplit(page.url).netloc
    said = [
        f"{page.url} loads {address}"
        for address in reader.addresses
        if urlsplit(address).netloc not in {"", own}
        or re.match(r"\s*(javascript|vbscript):", address, re.IGNORECASE)
    ]
    return said + [f"{page.url} has inline code: {what}" for what in reader.inline]


@check(
    "no_third_party",
    "site",
    "No page loads anything from anyone else: no analytics, no advertising, no fonts, no pixels.",
)
def no_third_party(cell: Cell) -> Finding:
    pages = [*apex(cell), *(page for _, page in entrances(cell))]
    problems = [said for page in pages for said in foreign_loads(page)]
    return Finding(counted(len(pages), "page"), tuple(problems))
