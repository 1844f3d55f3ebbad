"""What hangs on leads and goes with them, counted before anyone is asked to delete.

It follows the relations that point at a lead, so that this floor names none of those above it.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import QuerySet

from leads.models import Lead

# The tables that a person would ask about, in the order of the page.
COUNTED = {
    "enrollments": "Places in campaigns",
    "drafts": "Drafts",
    "threads": "Conversations",
    "messages": "Messages",
    "stage_runs": "Model logs, whose texts go",
}


def goes_with(leads: QuerySet[Lead]) -> list[tuple[str, int]]:
    """(what, how many) for each kind of thing that deleting these leads takes along."""
    counts: dict[str, int] = {}
    _follow(leads.order_by().values("pk"), Lead, counts)
    return [(words, counts.get(table, 0)) for table, words in COUNTED.items()]


def _follow(ids: QuerySet[Any, Any], model: type[models.Model], counts: dict[str, int]) -> None:
    for relation in model._meta.related_objects:
        related = relation.related_model
        table = related._meta.db_table
        if table not in COUNTED or table in counts or isinstance(relation, models.ManyToManyRel):
            continue
        # Typed loosely: the model is known at run time only.
        rows: Any = related._base_manager.filter(**{f"{relation.field.name}__in": ids})
        if relation.on_delete is not models.CASCADE and table != "stage_runs":
            continue
        counts[table] = rows.count()
        _follow(rows.values("pk"), related, counts)
