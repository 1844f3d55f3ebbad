"""What a restore carries forward for the keychain: all of it. What was taken away opens nothing again.

What was removed after the backup may be needed by rows that come back: it comes back emptied and says so. The
secrets of what is there are those in use, for an older one may have been given up because others knew it.
"""

PREPARED: tuple[str, ...] = ()
CARRIED = (
    """
    UPDATE {new}.credentials n
    SET secret = l.secret, endpoint = l.endpoint, label = l.label, last_four = l.last_four,
        fingerprint = l.fingerprint, checked_at = l.checked_at, used_at = l.used_at, problem = l.problem,
        removed_at = l.removed_at
    FROM {live}.credentials l WHERE l.id = n.id
    """,
    """
    UPDATE {new}.credentials n
    SET secret = NULL, last_four = '', fingerprint = '', checked_at = NULL, removed_at = now(),
        problem = 'Removed after this backup was made. Enter a key again, or remove it for good.'
    WHERE NOT EXISTS (SELECT 1 FROM {live}.credentials l WHERE l.id = n.id)
    """,
    # A mailbox's own comes with its mailbox, or not at all.
    """
    INSERT INTO {new}.credentials SELECT l.* FROM {live}.credentials l
    WHERE l.kind NOT IN ('mailbox', 'oauth') ON CONFLICT (id) DO NOTHING
    """,
)
ALWAYS: tuple[str, ...] = ()
