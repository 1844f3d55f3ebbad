"""Refusals at the boundary; `str()` of each is safe to show."""


class BoundaryError(Exception):
    """Base of every refusal at the boundary."""


class NoWorkspace(BoundaryError):
    """Tenant data was addressed with no workspace bound."""


class SwitchInTransaction(BoundaryError):
    """A bind was asked for while another workspace's transaction is open."""


class UnknownWorkspace(BoundaryError):
    """The directory knows no such workspace."""


class WorkspaceClosed(BoundaryError):
    """The workspace is not active: being made, suspended, or deleted."""


class KeysUnavailable(BoundaryError):
    """The KMS cannot be reached and the key is not in memory."""
