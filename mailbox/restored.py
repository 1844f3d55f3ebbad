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
    # What is the same on both sides is not written: the workspace waits meanwhile.
    """
    UPDATE {new}.threads n SET last_at = l.last_at, outcome = l.outcome FROM {live}.threads l
    WHERE l.id = n.id AND (n.last_at, n.outcome) IS DISTINCT FROM (l.last_at, l.outcome)
    """,
    """
    INSERT INTO {new}.threads SELECT l.* FROM {live}.threads l
    WHERE NOT EXISTS (SELECT 1 FROM {new}.threads n WHERE n.id = l.id)
      AND EXISTS (SELECT 1 FROM {new}.leads n WHERE n.id = l.lead_id)
      AND EXISTS (SELECT 1 FROM {new}.mailboxes n WHERE n.id = l.mailbox_id)
    """,
    """
    DELETE FROM {new}.messages n USING {live}.messages l
    WHERE l.mailbox_id = n.mailbox_id AND l.direction = n.direction AND l.message_id = n.message_id
      AND l.id <> n.id AND l.delivery IN ('sent', 'sending', 'uncertain', 'received')
      AND n.delivery IN ('scheduled', 'cancelled')
    """,
    """
    UPDATE {new}.messages n
    SET delivery = l.delivery, attempts = l.attempts, at = l.at, answer = l.answer, handled_at = l.handled_at,
        lease_until = l.lease_until
    FROM {live}.messages l
    WHERE l.id = n.id AND l.delivery IN ('sent', 'sending', 'uncertain', 'failed', 'received')
      AND (n.delivery, n.attempts, n.at, n.answer, n.handled_at, n.lease_until)
          IS DISTINCT FROM (l.delivery, l.attempts, l.at, l.answer, l.handled_at, l.lease_until)
    """,
    """
    INSERT INTO {new}.messages SELECT l.* FROM {live}.messages l
    WHERE l.delivery IN ('sent', 'sending', 'uncertain', 'failed', 'received')
      AND NOT EXISTS (SELECT 1 FROM {new}.messages n WHERE n.id = l.id)
      AND EXISTS (SELECT 1 FROM {new}.threads n WHERE n.id = l.thread_id)
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
