"""What the console's pages read: sizes and counts of workspaces from the catalog, never a row of theirs.

The console's login can open no tenant schema. PostgreSQL tells every login how large a table is and about how
many rows it holds; both are in the catalog and the statistics, beside the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections
from django.db.models import Count
from django.utils import timezone

from operators.models import Operation
from operators.record import DIRECTORY
from tenants.models import Domain, DomainClaim, State, Workspace

# The tables whose counts are shown, as the schema calls them.
COUNTED = {
    "members": "Members",
    "leads": "Leads",
    "campaigns": "Campaigns",
    "drafts": "Drafts",
    "messages": "Messages",
    "stage_runs": "Model calls",
    "audit_log": "Audit lines",
}
SIZES = """
    SELECT n.nspname, coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
    FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
    WHERE n.nspname = ANY (%s) GROUP BY 1
"""
COUNTS = """
    SELECT coalesce(parent.relname, c.relname), sum(pg_stat_get_live_tuples(c.oid))::bigint
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
    WHERE n.nspname = %s AND c.relkind = 'r' GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Host:
    """A host of a workspace, or one that it claims."""

    host: str
    kind: str
    is_primary: bool
    is_proved: bool

    @property
    def is_own(self) -> bool:
        return self.kind == "custom"


@dataclass(frozen=True, slots=True)
class Overview:
    """The console's first page."""

    states: list[tuple[str, int]]
    version: int
    behind: int
    problems: list[Workspace]
    operations: list[Operation]
    failures: int


def _rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connections[DIRECTORY].cursor() as cursor:
        cursor.execute(sql, list(params))
        return list(cursor.fetchall())


def schema_of(workspace: Workspace) -> str:
    return f"tenant_{workspace.slug.replace('-', '_')}"


def sizes(workspaces: Iterable[Workspace]) -> dict[str, int]:
    """Bytes on disk by schema, indexes included."""
    return dict(_rows(SIZES, [schema_of(each) for each in workspaces]))


def counts(workspace: Workspace) -> list[tuple[str, int]]:
    """About how many rows the main tables hold, by the server's statistics."""
    found = dict(_rows(COUNTS, schema_of(workspace)))
    return [(label, found[name]) for name, label in COUNTED.items() if name in found]


def newest_version() -> int:
    """The newest version of the tenant schema."""
    ((newest,),) = _rows("SELECT coalesce(max(version), 0) FROM public.schema_changes")
    return int(newest)


def hosts(workspace: Workspace) -> list[Host]:
    domains = [
        Host(each.host, each.kind, each.is_primary, each.verified_at is not None)
        for each in Domain.objects.filter(workspace=workspace).order_by("-is_primary", "host")
    ]
    claims = DomainClaim.objects.filter(workspace=workspace).order_by("host")
    return domains + [Host(each.host, "custom", is_primary=False, is_proved=False) for each in claims]


def operations_on(workspace: Workspace, most: int = 20) -> list[Operation]:
    return list(Operation.objects.filter(workspace_id=workspace.pk).order_by("-at", "-id")[:most])


def overview() -> Overview:
    newest = newest_version()
    by_state = dict(Workspace.objects.values_list("state").annotate(Count("id")).order_by())
    open_ones = Workspace.objects.filter(state__in=[State.ACTIVE, State.SUSPENDED])
    day_ago = timezone.now() - timedelta(days=1)
    return Overview(
        states=[(str(state.label), by_state.get(state, 0)) for state in State],
        version=newest,
        behind=open_ones.filter(schema_version__lt=newest).count(),
        problems=list(Workspace.objects.exclude(problem="").order_by("slug")[:10]),
        operations=list(Operation.objects.order_by("-at", "-id")[:12]),
        failures=Operation.objects.filter(event="operator.sign_in_failed", at__gt=day_ago).count(),
    )
