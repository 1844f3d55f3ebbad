"""What a restore carries forward for members: who may sign in, and how, is as it was before the restore."""

PREPARED: tuple[str, ...] = ()
CARRIED = (
    "DELETE FROM {new}.mfa_authenticator",
    "DELETE FROM {new}.account_emailaddress",
    """
    INSERT INTO {new}.members SELECT l.* FROM {live}.members l
    ON CONFLICT (id) DO UPDATE
    SET email = excluded.email, name = excluded.name, role = excluded.role, password = excluded.password,
        is_active = excluded.is_active, last_login = excluded.last_login
    """,
    "INSERT INTO {new}.account_emailaddress SELECT l.* FROM {live}.account_emailaddress l",
    "INSERT INTO {new}.mfa_authenticator SELECT l.* FROM {live}.mfa_authenticator l",
    """
    DELETE FROM {new}.invitations n
    WHERE NOT EXISTS (SELECT 1 FROM {live}.invitations l WHERE l.token_hash = n.token_hash)
    """,
)
# Everybody signs in again: a session of the backup's day might have been ended since.
ALWAYS = ("DELETE FROM {new}.sessions",)
