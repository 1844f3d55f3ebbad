"""The places of a workspace: what the rail and the phone's tabs offer, and who sees them.

A context processor puts one `Shell` into every page of a workspace; the templates know nothing else
about the request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.urls import NoReverseMatch, reverse

EVERYONE = frozenset({"owner", "admin", "member"})
ADMINS = frozenset({"owner", "admin"})
OWNERS = frozenset({"owner"})


@dataclass(frozen=True)
class Place:
    """A page of the navigation. `key` follows `g` on the keyboard."""

    label: str
    icon: str
    url_name: str
    key: str = ""
    roles: frozenset[str] = EVERYONE


@dataclass(frozen=True)
class Link:
    """A place resolved for one request; `count` is work that waits there."""

    label: str
    icon: str
    url: str
    key: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True)
class Tab:
    """One page of several about the same thing, for `ui/tabs.html`."""

    label: str
    url: str
    count: int | None = None
    is_current: bool = False


@dataclass(frozen=True)
class Check:
    """One condition of `ui/checklist.html`: `tone` is good, warn, bad, or idle while nobody knows."""

    tone: str
    title: str
    text: str = ""
    url: str = ""
    action: str = ""


@dataclass(frozen=True)
class Shell:
    """What surrounds a page. `sandbox_note` says in a sentence which part is not real."""

    workspace: str
    member: str
    role: str
    main: list[Link] = field(default_factory=list)
    settings: list[Link] = field(default_factory=list)
    personal: list[Link] = field(default_factory=list)
    sign_out_url: str = ""
    is_paused: bool = False
    resume_url: str = ""
    sandbox_note: str = ""


MAIN = (
    Place("Today", icon="sun-high", url_name="campaigns:today", key="t"),
    Place("Leads", icon="users", url_name="leads:list", key="l"),
    Place("Campaigns", icon="send", url_name="campaigns:list", key="c"),
    Place("Review", icon="checklist", url_name="campaigns:review", key="r"),
    Place("Inbox", icon="inbox", url_name="mailbox:inbox", key="i"),
)
SETTINGS = (
    Place("Mailboxes", icon="mailbox", url_name="mailbox:list", key="m"),
    Place("Keychain", icon="key", url_name="keychain:list", key="k", roles=ADMINS),
    Place("Members", icon="users-group", url_name="accounts:members", roles=ADMINS),
    Place("Audit", icon="list-details", url_name="audit:log", roles=ADMINS),
    Place("Privacy", icon="shield-lock", url_name="leads:privacy"),
    Place("Your data", icon="package-export", url_name="audit:data", roles=OWNERS),
    Place("Address", icon="world", url_name="accounts:address", roles=OWNERS),
    Place("Workspace", icon="settings", url_name="accounts:workspace", roles=ADMINS),
)
PERSONAL = (
    Place("Profile", icon="user", url_name="accounts:me"),
    Place("Sessions", icon="devices", url_name="accounts:sessions"),
    Place("Password", icon="lock", url_name="account_change_password"),
    Place("Two-step sign-in", icon="fingerprint", url_name="mfa_index"),
)


def links(
    places: Iterable[Place], *, path: str, role: str, counts: dict[str, int] | None = None
) -> list[Link]:
    """Resolve places for a member with `role` on page `path`; `counts` is keyed by URL name.

    A place that this process does not route is left out, and so is one above the role.
    """
    waiting = counts or {}
    allowed = [(place, route(place.url_name)) for place in places if role in place.roles]
    return [
        Link(place.label, place.icon, url, place.key, is_at(path, url), waiting.get(place.url_name, 0))
        for place, url in allowed
        if url
    ]


def route(name: str) -> str:
    """The address of a page, or nothing where this process does not route it."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def is_at(path: str, url: str) -> bool:
    """Whether `path` is the page at `url` or one below it."""
    return path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))
