"""What a restore carries forward for mail: what has left or arrived has, and nothing leaves by itself."""

PREPARED: tuple[str, ...] = ()
CARRIED = (
    # How a mailbox is reached, and whether it may be: its password is the one in use (keychain.restored), and
    # is shown to no server of before.
    """
    UPDATE {new}.mailboxes n
    SET smtp_host = l.smtp_host, smtp_port = l.smtp_port, smtp_security = l.smtp_security,
        imap_host = l.imap_host, imap_port = l.imap_port, imap_security = l.imap_security,
        username = l.username, vendor = l.vendor, consent_ends_at = l.consent_ends_at,
        health = l.health, problem = l.problem, paused_because = l.paused_because
    FROM {live}.mailboxes l WHERE l.id = n.id
    """,
    """
    UPDATE {new}.mailboxes n SET health = 'broken'
    FROM {new}.credentials c WHERE c.id = n.credential_id AND c.removed_at IS NOT NULL
    """,
    # A conversation that went on after the backup goes on after the restore, as far as its lead is there.
    """
    INSERT INTO {new}.threads SELECT l.* FROM {live}.threads l
    WHERE EXISTS (SELECT 1 FROM {new}.leads n WHERE n.id = l.lead_id)
      AND EXISTS (SELECT 1 FROM {new}.mailboxes n WHERE n.id = l.mailbox_id)
    ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at, outcome = excluded.outcome
    """,
    """
    DELETE FROM {new}.messages n USING {live}.messages l
    WHERE l.mailbox_id = n.mailbox_id AND l.direction = n.direction AND l.message_id = n.message_id
      AND l.id <> n.id AND l.delivery IN ('sent', 'sending', 'uncertain', 'received')
      AND n.delivery IN ('scheduled', 'cancelled')
    """,
    """
    INSERT INTO {new}.messages SELECT l.* FROM {live}.messages l
    WHERE l.delivery IN ('sent', 'sending', 'uncertain', 'failed', 'received')
      AND EXISTS (SELECT 1 FROM {new}.threads n WHERE n.id = l.thread_id)
    ON CONFLICT (id) DO UPDATE
    SET delivery = excluded.delivery, attempts = excluded.attempts, at = excluded.at,
        answer = excluded.answer, handled_at = excluded.handled_at, lease_until = excluded.lease_until
    """,
    """
    INSERT INTO {new}.message_aliases SELECT l.* FROM {live}.message_aliases l
    WHERE EXISTS (SELECT 1 FROM {new}.messages n WHERE n.id = l.original_id)
    ON CONFLICT DO NOTHING
    """,
)
ALWAYS = (
    """
    INSERT INTO {new}.sending_switch (id, is_paused, changed_at, reason)
    SELECT gen_random_uuid(), true, now(), ''
    WHERE NOT EXISTS (SELECT 1 FROM {new}.sending_switch)
    """,
    """
    UPDATE {new}.sending_switch
    SET is_paused = true, changed_at = now(),
        reason = 'Restored from a backup: look through what waits, then resume.'
    """,
    # A send that had begun when the backup was made may have gone: a person looks.
    "UPDATE {new}.messages SET delivery = 'uncertain', lease_until = NULL WHERE delivery = 'sending'",
    # What waited then is not sent now: it is approved again, or not (campaigns.restored).
    "UPDATE {new}.messages SET delivery = 'cancelled' WHERE delivery = 'scheduled'",
)
