"""Roles, memberships, settings, owners, policies and grants, all compared with what they should be."""

from __future__ import annotations

from tenants import drift
from trust.posture.kinds import Cell, Finding, check, counted


@check(
    "no_drift",
    "boundary",
    "Every role, grant, policy and owner is exactly what it was made as; nothing is mended in silence.",
)
def no_drift(cell: Cell) -> Finding:
    problems = tuple(str(finding) for finding in drift.look(cell.owner))
    return Finding(counted(len(cell.workspaces), "workspace"), problems)
