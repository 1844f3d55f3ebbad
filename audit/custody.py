"""Backups, restores and rehearsals, each with its line in the workspace's log; for the backup commands."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from audit.actions import record
from audit.actors import SYSTEM, Actor
from audit.events import Event
from audit.sealing import new_epoch
from tenants import bells, directory
from tenants.backup import directory_dump, dumping, policy, records, restoring, tools
from tenants.backup.errors import BackupError
from tenants.backup.records import Kept
from tenants.backup.restoring import Restored
from tenants.backup.stores import Store, store_at
from tenants.binding import bound
from tenants.errors import BoundaryError
from tenants.workspace import WorkspaceRef

log = logging.getLogger(__name__)
NIGHTLY = "backup"
# A process that is killed holds its claims no longer than this; one that lives renews them.
LEASE = timedelta(minutes=5)
REHEARSED_EVERY = timedelta(days=7)
REHEARSED_AGAIN = timedelta(days=1)  # after one that failed
# What a writer that was killed has left: no backup takes this long.
LEFTOVER = timedelta(days=1)
RUNG_AFTER_RESTORE = ("import", "bulk", "pipeline", "sync", "react", "seal", "retention")


def the_store() -> Store:
    return store_at(settings.BACKUPS)


def back_up(workspace: WorkspaceRef, store: Store | None = None, *, by: Actor = SYSTEM) -> dumping.Made:
    """One sealed backup, known to the directory and to the workspace's log. Raises `BackupError`."""
    made = dumping.back_up(workspace, store or the_store())
    with tools.session(tools.BACKUP) as session:
        records.add(session, made)
    with bound(workspace), transaction.atomic():
        rows = sum(made.rows.values())
        record(Event.BACKED_UP, by=by, backup=str(made.id), rows=rows, bytes=made.size)
    return made


def chosen(workspace: WorkspaceRef, name: str = "") -> Kept:
    """The backup called `name`, or the newest. Raises `BackupError` when there is none."""
    for backup in records.of(workspace):
        if name in {"", backup.name, str(backup.id)}:
            return backup
    raise BackupError(f"{workspace.slug} has no backup {name}".rstrip() + ".")


def bring_back(workspace: WorkspaceRef, store: Store, name: str, *, by: Actor = SYSTEM) -> Restored:
    """Restore one workspace: paused, with what must not be lost carried forward. Raises `BackupError`."""
    restored = restoring.restore(workspace, store, name)
    connections["default"].close_everything()  # type: ignore[attr-defined]  # sessions of the old schema
    with bound(directory.by_id(workspace.id)):
        with transaction.atomic():
            rows, made_at = sum(restored.rows.values()), restored.made_at
            record(Event.RESTORED, by=by, backup=str(restored.backup), made_at=made_at, rows=rows)
        new_epoch(restored)
        for path in settings.AFTER_RESTORE:
            import_string(path)()
        for kind in RUNG_AFTER_RESTORE:
            if kind in settings.WORK:
                bells.ring(kind)
    return restored


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a drill found; `problem` is empty when it passed."""

    backup: Kept | None
    rows: int
    duration_ms: int
    problem: str


def rehearse(workspace: WorkspaceRef, name: str = "") -> Rehearsed:
    """Open a backup, load all of it apart from the live schema, compare, throw it away, note the result."""
    began, backup, rows, problem = time.monotonic(), None, 0, ""
    try:
        backup = chosen(workspace, name)
        rows = sum(restoring.try_out(workspace, store_at(backup.place), backup.name).values())
        if rows != backup.rows:
            problem = f"{rows} rows came back of {backup.rows}."
    except BoundaryError as error:
        problem = str(error)
    took = int((time.monotonic() - began) * 1000)
    made_at = backup.made_at if backup else None
    records.add_drill(workspace, backup_made=made_at, took=took, rows=rows, passed=not problem, told=problem)
    return Rehearsed(backup, rows, took, problem)


def back_up_directory(store: Store | None = None) -> dumping.Made:
    """The control plane with its wrapped keys, sealed by the cell's KMS; it lives shorter than the rest."""
    made = directory_dump.back_up(store or the_store())
    with tools.session(tools.BACKUP) as session:
        records.add(session, made, of_directory=True)
    return made


def directory_is_due(now: datetime) -> bool:
    newest = next(iter(records.of(None)), None)
    return newest is None or now - newest.made_at >= timedelta(hours=settings.BACKUP_HOURS)


def expire(workspace: WorkspaceRef | None, now: datetime) -> int:
    """Delete the backups that have ended; returns how many files went."""
    kept = records.of(workspace)
    gone = policy.to_delete(kept, now)
    with tools.session(tools.BACKUP) as session:
        for backup in gone:
            store_at(backup.place).delete(backup.name)
            records.deleted(session, backup)
    return len(gone)


def expire_orphans(now: datetime) -> int:
    """Delete what is left of workspaces that are gone, when it ends; returns how many files went."""
    query = (
        "SELECT b.* FROM public.backups b WHERE b.deleted_at IS NULL AND b.expires_at <= %s"
        " AND NOT EXISTS (SELECT 1 FROM public.workspaces w WHERE w.id = b.workspace_id)"
    )
    with tools.session(tools.BACKUP) as session:
        gone = [Kept(*row) for row in session.execute(query, [now]).fetchall()]
        for backup in gone:
            store_at(backup.place).delete(backup.name)
            records.deleted(session, backup)
    return len(gone)


def nightly(at_most: int = 8) -> int:
    """Make the backups that are due, delete those that have ended; returns how many bells were served."""
    if directory_is_due(timezone.now()):
        back_up_directory()
        expire(None, timezone.now())
        expire_orphans(timezone.now())
        the_store().sweep(LEFTOVER)
    claimed = [uid for uid, _ in directory.claim_bells(at_most, LEASE, [NIGHTLY])]
    with held(claimed):
        for uid in claimed:
            workspace = directory.by_id(uid)
            due = timezone.now() + timedelta(hours=settings.BACKUP_HOURS)
            try:
                back_up(workspace)
                expire(workspace, timezone.now())
            except BoundaryError as error:
                log.error("The backup of %s failed: %s", workspace.slug, error)
                due = timezone.now() + timedelta(minutes=30)
            directory.settle_bell(uid, NIGHTLY, due)
    return len(claimed)


@contextmanager
def held(claimed: list[UUID], lease: timedelta = LEASE) -> Iterator[None]:
    """Renew the claims for as long as the block runs."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(lease.total_seconds() / 5):
            try:
                for uid in claimed:
                    directory.renew_bell(uid, NIGHTLY, lease)
            except DatabaseError:
                log.warning("The claims on backups could not be renewed.")
        connections["directory"].close()

    beat = threading.Thread(target=renew, name="claims", daemon=True)
    beat.start()
    try:
        yield
    finally:
        ended.set()
        beat.join()


def rehearse_when_due(now: datetime) -> Rehearsed | None:
    """Every week by itself: the restore of the workspace whose backup is the newest."""
    last = records.last_drill()
    if last is not None and now - last.at < (REHEARSED_EVERY if last.passed else REHEARSED_AGAIN):
        return None
    newest = records.newest_workspace()
    if newest is None:
        return None
    workspace = directory.by_id(newest)
    seen = rehearse(workspace)
    if seen.problem:
        log.error("The rehearsed restore of %s failed: %s", workspace.slug, seen.problem)
    return seen
