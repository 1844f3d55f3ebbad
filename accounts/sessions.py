"""Sessions of a workspace's host, in its own schema: the key as a hash, the content sealed.

A session belongs to the member who signed in with it, so that theirs can be listed and ended. On the
apex, where nothing is bound, a session is empty and cannot be stored.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from accounts.models import Session
from tenants.binding import is_bound

NOBODY_SECONDS = 24 * 3600
SEEN_EVERY = timedelta(minutes=5)


def hash_of(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


class SessionStore(SessionBase):
    """Django's session engine over `accounts.models.Session`."""

    row: UUID | None = None

    def get_session_cookie_age(self) -> int:
        """A session in which nobody signed in (it holds a form's token) is short."""
        return super().get_session_cookie_age() if self.get(SESSION_KEY) else NOBODY_SECONDS

    def load(self) -> dict[str, Any]:
        found = self._found() if is_bound() and self.session_key else None
        if found is None:
            self._session_key = None
            return {}
        self.row = found.pk
        if timezone.now() - found.seen_at > SEEN_EVERY:
            Session.objects.filter(pk=found.pk).update(seen_at=timezone.now())
        return dict(found.data)

    def _found(self) -> Session | None:
        if not self.session_key:
            return None
        alive = Session.objects.filter(expires_at__gt=timezone.now())
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
        row = Session(
            key_hash=hash_of(self.session_key),
            data=self._get_session(no_load=must_create),  # type: ignore[attr-defined]  # the stubs leave it out
            member_id=self.get(SESSION_KEY),
            expires_at=self.get_expiry_date(),
        )
        if must_create:
            self._insert(row)
        else:
            self._update(row)

    def _insert(self, row: Session) -> None:
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise CreateError from error
        self.row = row.pk

    def _update(self, row: Session) -> None:
        """Write what changed; a session that was ended meanwhile stays ended."""
        if self.row is None:
            raise UpdateError
        row.pk = self.row
        try:
            with transaction.atomic():
                row.save(force_update=True, update_fields=["data", "member", "expires_at"])
        except DatabaseError as error:
            raise UpdateError from error

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key and is_bound():
            Session.objects.filter(key_hash=hash_of(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        """Delete the bound workspace's expired sessions; the retention job calls it."""
        Session.objects.filter(expires_at__lte=timezone.now()).delete()
