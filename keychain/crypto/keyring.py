"""Unwrapped keys, kept in process memory for five minutes at most."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Final
from uuid import UUID
from weakref import WeakSet, ref

from keychain.crypto.kms import Context, Kms, KmsError, kms_from_url
from keychain.crypto.secret import Secret

MOST_KEYS: Final = 4096

Wanted = tuple[Context, str, bytes]


@dataclass(slots=True)
class _Kept:
    secret: Secret
    until: float


@dataclass(slots=True, eq=False)
class _Asking:
    """One call to the KMS; every thread that wants the same key meanwhile waits for it."""

    done: Event = field(default_factory=Event)
    secret: Secret | None = None
    error: KmsError | None = None


class KeyCache:
    """The way to an unwrapped key. Safe between threads; a forked child starts with none.

    A key is dropped `ttl` seconds after the KMS was asked for it, used or not, KMS up or down: so a
    workspace that takes its KMS key away is unreadable here within that time. Whoever gets a Secret
    holds it for one request or batch, and asks again for the next.
    """

    def __init__(
        self,
        kms_for: Callable[[str], Kms] = kms_from_url,
        ttl: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`kms_for` finds the KMS by what callers pass to `get`: by default its URL."""
        self._kms_for, self._ttl, self._clock = kms_for, ttl, clock
        self._wake = Event()
        self.restart()
        _caches.add(self)

    def restart(self) -> None:
        """Forgets everything, held locks included: a forked child has no thread to release them."""
        self._lock = Lock()
        self._kept: dict[Wanted, _Kept] = {}  # the least recently used first
        self._asking: dict[Wanted, _Asking] = {}
        self._is_swept = False

    def get(self, context: Context, wrapped: bytes, kms: str, *, lasting: float = 0.0) -> Secret:
        """The key inside a wrap. Raises KmsUnavailable or KmsRefused.

        One that would be dropped within `lasting` seconds is asked for anew; until then it serves others.
        Threads that want the same key at once cost one call to the KMS, and share its refusal too.
        """
        wanted = context, kms, bytes(wrapped)
        while True:
            with self._lock:
                kept, now = self._kept.pop(wanted, None), self._clock()
                if kept is not None and now < kept.until:
                    self._kept[wanted] = kept
                    if now + lasting < kept.until:
                        return kept.secret
                first = wanted not in self._asking
                asking = self._asking.setdefault(wanted, _Asking())
            if first:
                return self._ask(wanted, asking)
            asking.done.wait()
            if asking.secret is not None:
                return asking.secret
            if asking.error is not None:
                raise type(asking.error)(str(asking.error))

    def forget(self, workspace: UUID) -> None:
        """Drops the keys of one workspace; an answer that is still under way will not be kept."""
        with self._lock:
            for wanted in [w for w in self._kept if w[0].workspace == workspace]:
                del self._kept[wanted]
            for wanted in [w for w in self._asking if w[0].workspace == workspace]:
                del self._asking[wanted]

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._asking.clear()

    def __len__(self) -> int:
        """How many keys are in memory."""
        return len(self._kept)

    def _ask(self, wanted: Wanted, asking: _Asking) -> Secret:
        context, kms, wrapped = wanted
        until = self._clock() + self._ttl
        try:
            asking.secret = secret = self._kms_for(kms).unwrap(wrapped, context)
            self._keep(wanted, asking, _Kept(secret, until))
        except KmsError as error:
            asking.error = error
            raise
        finally:
            with self._lock:
                if self._asking.get(wanted) is asking:
                    del self._asking[wanted]
            asking.done.set()
        return secret

    def _keep(self, wanted: Wanted, asking: _Asking, kept: _Kept) -> None:
        with self._lock:
            if self._asking.get(wanted) is not asking:
                return
            self._kept[wanted] = kept
            if len(self._kept) > MOST_KEYS:
                del self._kept[next(iter(self._kept))]
            if not self._is_swept:
                Thread(target=_sweep, args=(ref(self), self._wake), name="key-sweeper", daemon=True).start()
                self._is_swept = True
        self._wake.set()

    def drop_expired(self) -> float | None:
        """Drops what is past its time. Seconds until the next key is, or None when no key is left."""
        with self._lock:
            now = self._clock()
            for wanted in [w for w, kept in self._kept.items() if kept.until <= now]:
                del self._kept[wanted]
            if not self._kept:
                self._is_swept = False
                return None
            return min(kept.until for kept in self._kept.values()) - now


def _sweep(cache_of: Callable[[], KeyCache | None], wake: Event) -> None:
    """Drops expired keys of a cache that nobody asks, and ends when there is nothing left to drop."""
    while (cache := cache_of()) is not None:
        wait = cache.drop_expired()
        del cache
        if wait is None:
            return
        wake.wait(wait)
        wake.clear()


_caches: WeakSet[KeyCache] = WeakSet()


def _restart_all() -> None:
    for cache in list(_caches):
        cache.restart()


os.register_at_fork(after_in_child=_restart_all)
