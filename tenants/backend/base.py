"""The fail-closed backend: a connection is one workspace's login, or there is no connection.

django-tenants selects a schema by sending `SET search_path` on a login that may read them all.
Here each workspace authenticates as itself: the server applies its role and search_path on
connect (`ALTER ROLE … SET`), so nothing is SET by the client and nothing that runs on the session can
reach another workspace. A bounded number of sessions stays warm (`tenants.backend.pool`).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django_tenants.postgresql_backend.base import DatabaseWrapper as TenantsWrapper
from psycopg import Connection
from psycopg.pq import TransactionStatus

from tenants.backend.cursor import ExtendedCursor
from tenants.backend.pool import POOL
from tenants.errors import NoWorkspace, SwitchInTransaction
from tenants.workspace import WorkspaceRef


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
        """Lay the current session aside for whoever enters its workspace next."""
        connection, workspace = self.connection, self.workspace
        if connection is None or workspace is None:
            return
        self.connection = None
        self.run_on_commit = []
        if connection.closed:
            return
        if self.errors_occurred:  # Django looks such a connection over before it uses it again; we do not
            connection.close()
            return
        POOL.park(self._key(workspace), connection, self.close_at, at_most=settings.WARM_SESSIONS)

    def _take_warm(self, workspace: WorkspaceRef) -> None:
        session = POOL.take(self._key(workspace))
        if session is None:
            return
        self.connection = session.connection
        self.close_at = session.close_at
        # What connect() would have set: another thread's wrapper opened this session.
        self.autocommit = session.connection.autocommit
        self.in_atomic_block = False
        self.savepoint_ids: list[Any] = []
        self.atomic_blocks: list[Any] = []
        self.errors_occurred = False
        self.needs_rollback = False
        self.closed_in_transaction = False
        self.health_check_done = False

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

    def close_everything(self) -> None:
        """Close the current session and every warm one of the process (a test's end, a removal)."""
        self.close()
        POOL.close_all()
