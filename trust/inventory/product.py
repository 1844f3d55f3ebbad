"""What running the product itself needs, beyond the six categories: first in your schema, then in ours."""

from __future__ import annotations

from trust.inventory.kinds import Category, Table

PEOPLE = Category(
    key="people",
    name="Your team",
    where="PostgreSQL, your workspace's schema",
    sealing="Passwords as argon2 hashes, second factors and sessions sealed; names and addresses in clear",
    kept="until you remove a member, or delete the workspace",
    tables=(
        Table(
            "members",
            "the people who sign in",
            "until removed; then a name without password, factors and sessions",
            hashed="password",
            named="email name",
            clear="id role is_active last_login joined_at",
        ),
        Table(
            "account_emailaddress",
            "a member's address, and whether it was verified",
            "until the member is removed",
            named="email",
            clear="id user_id verified primary",
        ),
        Table(
            "account_emailconfirmation",
            "links that verify an address",
            "three days",
            hashed="key",
            clear="id email_address_id created sent",
        ),
        Table(
            "invitations",
            "invitations that wait",
            "until taken, revoked or expired",
            named="email",
            hashed="token_hash",
            clear="id role invited_by_id created_at expires_at",
        ),
        Table(
            "sessions",
            "who is signed in, and from what kind of device",
            "14 days after the last visit",
            sealed="data",
            hashed="key_hash",
            clear="id member_id started_at seen_at expires_at",
        ),
        Table(
            "mfa_authenticator",
            "second factors; secrets inside are sealed",
            "until the member takes it off",
            sealed="data",
            clear="id user_id type created_at last_used_at",
        ),
        Table(
            "workspace_profile",
            "the workspace's name and the postal address in each mail",
            "until you delete the workspace",
            named="name postal_address",
            clear="id time_zone requires_second_factor",
        ),
    ),
)
CAMPAIGNS = Category(
    key="campaigns",
    name="Campaigns",
    where="PostgreSQL, your workspace's schema",
    sealing="AES-256: briefs, instructions and reasons",
    kept="until you delete them",
    tables=(
        Table(
            "campaigns",
            "what you offer, to whom, within what limits",
            "until you delete it",
            sealed="brief brief_b",
            clear=(
                "id name status audience writer_id writer_model auditor_id auditor_model schedule daily_cap"
                " budget_micros token_budget problem stops_company created_by created_at launched_at"
                " claimed_count day_ends_at resumes_at"
            ),
        ),
        Table(
            "reply_readers",
            "whether a model of yours may read replies, and which",
            "until you delete the workspace",
            clear="id is_on key_id model on_since changed_by changed_at",
        ),
        Table(
            "spending_limits",
            "what your models may cost in a month",
            "until you delete the workspace",
            clear="id monthly_micros monthly_tokens changed_by changed_at",
        ),
        Table(
            "campaign_mailboxes",
            "which mailbox writes for which campaign",
            "with the campaign",
            clear="id campaign_id mailbox_id",
        ),
        Table(
            "steps",
            "first mails and follow-ups",
            "with the campaign",
            sealed="instructions",
            clear="id campaign_id number wait_days",
        ),
        Table(
            "enrollments",
            "where each lead is on its way",
            "with the lead or the campaign",
            sealed="fit_reason",
            clear=(
                "id campaign_id lead_id stage step variant thread_id fit stop_reason problem attempts due_at"
                " lease_until created_at"
            ),
        ),
    ),
)
WORKING = Category(
    key="working",
    name="Working records",
    where="PostgreSQL, your workspace's schema",
    sealing="AES-256 where something says who or what",
    kept="until you delete them, or the work is done",
    tables=(
        Table(
            "imports",
            "one row per uploaded file, and what became of its rows",
            "7 days if nobody imports the file; once imported, until you delete the workspace",
            sealed="file_name sheet mapping",
            clear=(
                "id state policy rows imported updated duplicates suppressed rejected blank removed restored"
                " size place problem started_by created_at began_at finished_at"
            ),
        ),
        Table(
            "exports",
            "exports that owners asked for; the file is sealed, and here is its key",
            "the file 7 days; the row until you delete the workspace",
            sealed="key",
            clear=(
                "id state asked_by asked_at place name size rows attempts ready_at expires_at downloaded_at"
                " problem"
            ),
        ),
        Table(
            "retention_runs",
            "what each run of the retention job took out: counts",
            "until you delete the workspace",
            clear="id at took_ms report",
        ),
        Table("labels", "tags and lists", "until you delete it", clear="id kind name created_at"),
        Table("labelled", "which lead carries which", "with the lead", clear="id label_id lead_id job_id"),
        Table(
            "bulk_jobs",
            "one action over many leads",
            "90 days after it has ended",
            sealed="choice actor",
            clear=(
                "id action label_id source until after total done found problem started_by created_at"
                " finished_at"
            ),
        ),
        Table(
            "suppressions",
            "whom nobody may write to: a fingerprint, never the address",
            "for good: it is what keeps the promise not to write",
            sealed="domain",
            hashed="index",
            clear="id covers_domain reason added_by at",
        ),
        Table(
            "subject_requests",
            "what people asked about their data, and the receipt",
            "until you delete the workspace; the address goes with an erasure",
            sealed="email receipt",
            hashed="email_index",
            clear="id kind received_at due_at closed_at opened_by reminded reminded_at",
        ),
        Table(
            "enrichment_opt_ins",
            "an owner's word that a provider may be asked",
            "until withdrawn",
            sealed="file_name",
            clear="id credential_id most_a_month wait_until fetched_at opted_in_by at",
        ),
        Table(
            "saved_filters",
            "filters of the list of leads that you keep",
            "until you delete it",
            sealed="name choice",
            clear="id made_by created_at",
        ),
        Table(
            "folders",
            "how far a mailbox has been read",
            "with the mailbox",
            clear="id mailbox_id name role uidvalidity last_uid synced_at listed_at",
        ),
        Table(
            "index_version",
            "with how many parts of the index key fingerprints are made",
            "until you delete the workspace",
            clear="id version changed_at",
        ),
        Table(
            "key_jobs",
            "changes of the keys that seal this schema, and how far they are",
            "until you delete the workspace",
            sealed="kms actor",
            clear=(
                "id work state version drops_at_once table after done total fence_at fence_xid keeps_until"
                " problem started_by created_at finished_at"
            ),
        ),
        Table("sending_switch", "the pause switch", "always", clear="id is_paused reason changed_at"),
    ),
)
FRAMEWORK = Category(
    key="framework",
    name="Empty tables of the framework",
    where="PostgreSQL, your workspace's schema",
    sealing="Nothing is in them",
    kept="always empty",
    tables=(
        Table("auth_group", "groups", "empty", clear="id name"),
        Table("auth_permission", "permissions", "empty", clear="id name content_type_id codename"),
        Table("auth_group_permissions", "groups' permissions", "empty", clear="id group_id permission_id"),
        Table("django_content_type", "names of models", "empty", clear="id app_label model"),
    ),
)
IN_YOUR_SCHEMA = (PEOPLE, CAMPAIGNS, WORKING, FRAMEWORK)
