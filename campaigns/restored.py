"""What a restore carries forward for campaigns: how far each lead has come; what waited is approved again."""

# Mail that waited was cancelled (mailbox.restored); its draft goes back to whoever reviews.
APPROVED_AGAIN = (
    """
    UPDATE {new}.enrollments e SET stage = 'in_review'
    FROM {new}.drafts d JOIN {new}.messages m ON m.id = d.message_id
    WHERE d.enrollment_id = e.id AND d.verdict = 'approved' AND m.delivery = 'cancelled'
      AND e.stage IN ('approved', 'scheduled')
    """,
    """
    UPDATE {new}.drafts d
    SET verdict = 'in_review', approved_hash = NULL, approved_by = NULL, approved_at = NULL, message_id = NULL
    FROM {new}.messages m
    WHERE m.id = d.message_id AND d.verdict = 'approved' AND m.delivery = 'cancelled'
    """,
)
PREPARED: tuple[str, ...] = ()
CARRIED = (
    *APPROVED_AGAIN,
    """
    UPDATE {new}.enrollments n
    SET stage = l.stage, step = l.step, thread_id = t.id, stop_reason = l.stop_reason, due_at = l.due_at,
        lease_until = NULL
    FROM {live}.enrollments l LEFT JOIN {new}.threads t ON t.id = l.thread_id
    WHERE l.id = n.id AND l.stage IN ('sending', 'sent', 'uncertain', 'stopped', 'failed')
      AND (n.stage, n.step, n.thread_id, n.stop_reason, n.due_at, n.lease_until)
          IS DISTINCT FROM (l.stage, l.step, t.id, l.stop_reason, l.due_at, NULL)
    """,
    """
    UPDATE {new}.drafts n
    SET verdict = l.verdict, approved_hash = l.approved_hash, approved_by = l.approved_by,
        approved_at = l.approved_at, message_id = m.id
    FROM {live}.drafts l JOIN {new}.messages m ON m.id = l.message_id
    WHERE l.id = n.id AND m.delivery IN ('sent', 'sending', 'uncertain')
      AND (n.verdict, n.approved_hash, n.approved_by, n.approved_at, n.message_id)
          IS DISTINCT FROM (l.verdict, l.approved_hash, l.approved_by, l.approved_at, m.id)
    """,
    """
    INSERT INTO {new}.drafts SELECT l.* FROM {live}.drafts l JOIN {new}.messages m ON m.id = l.message_id
    WHERE m.delivery IN ('sent', 'sending', 'uncertain')
      AND EXISTS (SELECT 1 FROM {new}.enrollments e WHERE e.id = l.enrollment_id)
    ON CONFLICT DO NOTHING
    """,
    """
    UPDATE {new}.drafts d SET verdict = 'superseded' FROM {new}.enrollments e
    WHERE e.id = d.enrollment_id AND d.verdict = 'in_review' AND d.step <= e.step
      AND e.stage IN ('sending', 'sent', 'uncertain', 'stopped', 'failed')
    """,
)
ALWAYS = (
    *APPROVED_AGAIN,
    # Work that was under way when the backup was made begins again.
    "UPDATE {new}.enrollments SET lease_until = NULL WHERE lease_until IS NOT NULL",
    "UPDATE {new}.campaigns SET status = 'paused' WHERE status = 'running'",
    "UPDATE {new}.campaigns SET resumes_at = NULL WHERE resumes_at IS NOT NULL",
)
