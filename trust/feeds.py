"""The changelog and the status as Atom (RFC 4287), and the status as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed

from trust.actions import absolute
from trust.models import Incident, Maintenance
from trust.queries import pages
from trust.queries.status import Component, Status
from trust.templatetags.trust_words import paragraphs

ATOM = "application/atom+xml; charset=utf-8"
MOST = 50


def changelog_as_atom() -> str:
    feed = Atom1Feed(
        title="Paitho changelog",
        link=absolute("trust:changelog"),
        description="",
        subtitle="Changes of the product and of sub-processors.",
        feed_url=absolute("trust:changelog_atom"),
        language="en",
        author_name="Paitho",
    )
    for entry in pages.entries()[:MOST]:
        feed.add_item(
            title=entry.title,
            link=f"{absolute('trust:changelog')}#{entry.slug}",
            description=paragraphs(entry.body),
            unique_id=_id("changelog", entry.slug),
            pubdate=entry.published_at,
            updateddate=entry.published_at,
            categories=[entry.kind],
        )
    return feed.writeString("utf-8")


def status_as_atom(status: Status) -> str:
    feed = Atom1Feed(
        title="Paitho status",
        link=absolute("trust:status"),
        description="",
        subtitle="Incidents and planned maintenance.",
        feed_url=absolute("trust:status_atom"),
        language="en",
        author_name="Paitho",
    )
    for incident in [*status.incidents, *status.past]:
        for update in incident.updates.all():
            feed.add_item(
                title=f"{update.get_state_display()}: {incident.title}",
                link=f"{absolute('trust:status')}#incident-{incident.pk}",
                description=paragraphs(update.text),
                unique_id=_id("incident", f"{incident.pk}/{update.pk}"),
                pubdate=update.at,
                updateddate=update.at,
            )
    for window in status.planned:
        feed.add_item(
            title=f"Maintenance: {window.title}",
            link=f"{absolute('trust:status')}#maintenance-{window.pk}",
            description=paragraphs(window.text),
            unique_id=_id("maintenance", str(window.pk)),
            pubdate=window.announced_at,
            updateddate=window.announced_at,
        )
    return feed.writeString("utf-8")


def _id(kind: str, name: str) -> str:
    """A tag URI (RFC 4151) that does not change when the site moves to another port."""
    return f"tag:{settings.APEX.hostname},2026:{kind}/{name}"


def status_as_json(status: Status) -> dict[str, Any]:
    return {
        "state": status.state,
        "headline": status.headline,
        "probed_at": _at(status.probed_at),
        "told_at": _at(timezone.now()),
        "components": [_component(each) for each in status.components],
        "incidents": [_incident(each) for each in status.incidents],
        "past_incidents": [_incident(each) for each in status.past],
        "maintenance": [_window(each) for each in status.planned],
    }


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _component(part: Component) -> dict[str, Any]:
    return {
        "key": part.key,
        "name": part.name,
        "state": part.state,
        "note": part.note,
        "since": _at(part.since),
        "uptime_90_days": round(part.uptime, 3) if part.uptime is not None else None,
    }


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.pk,
        "title": incident.title,
        "impact": incident.impact,
        "components": incident.components,
        "started_at": _at(incident.started_at),
        "resolved_at": _at(incident.resolved_at),
        "updates": [
            {"at": _at(update.at), "state": update.state, "text": update.text}
            for update in incident.updates.all()
        ],
    }


def _window(window: Maintenance) -> dict[str, Any]:
    return {
        "id": window.pk,
        "title": window.title,
        "starts_at": _at(window.starts_at),
        "ends_at": _at(window.ends_at),
        "components": window.components,
    }
