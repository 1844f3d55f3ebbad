"""The console's navigation and style sheet."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

PLACES: list[tuple[str, list[tuple[str, str, str]]]] = [
    ("", [("Overview", "dashboard", "index")]),
    (
        "Workspaces",
        [
            ("Workspaces", "workspaces", "tenants_workspace_changelist"),
            ("Domains", "language", "tenants_domain_changelist"),
            ("Removals", "receipt_long", "tenants_removal_changelist"),
        ],
    ),
    (
        "Public site",
        [
            ("Sub-processors", "hub", "trust_subprocessor_changelist"),
            ("Changelog", "history_edu", "trust_entry_changelist"),
            ("Standings", "verified", "trust_standing_changelist"),
            ("Researchers", "bug_report", "trust_researcher_changelist"),
        ],
    ),
    (
        "Status",
        [
            ("Incidents", "warning", "trust_incident_changelist"),
            ("Maintenance", "build", "trust_maintenance_changelist"),
            ("Components", "monitor_heart", "trust_componentstate_changelist"),
            ("Posture", "policy", "trust_posturerun_changelist"),
        ],
    ),
    (
        "Operators",
        [
            ("Operators", "badge", "operators_operator_changelist"),
            ("Record", "fact_check", "operators_operation_changelist"),
        ],
    ),
]


def navigation(_: HttpRequest) -> list[dict[str, Any]]:
    return [
        {
            "title": title,
            "separator": bool(title),
            "items": [
                {"title": name, "icon": icon, "link": reverse(f"admin:{url}")} for name, icon, url in items
            ],
        }
        for title, items in PLACES
    ]


def style_sheet(_: HttpRequest) -> str:
    return static("operators/console.css")
