"""The six categories of the trust page, and the tables that hold them."""

from __future__ import annotations

from trust.inventory.kinds import Category, Table

AT_REST = "AES-256 before it is stored · TLS on the way"
WITH_THE_LEAD = "until the lead is deleted"

LEADS = Category(
    key="leads",
    name="Lead records",
    where="PostgreSQL, your workspace's schema",
    sealing=AT_REST,
    kept="until you delete them",
    note="An address is found again by a keyed fingerprint, not by the address.",
    tables=(
        Table(
            "leads",
            "one row per person you uploaded",
            "until you delete it",
            sealed="profile origins",
            hashed="email_index domain_index words",
            clear="id standing source_id source_row created_at updated_at",
        ),
        Table(
            "enrichments",
            "what a provider you switched on was asked, and answered",
            WITH_THE_LEAD,
            sealed="sentence asked fields",
            clear="id lead_id provider outcome credits job_id asked_by at applied_at",
        ),
        Table(
            "listings",
            "people in a directory of your own, or in enquiries that you received, once you opted in",
            "until you switch the source off",
            sealed="fields",
            hashed="email_index other_index",
            clear="id opt_in_id at",
        ),
        Table(
            "import_changes",
            "a lead as it was before an import changed it, for undoing",
            WITH_THE_LEAD,
            sealed="before",
            clear="id job_id lead_id changed_at",
        ),
        Table(
            "import_trials",
            "what a waiting file would become: counts, and a few rows that would not be taken in",
            "until the import begins, or the file goes after a week",
            sealed="refused",
            clear=(
                "id job_id rows imported updated duplicates suppressed rejected blank place problem"
                " created_at began_at finished_at"
            ),
        ),
        Table(
            "import_trial_seen",
            "eight bytes of the fingerprint of each address that such a trial has met",
            "until the trial ends",
            hashed="fingerprint",
            clear="id trial_id",
        ),
        Table(
            "import_parts",
            "the uploaded file while it waits to be read",
            "until the import has ended",
            sealed="data",
            clear="id job_id number",
        ),
        Table(
            "import_rejects",
            "rows that were not imported, and why",
            "90 days after the import has ended",
            sealed="cells",
            hashed="email_index",
            clear="id job_id number reason",
        ),
    ),
)
PROVIDER_KEYS = Category(
    key="provider_keys",
    name="Keys of model providers",
    where="The keychain of your schema",
    sealing="AES-256, under a key of yours that KMS wraps",
    kept="until you remove them",
    tables=(
        Table(
            "credentials",
            "provider keys, mailbox passwords, enrichment keys; only the last four characters show",
            "until you remove it",
            sealed="secret endpoint",
            hashed="fingerprint",
            clear="id kind label last_four added_by added_at checked_at used_at problem removed_at",
        ),
    ),
)
MAIL_CREDENTIALS = Category(
    key="mail_credentials",
    name="SMTP and IMAP credentials",
    where="The keychain of your schema",
    sealing="AES-256, under a key of yours that KMS wraps",
    kept="until you remove them",
    note="The passwords lie in the keychain's table, above.",
    tables=(
        Table(
            "mailboxes",
            "the mailboxes you connected, and how they may be used",
            "until you remove it",
            sealed="address sender_name username problem deliverability",
            clear=(
                "id smtp_host smtp_port smtp_security imap_host imap_port imap_security credential_id health"
                " daily_cap gap_seconds is_sandbox last_sent_at synced_at created_at claimed_count claimed_on"
                " consent_ends_at deliverability_at failures news_at next_at paused_because ramp_began"
                " ramp_first ramp_step read_failures reading_until sent_read_at server_files_sent vendor"
                " watched_until"
            ),
        ),
    ),
)
MAIL = Category(
    key="mail",
    name="Mail, sent and received",
    where="PostgreSQL, your workspace's schema",
    sealing=AT_REST,
    kept="until you delete it",
    note="Only mail of conversations that began here. The rest of a mailbox is never stored.",
    tables=(
        Table(
            "messages",
            "subjects and texts of your conversations",
            WITH_THE_LEAD,
            sealed="subject body raw answer",
            hashed="recipient_index recipient_domain_index approved_hash opt_out_hash",
            clear=(
                "id thread_id mailbox_id direction delivery message_id due_at lease_until attempts kind"
                " severity returns_on opts_out handled_at at closes_at filed_at is_unreadable looked_at looks"
                " approved_by intent intent_by intent_tries"
            ),
        ),
        Table(
            "message_aliases",
            "other Message-IDs that mail servers gave",
            WITH_THE_LEAD,
            clear="id original_id message_id",
        ),
        Table(
            "threads",
            "one row per conversation",
            WITH_THE_LEAD,
            clear="id mailbox_id lead_id assigned_to outcome is_unread last_at created_at",
        ),
        Table(
            "drafts",
            "what may be sent, its sources, findings and approval",
            WITH_THE_LEAD,
            sealed="subject body sentences findings note written",
            hashed="approved_hash",
            clear=(
                "id enrollment_id step version verdict is_clean edited_by approved_by approved_at message_id"
                " created_at"
            ),
        ),
    ),
)
MODEL_LOGS = Category(
    key="model_logs",
    name="Prompts and answers of models",
    where="PostgreSQL, stage_runs of your schema",
    sealing=AT_REST,
    kept="90 days, then anonymised",
    note="Text and the link to the person go; token counts and costs stay. The month's key goes too.",
    tables=(
        Table(
            "stage_runs",
            "one row per call to a model; the counts, never the provider's raw answer",
            "texts and lead: 90 days; counts: until you delete the campaign",
            monthly="prompt response",
            clear=(
                "id enrollment_id campaign_id stage provider model prompt_name input_tokens cached_tokens"
                " output_tokens cost_micros latency_ms outcome at anonymised_at"
            ),
        ),
    ),
)
AUDIT = Category(
    key="audit",
    name="Audit log: sign-ins and administration",
    where="An append-only table of your schema",
    sealing="AES-256: who, from where, about what",
    kept="12 months",
    note="Nobody's login may change or delete a line; whole months are dropped after a year, with their key.",
    tables=(
        Table(
            "audit_log",
            "one row per event, in monthly partitions",
            "12 months",
            monthly="details",
            hashed="hash",
            clear="id at event actor_id about_id xid",
        ),
        Table(
            "audit_seals",
            "hashes over batches of the log, chained: they show that no line was changed",
            "until the workspace is deleted",
            hashed="rows_hash previous hash",
            clear="number epoch month xid_from xid_until rows first_at last_at sealed_at",
        ),
    ),
)
SIX = (LEADS, PROVIDER_KEYS, MAIL_CREDENTIALS, MAIL, MODEL_LOGS, AUDIT)
