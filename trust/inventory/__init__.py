"""Every stored table and column, declared: what it holds, how it is held, how long.

The trust page's tables are rendered from here, a test compares it with the models, and `verify_posture`
with the live database: what is not on this list is not stored.

A new table or column is added to the category it belongs to, in `six` (the trust page's six), `product`
(the rest of a workspace's schema) or `ours` (schema `public`).
"""

from __future__ import annotations

from trust.inventory.kinds import Category, Form, Table
from trust.inventory.ours import OURS
from trust.inventory.product import IN_YOUR_SCHEMA
from trust.inventory.six import SIX

__all__ = ["IN_YOUR_SCHEMA", "OURS", "SIX", "Category", "Form", "Table", "directory", "family", "workspace"]


def workspace() -> dict[str, Table]:
    """The tables of a workspace's schema, by name."""
    return {table.name: table for category in (*SIX, *IN_YOUR_SCHEMA) for table in category.tables}


def directory() -> dict[str, Table]:
    """The tables of schema `public`, by name."""
    return {table.name: table for category in OURS for table in category.tables}


def family(table: str) -> str:
    """The declared table of a partition: `audit_log_202611` is `audit_log`; any other name is itself."""
    return "audit_log" if table.startswith("audit_log_") else table
