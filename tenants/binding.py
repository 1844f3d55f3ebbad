"""The one way into a workspace: `with bound(workspace):` on this thread's `default` connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from django.db import connections

from tenants.errors import NoWorkspace
from tenants.workspace import WorkspaceRef

if TYPE_CHECKING:
    from tenants.backend.base import DatabaseWrapper


def _wrapper() -> DatabaseWrapper:
    return cast("DatabaseWrapper", connections["default"])


@contextmanager
def bound(workspace: WorkspaceRef) -> Iterator[WorkspaceRef]:
    """Bind this thread to `workspace` and restore what was bound before, whatever happens.

    Raises `SwitchInTransaction` when another workspace's transaction is open on this thread.
    """
    wrapper = _wrapper()
    before = wrapper.workspace
    wrapper.bind(workspace)
    try:
        yield workspace
    except Exception as error:
        # Marked and raised on: whoever reports it outside is told where it happened.
        error.workspace_id = getattr(error, "workspace_id", workspace.id)  # type: ignore[attr-defined]
        raise
    finally:
        wrapper.bind(before)


def current() -> WorkspaceRef:
    """The workspace this thread is bound to. Raises `NoWorkspace` when there is none."""
    workspace = _wrapper().workspace
    if workspace is None:
        raise NoWorkspace("No workspace is bound to this thread.")
    return workspace


def close_sessions() -> None:
    """Close this thread's sessions, the warm ones too: for a thread that ends."""
    _wrapper().close_everything()


def is_bound() -> bool:
    return _wrapper().workspace is not None
