"""The fail-closed backend: a connection is one workspace's login, or there is no connection.

django-tenants selects a schema by sending `SET search_path` on a login that may read them all.
Here each workspace authenticates as itself: the server applies its role and search_path on
connect (`ALTER ROLE … SET`), so nothing is SET by the client and nothing that runs on the session can
reach another workspace. A bounded number of sessions per thread stays warm.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django_tenants.postgresql_backend.base import DatabaseWrapper as TenantsWrapper
from psycopg import Connection, OperationalError
from psycopg.pq import TransactionStatus

from tenants.backend.cursor import ExtendedCursor
from tenants.errors import NoWorkspace, SwitchInTransaction
from tenants.workspace import WorkspaceRef

IDLE_CHECK = 30.0  # seconds a warm session may lie before it is tried out on return


@dataclass(slots=True)
class WarmSession:
    """A workspace's session that no code on this thread is using now."""

    connection: Connection[Any]
    close_at: float | None
    parked_at: float


class DatabaseWrapper(TenantsWrapper):
    """Django's connection object; `workspace` is the one it is bound to, or None."""

    include_public_schema = False
    connection: Connection[Any] | None
    close_at: float | None
    schema_name: str | None
    settings_dict: dict[str, Any]
    run_on_commit: list[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.workspace: WorkspaceRef | None = None
        self._warm: OrderedDict[tuple[str, str], WarmSession] = OrderedDict()
        self.schema_name = None
        super().__init__(*args, **kwargs)

    # --- django-tenants' own ways in are closed ---

    def set_schema_to_public(self) -> None:
        """Called by the base class: here it means unbound."""
        self.tenant = None
        self.schema_name = None

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        raise NoWorkspace("Enter a workspace with tenants.binding.bound().")

    def set_schema(self, schema_name: str, include_public: bool = True, tenant_type: Any = None) -> None:
        raise NoWorkspace("Enter a workspace with tenants.binding.bound().")

    def _handle_search_path(self, cursor: Any = None) -> None:
        """The server set the search_path when the session began: nothing is SET here."""

    # --- binding ---

    def bind(self, workspace: WorkspaceRef | None) -> None:
        """Make `workspace` (None: nobody) the one whose login this wrapper uses."""
        if workspace and self.workspace and self._key(workspace) == self._key(self.workspace):
            self.workspace = workspace
            return
        self._refuse_open_transaction()
        self._park()
        self.workspace = workspace
        self.schema_name = workspace.schema if workspace else None
        if workspace is not None:
            self._take_warm(workspace)

    def _refuse_open_transaction(self) -> None:
        if self.in_atomic_block:
            raise SwitchInTransaction("Finish the open transaction before entering another workspace.")
        if self.connection is not None and not self.connection.closed:
            status = self.connection.info.transaction_status
            if status not in {TransactionStatus.IDLE, TransactionStatus.UNKNOWN}:
                self.close()

    def _park(self) -> None:
        """Lay the current session aside; close the one not used for longest when there are too many."""
        connection, workspace = self.connection, self.workspace
        if connection is None or workspace is None:
            return
        self.connection = None
        self.run_on_commit = []
        if connection.closed:
            return
        self._warm[self._key(workspace)] = WarmSession(connection, self.close_at, time.monotonic())
        while len(self._warm) > settings.WARM_SESSIONS:
            _, oldest = self._warm.popitem(last=False)
            oldest.connection.close()

    def _take_warm(self, workspace: WorkspaceRef) -> None:
        session = self._warm.pop(self._key(workspace), None)
        if session is None or not self._is_usable(session):
            return
        self.connection = session.connection
        self.close_at = session.close_at
        self.errors_occurred = False
        self.needs_rollback = False
        self.closed_in_transaction = False
        self.health_check_done = False

    def _is_usable(self, session: WarmSession) -> bool:
        now = time.monotonic()
        if session.close_at is not None and now >= session.close_at:
            session.connection.close()
            return False
        if now - session.parked_at < IDLE_CHECK:
            return not session.connection.closed
        try:
            session.connection.execute("SELECT 1")
        except OperationalError:
            session.connection.close()
            return False
        return True

    @staticmethod
    def _key(workspace: WorkspaceRef) -> tuple[str, str]:
        return (str(workspace.id), workspace.schema)

    # --- connecting ---

    def get_connection_params(self) -> dict[str, Any]:
        """Parameters of the bound workspace's login. Raises `NoWorkspace` when nobody is bound."""
        from tenants.logins import password_of  # the directory's models are not loaded with the backend

        if self.workspace is None:
            raise NoWorkspace("Tenant data was asked for with no workspace bound.")
        login = {"USER": self.workspace.login_role, "PASSWORD": password_of(self.workspace).reveal()}
        unbound = self.settings_dict
        self.settings_dict = {**unbound, **login}
        try:
            return {**super().get_connection_params(), "cursor_factory": ExtendedCursor}
        finally:
            self.settings_dict = unbound

    def ensure_connection(self) -> None:
        if self.workspace is None:
            raise NoWorkspace("Tenant data was asked for with no workspace bound.")
        super().ensure_connection()

    def _close_warm(self) -> None:
        while self._warm:
            _, session = self._warm.popitem()
            session.connection.close()

    def close_everything(self) -> None:
        """Close the current session and every warm one (a thread's end, a fork, a test's end)."""
        self.close()
        self._close_warm()
