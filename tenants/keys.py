"""A workspace's keys: wrapped in the directory, opened by KMS, in memory for at most five minutes."""

from __future__ import annotations

import threading
import time
from typing import TypeAlias
from uuid import UUID

from django.conf import settings

from keychain.crypto.keyring import KeyCache
from keychain.crypto.kms import AwsKms, Context, Kms, KmsRefused, KmsUnavailable, kms_from_url, region_of
from keychain.crypto.secret import Secret
from tenants import directory
from tenants.directory import Wrapped
from tenants.errors import KeysUnavailable
from tenants.models import Purpose

MEMORY_SECONDS = 300.0
MOST_LISTINGS = 512  # workspaces whose wraps are kept, the last fetched
# How long a process may not know of a new version: it goes on sealing with the one before.
LISTING_SECONDS = 30.0
MONTHLY = frozenset({Purpose.LLM, Purpose.AUDIT})
UNREACHABLE = "The key service cannot be reached. Nothing is lost; try again soon."
REFUSES = "The key service refuses to open this workspace's keys."
Listing: TypeAlias = dict[str, dict[int, Wrapped]]


def cell_kms() -> Kms:
    """The cell's own KMS key, as PAITHO_KMS names it."""
    return kms_from_url(settings.KMS)


def kms_called(name: str) -> Kms:
    """The KMS key that wrapped something: the cell's own, or one in AWS that a workspace brought."""
    cell = cell_kms()
    # A name is an ARN and nothing after it: a customer types it, and a URL could name a server.
    return cell if name == cell.name else AwsKms(name, region_of(name))


_opened = KeyCache(kms_called, ttl=MEMORY_SECONDS)
_listings: dict[UUID, tuple[float, Listing]] = {}
_lock = threading.Lock()


def _listing(workspace: UUID, *, fresh: bool = False) -> Listing:
    known = _listings.get(workspace)
    if known and not fresh and known[0] > time.monotonic():
        return known[1]
    listing: Listing = {}
    for key in directory.wrapped_keys(workspace):
        listing.setdefault(key.purpose, {})[key.version] = key
    with _lock:
        _listings.pop(workspace, None)
        _listings[workspace] = (time.monotonic() + LISTING_SECONDS, listing)
        while len(_listings) > MOST_LISTINGS:
            del _listings[next(iter(_listings))]
    return listing


def latest_version(workspace: UUID, purpose: Purpose) -> int:
    """The version that seals now. Raises `KeysUnavailable` when the workspace has no such key."""
    versions = _listing(workspace).get(purpose) or _listing(workspace, fresh=True).get(purpose)
    if not versions:
        raise KeysUnavailable("This workspace's keys are gone: nothing it sealed can be opened.")
    return max(versions)


def open_key(workspace: UUID, purpose: Purpose, version: int, *, lasting: float = 0.0) -> Secret:
    """One key, from memory or by KMS. Raises `KeysUnavailable`: never an empty or another key."""
    key = _listing(workspace).get(purpose, {}).get(version)
    if key is None:
        key = _listing(workspace, fresh=True).get(purpose, {}).get(version)
    if key is None:
        raise KeysUnavailable("The key that sealed this is gone; it cannot be opened any more.")
    context = Context(workspace=workspace, purpose=key.purpose, version=key.version)
    try:
        return _opened.get(context, key.wrapped, key.kms, lasting=lasting)
    except KmsUnavailable as error:
        raise KeysUnavailable(UNREACHABLE) from error
    except KmsRefused as error:
        raise KeysUnavailable(REFUSES) from error


def open_latest(workspace: UUID, purpose: Purpose) -> Secret:
    return open_key(workspace, purpose, latest_version(workspace, purpose))


def forget(workspace: UUID) -> None:
    """Drop what this process holds of a workspace's keys."""
    with _lock:
        _listings.pop(workspace, None)
    _opened.forget(workspace)


def forget_everything() -> None:
    with _lock:
        _listings.clear()
    _opened.clear()


def hold(workspace: UUID, seconds: float) -> None:
    """Before something is begun that cannot be undone: what it seals can be sealed for `seconds`.

    Raises `KeysUnavailable` when the key service is away, although warm keys would serve a little longer.
    """
    for purpose in (Purpose.DATA, Purpose.INDEX):
        open_key(workspace, purpose, latest_version(workspace, purpose), lasting=seconds)
    for purpose in MONTHLY:
        if months := _listing(workspace).get(purpose):
            open_key(workspace, purpose, max(months), lasting=seconds)


def kms_of(workspace: UUID) -> Kms:
    """The KMS key that wraps this workspace's new keys: the one that wrapped its data key."""
    data = _listing(workspace).get(Purpose.DATA)
    return kms_called(data[max(data)].kms) if data else cell_kms()


def month_key(workspace: UUID, purpose: Purpose, month: int) -> Secret:
    """The key of one month's logs (YYYYMM), made at its first use.

    Its wrap is deleted when the month's logs are past their time, and copies of them in dumps with it.
    """
    if month not in _listing(workspace).get(purpose, {}):
        kms = kms_of(workspace)
        try:
            _, wrapped = kms.generate(Context(workspace=workspace, purpose=purpose, version=month))
        except KmsUnavailable as error:
            raise KeysUnavailable(UNREACHABLE) from error
        except KmsRefused as error:
            raise KeysUnavailable(REFUSES) from error
        directory.add_month_key(workspace, purpose, month, kms.name, wrapped)
        _listing(workspace, fresh=True)
    return open_key(workspace, purpose, month)
