"""Rows are the queue: a bell says that work of a kind is due in a workspace, and when to look again."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from tenants import directory
from tenants.binding import bound, current
from tenants.errors import KeysUnavailable, WorkspaceClosed
from tenants.models import State
from tenants.workspace import WorkspaceRef

LEASE = timedelta(minutes=10)
WAIT_FOR_KEYS = timedelta(seconds=30)
log = logging.getLogger(__name__)
# What is done in a workspace that is not open; `claim_bells` (operators' migration 0002) says the same.
WHILE_CLOSED = {
    State.SUSPENDED: {"retention", "backup", "operated"},
    State.DELETING: {"retention", "backup", "export", "operated"},
}


def ring(kind: str, *, at: datetime | None = None) -> None:
    """Say that work of `kind` is due in the bound workspace, once its open transaction has committed."""
    if kind not in settings.WORK:
        raise KeyError(kind)
    due = at or timezone.now()
    transaction.on_commit(partial(directory.ring, current().id, kind, due))


def work_slice(kind: str, workspace: WorkspaceRef) -> bool:
    """Do one bounded slice of the work and settle its bell; True when more is due at once.

    A slice that raises leaves its bell claimed: it is due again when the lease ends. One that cannot open
    the workspace's keys waits, and is tried again soon.
    """
    path, _, pulse = settings.WORK[kind]
    if not is_done_while(State(workspace.state), kind):
        raise WorkspaceClosed(f"The workspace is {workspace.state}.")
    with bound(workspace):
        try:
            next_due = import_string(path)()
        except KeysUnavailable as error:
            log.warning("%s of %s waits: %s", kind, workspace.slug, error)
            next_due = timezone.now() + WAIT_FOR_KEYS
    now = timezone.now()
    directory.settle_bell(workspace.id, kind, next_due or now + timedelta(seconds=pulse))
    return next_due is not None and next_due <= now


def is_done_while(state: State, kind: str) -> bool:
    return state == State.ACTIVE or kind == "provision" or kind in WHILE_CLOSED.get(state, ())


def claim(at_most: int) -> list[tuple[str, WorkspaceRef]]:
    """Claim due bells of every kind, least recently served workspaces first."""
    claimed = directory.claim_bells(at_most, LEASE, list(settings.WORK))
    return [(kind, directory.by_id(workspace)) for workspace, kind in claimed]
