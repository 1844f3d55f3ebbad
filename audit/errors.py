"""Refusals of `audit`; `str()` of each is safe to show."""


class AuditError(Exception):
    """Base of the refusals."""


class ExportOpen(AuditError):
    """An export is being made: one at a time."""


class ExportGone(AuditError):
    """The export has ended, or is somebody else's."""
