"""Changing the workspace's own keys, in the background, while everything is read and written.

    wanted    rekey (provision queue, the owner's login): the new key is made, or every key wrapped anew
    working   reseal (cpu queue): every value is sealed again, table by table
    sweeping  reseal: once no process can still write under the old key, again, until none is left
    retiring  rekey: the old key's wrap is deleted, at once or when the last backup that needs it has ended

Each step is committed with its checkpoint and may be repeated: a worker that dies is followed by one that
goes on where it was. Another KMS key (`wraps`) takes the first step only; another index key changes all rows
in one transaction (`keychain.reindexing`) where a data key changes them batch by batch.

Why sweeping waits: a process may not know of the new key for `keys.LISTING_SECONDS`, and what it began
before may be committed after. So the sweep begins when that time and a reserve are over, and every
transaction of before has ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connections, transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import SYSTEM, Actor
from audit.events import Event
from keychain import reindexing, resealing
from keychain.crypto.kms import KmsRefused, KmsUnavailable
from keychain.models import OVER, KeyJob, KeyState, KeyWork
from tenants import bells, keys, rekeying, structure
from tenants.binding import current
from tenants.errors import KeysUnavailable
from tenants.models import Purpose

SLICE_SECONDS = 5.0
RESERVE_SECONDS = 60.0
SOON = timedelta(seconds=2)
LATER = timedelta(minutes=10)
BEHIND_ALL = "~"  # sorts after every table's name


def open_job(work: KeyWork | None = None) -> KeyJob | None:
    jobs = KeyJob.objects.exclude(state__in=OVER)
    return (jobs.filter(work=work) if work else jobs).order_by("created_at").first()


# --- with the owner's login ---


def rekey_slice() -> datetime | None:
    """What the open job needs of the owner's login, and old keys whose last backup has ended."""
    job = open_job()
    if job is not None and job.state in OWNERS_STEPS:
        OWNERS_STEPS[KeyState(job.state)](job)
    return _drop_unneeded()


def _begin(job: KeyJob) -> None:
    """Make the new key, or put every key under the other KMS key."""
    try:
        BEGINNINGS[KeyWork(job.work)](job)
    except KmsUnavailable as error:
        raise KeysUnavailable(str(error)) from error  # the bell rings again
    except KmsRefused as error:
        _fail(job, str(error))


def _add_version(job: KeyJob) -> None:
    workspace = current().id
    version = job.version or keys.latest_version(workspace, Purpose.DATA) + 1
    KeyJob.objects.filter(pk=job.pk).update(version=version)  # before the key: a repetition makes no third
    with structure.owner_session() as owner:
        rekeying.add_version(owner, workspace, Purpose.DATA, version)
    with transaction.atomic():
        fence = timezone.now() + timedelta(seconds=keys.LISTING_SECONDS + RESERVE_SECONDS)
        moved = {"state": KeyState.WORKING, "fence_at": fence, "total": resealing.rows_in_all()}
        KeyJob.objects.filter(pk=job.pk, state=KeyState.WANTED).update(**moved)
        bells.ring("reseal")


def _add_part(job: KeyJob) -> None:
    workspace = current().id
    version = job.version or keys.latest_version(workspace, Purpose.INDEX) + 1
    KeyJob.objects.filter(pk=job.pk).update(version=version)
    if keys.latest_version(workspace, Purpose.INDEX) < version:
        with structure.owner_session() as owner:
            rekeying.extend_index_key(owner, workspace, version)
    with transaction.atomic():
        KeyJob.objects.filter(pk=job.pk, state=KeyState.WANTED).update(state=KeyState.WORKING)
        bells.ring("reseal")


def _rewrap(job: KeyJob) -> None:
    workspace = current().id
    kms = keys.kms_called(job.kms) if job.kms else keys.cell_kms()
    with structure.owner_session() as owner:
        wraps = rekeying.wraps_of(owner, workspace)
        KeyJob.objects.filter(pk=job.pk).update(total=len(wraps))
        for done, key in enumerate(wraps, 1):
            if key.kms != kms.name:
                rekeying.rewrap(owner, workspace, key, kms)
            KeyJob.objects.filter(pk=job.pk).update(done=done)
        strays = [key for key in rekeying.wraps_of(owner, workspace) if key.kms != kms.name]
    if strays:  # a month began meanwhile
        bells.ring("rekey")
        return
    _finish(job, kms=kms.name, keys=len(wraps))


def _retire(job: KeyJob) -> None:
    """Delete the old key's wrap, unless a backup can only be read with it."""
    workspace = current().id
    if job.work == KeyWork.INDEX:  # the new key has the old one in it: backups need nothing else
        with structure.owner_session() as owner:
            rekeying.drop_versions_before(owner, workspace, Purpose.INDEX, job.version)
        _finish(job, version=job.version)
        return
    if resealing.left_under_others(job.version):  # a restore brought something back since the sweep
        KeyJob.objects.filter(pk=job.pk).update(state=KeyState.SWEEPING, table="", after=None)
        bells.ring("reseal")
        return
    with structure.owner_session() as owner:
        until = None if job.drops_at_once else rekeying.needed_by_backups_until(owner, workspace)
        if until is None:
            gone = rekeying.drop_versions_before(owner, workspace, Purpose.DATA, job.version)
            _finish(job, version=job.version, deleted=gone)
        else:
            KeyJob.objects.filter(pk=job.pk).update(keeps_until=until)
            _finish(job, version=job.version, old_key_kept_until=until.isoformat())


def _drop_unneeded() -> datetime | None:
    """Delete old keys that were kept for backups; when the next one is due."""
    kept = KeyJob.objects.filter(state=KeyState.DONE, keeps_until__isnull=False).order_by("keeps_until")
    for job in kept:
        assert job.keeps_until is not None
        if job.keeps_until > timezone.now():
            return job.keeps_until
        if open_job() is not None:
            return timezone.now() + LATER
        if resealing.left_under_others(keys.latest_version(current().id, Purpose.DATA)):
            _seal_again(job)
            return None
        with structure.owner_session() as owner:
            gone = rekeying.drop_versions_before(owner, current().id, Purpose.DATA, job.version)
        with transaction.atomic():
            KeyJob.objects.filter(pk=job.pk).update(keeps_until=None)
            record(Event.OLD_KEY_DELETED, by=SYSTEM, versions=gone)
    return None


@transaction.atomic
def _seal_again(job: KeyJob) -> None:
    """A backup of before was restored: what came back with it is sealed under the old key."""
    again = {"state": KeyState.WORKING, "fence_at": timezone.now(), "fence_xid": None, "keeps_until": None}
    version = keys.latest_version(current().id, Purpose.DATA)
    place = {"table": "", "after": None, "done": 0, "total": resealing.rows_in_all()}
    KeyJob.objects.filter(pk=job.pk).update(version=version, drops_at_once=True, **again, **place)
    bells.ring("reseal")


BEGINNINGS: dict[KeyWork, Callable[[KeyJob], None]] = {
    KeyWork.DATA: _add_version,
    KeyWork.INDEX: _add_part,
    KeyWork.WRAPS: _rewrap,
}
OWNERS_STEPS: dict[KeyState, Callable[[KeyJob], None]] = {
    KeyState.WANTED: _begin,
    KeyState.RETIRING: _retire,
}


# --- with the workspace's own login ---


def reseal_slice() -> datetime | None:
    """Some seconds of sealing again; due again until nothing is left under the old key."""
    until = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < until:
        due = _step()
        if due is None or due > timezone.now():
            return due
    return timezone.now()


@transaction.atomic
def _step() -> datetime | None:
    """One batch and its checkpoint. When to go on, or None when there is nothing to do."""
    job = (
        KeyJob.objects.select_for_update(skip_locked=True)
        .filter(state__in=[KeyState.WORKING, KeyState.SWEEPING])
        .first()
    )
    if job is None:
        return None
    if job.work == KeyWork.INDEX:
        return _index_step(job)
    model = resealing.next_table(job.table)
    if model is None:
        return _after_a_pass(job)
    after = job.after if model._meta.db_table == job.table else None
    last, count = resealing.reseal_batch(model, after, job.version)
    job.table, job.after = model._meta.db_table, last
    if last is None:
        following = resealing.next_table(f"{job.table}\0")
        job.table = following._meta.db_table if following else BEHIND_ALL
    if job.state == KeyState.WORKING:
        job.done = min(job.done + count, job.total)
    job.save(update_fields=["table", "after", "done"])
    return timezone.now()


def _index_step(job: KeyJob) -> datetime | None:
    """All at once; then, when every process has the new key, what was stored late with the old one."""
    now = timezone.now()
    if job.state == KeyState.WORKING:
        job.done = job.total = reindexing.change_all()
        job.fence_at = now + timedelta(seconds=keys.LISTING_SECONDS + RESERVE_SECONDS)
        job.state = KeyState.SWEEPING
    elif job.fence_at is not None and now < job.fence_at:
        return job.fence_at
    else:
        job.done += reindexing.follow(reindexing.latest())
        job.total, job.state = job.done, KeyState.RETIRING
        bells.ring("rekey")
    job.save(update_fields=["state", "done", "total", "fence_at"])
    return None if job.state == KeyState.RETIRING else job.fence_at


def _after_a_pass(job: KeyJob) -> datetime | None:
    """Wait for the fence after the first pass; after a sweep, look whether anything is left."""
    resealing.reseal_the_rest()
    now = timezone.now()
    if job.state == KeyState.WORKING:
        if job.fence_at is not None and now < job.fence_at:
            return job.fence_at
        if job.fence_xid is None:
            job.fence_xid = _scalar("SELECT pg_current_xact_id()::text::bigint")
            job.save(update_fields=["fence_xid"])
            return now + SOON
        if _scalar("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint") <= job.fence_xid:
            return now + SOON
        job.state = KeyState.SWEEPING
    elif not resealing.left_under_others(job.version):
        job.state, job.done = KeyState.RETIRING, job.total
        job.save(update_fields=["state", "done"])
        bells.ring("rekey")
        return None
    job.table, job.after = "", None
    job.save(update_fields=["state", "table", "after"])
    return now


def _scalar(sql: str) -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql)
        ((value,),) = cursor.fetchall()
    return int(value)


# --- how it ends ---


@transaction.atomic
def _finish(job: KeyJob, **told: object) -> None:
    done = KeyJob.objects.exclude(state__in=OVER).filter(pk=job.pk)
    if done.update(state=KeyState.DONE, finished_at=timezone.now()):
        record(Event.KEY_CHANGED, by=_asker(job), about=job, work=job.work, **told)


@transaction.atomic
def _fail(job: KeyJob, problem: str) -> None:
    open_one = KeyJob.objects.exclude(state__in=OVER).filter(pk=job.pk)
    if open_one.update(state=KeyState.FAILED, problem=problem[:300], finished_at=timezone.now()):
        record(Event.KEY_CHANGE_FAILED, by=_asker(job), about=job, work=job.work, problem=problem[:300])


def _asker(job: KeyJob) -> Actor:
    said = job.actor
    return Actor(job.started_by, str(said.get("name", "")), str(said.get("ip", "")))
