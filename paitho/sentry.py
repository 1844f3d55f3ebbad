"""Errors to Sentry: nothing without a DSN, and then only what names nobody.

An event is built anew from what is allowed, instead of being cleaned of what is not: types, places in our
code, the kind of request, times, the workspace's id. No body, cookie, header, address, local variable,
breadcrumb, SQL parameter or task argument is in it; the words of an error stay only when it is one of ours,
whose words are made to be shown. A workspace on a paid plan may name its own server: its events go there.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sentry_sdk
from django.conf import settings
from django.db import Error as DatabaseError
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger

from leads.enrichment.edge import HostRefused
from leads.enrichment.reach import reachable
from tenants import directory
from tenants.binding import current, is_bound

Event = Any  # sentry's type is a private TypedDict of its own
OURS = frozenset(
    (
        "paitho",
        "tenants",
        "accounts",
        "keychain",
        "audit",
        "leads",
        "mailbox",
        "campaigns",
        "trust",
        "operators",
    )
)
KEPT = (
    "event_id", "timestamp", "start_timestamp", "level", "platform", "logger", "type", "transaction",
    "transaction_info", "release", "environment", "sdk", "measurements",
)  # fmt: skip
NOT_SENT = "[words left out]"
ADDRESS = re.compile(r"[^\s<>\"'=:,;()\[\]]+@[^\s<>\"'=:,;()\[\]]+")
LONG = re.compile(r"[A-Za-z0-9_\-]{24,}")
MEMORY = 300.0  # seconds for which a workspace's own server is remembered
log = logging.getLogger(__name__)
_servers: dict[UUID, tuple[float, str]] = {}
_clients: dict[str, sentry_sdk.Client] = {}


def start(dsn: str | None) -> None:
    """Report errors and, if PAITHO_SENTRY_TRACES says so, timings to `dsn`; do nothing without one."""
    if not dsn:
        return
    sentry_sdk.init(
        dsn=dsn,
        integrations=[
            DjangoIntegration(transaction_style="url", middleware_spans=False, signals_spans=False),
            CeleryIntegration(),
            LoggingIntegration(level=None, event_level=logging.ERROR),
        ],
        before_send=before_send,
        before_send_transaction=before_send,
        traces_sample_rate=settings.SENTRY_TRACES,
        **bare(),
    )
    ignore_logger(__name__)


def bare() -> dict[str, Any]:
    """What the library collects by itself is switched off, as far as it lets us."""
    return {
        "auto_enabling_integrations": False,
        "include_local_variables": False,
        "max_request_body_size": "never",
        "max_breadcrumbs": 0,
        "auto_session_tracking": False,
        "send_client_reports": False,
        "server_name": "",
        "environment": settings.REGION,
    }


def before_send(event: Event, hint: Mapping[str, Any]) -> Event | None:
    """The event that leaves for our server; None when the workspace's own server got it."""
    workspace = workspace_of(hint)
    told = rebuilt(event, hint, workspace)
    dsn = own_server(workspace) if workspace else ""
    if dsn == "":
        return told
    if dsn is not None:
        hand_over(told, dsn)
    return None


def workspace_of(hint: Mapping[str, Any]) -> UUID | None:
    """The workspace in which it happened: bound now, or left by the error on its way out."""
    if hasattr(settings, "WORK") and is_bound():
        return current().id
    error = (hint.get("exc_info") or (None, None))[1]
    found = getattr(error, "workspace_id", None)
    return found if isinstance(found, UUID) else None


def rebuilt(event: Event, hint: Mapping[str, Any], workspace: UUID | None) -> Event:
    told: dict[str, Any] = {name: event[name] for name in KEPT if name in event}
    if (told.get("transaction_info") or {}).get("source") == "url":
        told.pop("transaction", None)  # a bare path, which may hold a token
    told["tags"] = {"workspace": str(workspace)} if workspace else {}
    trace = (event.get("contexts") or {}).get("trace") or {}
    kept = ("trace_id", "span_id", "op", "status")
    told["contexts"] = {"trace": {name: trace[name] for name in kept if name in trace}}
    if method := (event.get("request") or {}).get("method"):
        told["request"] = {"method": method, "url": settings.ORIGIN}
    if "logentry" in event:
        told["logentry"] = {"message": masked(str(event["logentry"].get("message", "")))}
    if "exception" in event:
        error, values = (hint.get("exc_info") or (None, None))[1], event["exception"].get("values", [])
        told["exception"] = {"values": [exception(each, error) for each in values]}
    if "spans" in event:
        told["spans"] = [span(each) for each in event["spans"]]
    return told


def exception(value: Mapping[str, Any], error: BaseException | None) -> dict[str, Any]:
    """Its type, its place in the code, and its words if they are ours."""
    told = {name: value[name] for name in ("type", "module") if name in value}
    told["value"] = words(value, error)
    frames = (value.get("stacktrace") or {}).get("frames", [])
    kept = ("filename", "function", "module", "lineno", "in_app")
    places = [{name: frame[name] for name in kept if name in frame} for frame in frames]
    told["stacktrace"] = {"frames": places}
    return told


def words(value: Mapping[str, Any], error: BaseException | None) -> str:
    if str(value.get("module") or "").partition(".")[0] in OURS:
        return masked(str(value.get("value") or ""))
    if isinstance(error, DatabaseError) and error.__cause__ is not None:
        return f"SQLSTATE {getattr(error.__cause__, 'sqlstate', None)}"
    return NOT_SENT


def span(value: Mapping[str, Any]) -> dict[str, Any]:
    """What was done and how long it took, not on what."""
    kept = ("op", "span_id", "parent_span_id", "trace_id", "start_timestamp", "timestamp", "status")
    return {name: value[name] for name in kept if name in value}


def masked(text: str) -> str:
    return LONG.sub("[…]", ADDRESS.sub("[address]", text))[:500]


# --- a workspace's own server ----------------------------------------------------------------------


def own_server(workspace: UUID) -> str | None:
    """The DSN that the workspace named, if its plan is a paid one; remembered for five minutes.

    When the directory does not answer, what was known stays true, and where nothing is known it is None: an
    event that belongs elsewhere does not come to us because of an outage.
    """
    known = _servers.get(workspace)
    if known and known[0] > time.monotonic():
        return known[1]
    try:
        dsn = directory.error_server(workspace)
    except DatabaseError:
        return known[1] if known else None
    _servers[workspace] = (time.monotonic() + MEMORY, dsn)
    return dsn


def hand_over(told: Event, dsn: str) -> None:
    """Send the event to a workspace's own server; one inside our network is refused."""
    parts = urlsplit(dsn)
    try:
        reachable(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    except (HostRefused, OSError):
        log.warning("The error server of a workspace is not reachable from here; the event was dropped.")
        return
    if dsn not in _clients:
        _clients[dsn] = sentry_sdk.Client(dsn=dsn, default_integrations=False, **bare())
    _clients[dsn].capture_event(told, scope=None)


def forget_servers() -> None:
    _servers.clear()
