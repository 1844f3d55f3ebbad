"""The changelog and the status as Atom (RFC 4287), and the status as JSON."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed

from trust.actions import absolute
from trust.queries import pages
from trust.queries.status import Status
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
            pubdate=window.starts_at,
            updateddate=window.starts_at,
        )
    return feed.writeString("utf-8")


def _id(kind: str, name: str) -> str:
    """A tag URI (RFC 4151) that does not change when the site moves to another port."""
    return f"tag:{settings.APEX.hostname},2026:{kind}/{name}"


def status_as_json(status: Status) -> dict[str, Any]:
    return {
        "state": status.state,
        "headline": status.headline,
        "probed_at": status.probed_at.isoformat() if status.probed_at else None,
        "told_at": timezone.now().isoformat(),
        "components": [
            {
                "key": each.key,
                "name": each.name,
                "state": each.state,
                "note": each.note,
                "since": each.since.isoformat() if each.since else None,
                "uptime_90_days": round(each.uptime, 3) if each.uptime is not None else None,
            }
            for each in status.components
        ],
        "incidents": [
            {
                "id": incident.pk,
                "title": incident.title,
                "impact": incident.impact,
                "components": incident.components,
                "started_at": incident.started_at.isoformat(),
                "updates": [
                    {"at": update.at.isoformat(), "state": update.state, "text": update.text}
                    for update in incident.updates.all()
                ],
            }
            for incident in status.incidents
        ],
        "maintenance": [
            {
                "id": window.pk,
                "title": window.title,
                "starts_at": window.starts_at.isoformat(),
                "ends_at": window.ends_at.isoformat(),
                "components": window.components,
            }
            for window in status.planned
        ],
    }
