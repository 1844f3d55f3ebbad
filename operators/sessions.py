"""Sessions of the console: hashed keys, sealed content, eight hours at most, thirty idle minutes."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from keychain.crypto.envelope import SealBroken
from operators import seal
from operators.models import Session
from paitho.lib.ids import uuid7

NOBODY_LIVES = timedelta(minutes=30)
IDLE = timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=1)
DIRECTORY = "directory"


def hash_of(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


class SessionStore(SessionBase):
    """Django's session engine over `operators.models.Session`."""

    row: Session | None = None

    def load(self) -> dict[str, Any]:
        found = self._found()
        try:
            opened = (
                None
                if found is None
                else seal.unseal(bytes(found.sealed), "operator_sessions", "sealed", found.pk)
            )
        except SealBroken:
            opened = None
        if found is None or opened is None:
            self._session_key = None
            return {}
        self.row = found
        if timezone.now() - found.seen_at > SEEN_EVERY:
            Session.objects.filter(pk=found.pk).update(seen_at=timezone.now())
        return dict(json.loads(opened))

    def _found(self) -> Session | None:
        if not self.session_key:
            return None
        now = timezone.now()
        alive = Session.objects.filter(expires_at__gt=now, seen_at__gt=now - IDLE)
        return alive.filter(key_hash=hash_of(self.session_key)).first()

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(key_hash=hash_of(session_key)).exists()

    def create(self) -> None:
        self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]  # the stubs leave it out
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # the stubs leave it out
        before = None if must_create else self.row
        if before is None and not must_create:
            raise UpdateError
        row = before or Session(id=uuid7(), key_hash=hash_of(self.session_key), expires_at=self._ends())
        row.sealed = seal.seal(json.dumps(data).encode(), "operator_sessions", "sealed", row.pk)
        if row.operator_id is None and self.get(SESSION_KEY):
            row.operator_id, row.expires_at = self.get(SESSION_KEY), self._ends()
        try:
            with transaction.atomic(using=DIRECTORY):
                if must_create:
                    row.save(force_insert=True)
                else:
                    row.save(force_update=True, update_fields=["sealed", "operator", "expires_at"])
        except IntegrityError as error:
            raise CreateError from error
        except DatabaseError as error:
            raise UpdateError from error
        self.row = row

    def _ends(self) -> datetime:
        """A session's end does not move: who works longer signs in again."""
        is_somebody = bool(self.get(SESSION_KEY))
        lives = timedelta(seconds=self.get_session_cookie_age()) if is_somebody else NOBODY_LIVES
        return timezone.now() + lives

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            Session.objects.filter(key_hash=hash_of(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        now = timezone.now()
        Session.objects.filter(expires_at__lte=now).delete()
        Session.objects.filter(seen_at__lte=now - IDLE).delete()
