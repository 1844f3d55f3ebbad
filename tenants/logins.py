"""The password of a workspace's login: 256 random bits, wrapped by KMS, kept in memory for minutes."""

from __future__ import annotations

import secrets

from keychain.crypto.secret import Secret
from tenants import keys
from tenants.models import Purpose
from tenants.workspace import WorkspaceRef

STATEMENT_TIMEOUT = "60s"
CONNECTION_LIMIT = 100


def new_password() -> Secret:
    return Secret(secrets.token_hex(32))


def password_of(workspace: WorkspaceRef) -> Secret:
    """Open the login's password. Raises `KeysUnavailable` when KMS cannot be reached."""
    return keys.open_latest(workspace.id, Purpose.LOGIN)
