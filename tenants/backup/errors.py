"""Refusals of backup and restore; `str()` of each may be shown."""

from __future__ import annotations

from tenants.errors import BoundaryError


class BackupError(BoundaryError):
    """Base: the backup or the restore did not happen, and nothing half-made is left."""


class StoreError(BackupError):
    """The place where files are kept cannot be reached, or does not have the file."""


class NotWhole(BackupError):
    """The file does not hold what it says it holds, or what the database held."""
