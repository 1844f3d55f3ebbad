"""What lies outside the workspaces, in schema `public`: no customer record is in it."""

from __future__ import annotations

from trust.inventory.kinds import Category, Table

DIRECTORY = Category(
    key="directory",
    name="The directory of workspaces",
    where="PostgreSQL, schema public",
    sealing="Keys are wrapped by KMS; a sign-up is sealed until its owner is welcomed",
    kept="until the workspace is deleted",
    tables=(
        Table(
            "workspaces",
            "slug, region, state and plan",
            "until the workspace is deleted",
            clear=(
                "id slug region state step schema_version plan problem created_at was reason wanted_slug"
                " delete_after"
            ),
        ),
        Table(
            "domains",
            "hosts on which workspaces answer",
            "until the workspace is deleted",
            clear="host workspace_id is_primary verified_at kind proof checked_at missing_since",
        ),
        Table(
            "domain_claims",
            "hosts that a workspace says are its own, until a record there proves it",
            "until proved or given up",
            clear="id workspace_id host proof created_at",
        ),
        Table(
            "former_slugs",
            "names that nobody else may take",
            "until the name is free again",
            clear="slug workspace_id free_after",
        ),
        Table(
            "removals",
            "receipts of deleted workspaces: counts and days, no name of a person",
            "for good",
            hashed="token_hash",
            clear="id slug region asked_by asked_at rows keys removed_at backups_gone_by",
        ),
        Table(
            "wrapped_keys",
            "keys of workspaces, which only KMS can open",
            "until rotated, or the workspace is deleted: then nothing it sealed can be opened",
            wrapped="wrapped",
            clear="id workspace_id purpose version kms created_at",
        ),
        Table(
            "bells",
            "which work is due where",
            "until the workspace is deleted",
            clear="id workspace_id kind due_at claimed_until served_at",
        ),
        Table(
            "sign_ups",
            "workspaces asked for and not yet taken over",
            "three days, or until the owner is welcomed",
            sealed="sealed",
            wrapped="wrapped",
            hashed="token_hash",
            clear="id slug region kms verified_at workspace_id created_at",
        ),
        Table(
            "backups",
            "which sealed backups exist, of what, and when each ends",
            "35 days after the backup was deleted",
            clear=(
                "id workspace_id place name made_at size rows schema_version duration_ms expires_at"
                " deleted_at"
            ),
        ),
        Table(
            "restore_drills",
            "rehearsals of a restore: when, how long, how it went",
            "12 months",
            clear="id at workspace_id backup_made_at duration_ms rows passed detail",
        ),
        Table(
            "error_servers",
            "a server for its errors that a workspace on a paid plan named",
            "until it is taken back, or the workspace is deleted",
            clear="workspace_id dsn",
        ),
        Table(
            "audit_heads",
            "the hash of each seal of an audit log, kept outside the workspace",
            "until the workspace is deleted",
            hashed="hash",
            clear="id workspace_id number published_at",
        ),
        Table(
            "schema_changes",
            "versions of the workspaces' tables",
            "always",
            clear="version migrations statements recorded_at",
        ),
        Table(
            "django_migrations",
            "versions of these tables",
            "always",
            clear="id app name applied",
            model=False,
        ),
    ),
)
ASKED = Category(
    key="asked",
    name="What visitors of this site leave",
    where="PostgreSQL, schema public",
    sealing="AES-256, under a key of each row's own that KMS wraps",
    kept="as long as the request needs",
    tables=(
        Table(
            "subscribers",
            "addresses that asked for notices, and confirmed it",
            "until they unsubscribe; unconfirmed ones three days",
            sealed="sealed",
            wrapped="wrapped",
            hashed="address_hash token_hash",
            clear="id kms created_at wants_changes wants_status confirmed_at",
        ),
        Table(
            "letters",
            "which notice went to which subscriber",
            "90 days",
            clear="id subscriber_id about due_at attempts sent_at",
        ),
        Table(
            "tellings",
            "which workspace's owners were told of what",
            "until the workspace is deleted",
            clear="id workspace_id entry_id at told_at",
        ),
        Table(
            "dpa_requests",
            "who asked for the data processing addendum",
            "12 months",
            sealed="sealed",
            wrapped="wrapped",
            clear="id kms created_at sent_at answered_at",
        ),
        Table(
            "workspace_searches",
            "who asked where their workspace is, while it is looked for",
            "until the answer is mailed, at most a day",
            sealed="sealed",
            wrapped="wrapped",
            clear="id kms created_at after found due_at",
        ),
    ),
)
PUBLISHED = Category(
    key="published",
    name="What this site shows",
    where="PostgreSQL, schema public",
    sealing="None: it is public",
    kept="for good; measurements 90 days",
    tables=(
        Table(
            "changelog_entries",
            "the changelog",
            "for good",
            public="id slug kind title body published_at told_at",
        ),
        Table(
            "sub_processors",
            "vendors, each with the day it was announced",
            "for good",
            public=(
                "id name vendor used_for note is_yours is_founding position announced_on effective_on"
                " end_announced_on ends_on posted_in_id end_posted_in_id"
            ),
        ),
        Table(
            "standings",
            "where we are with which standard",
            "for good",
            public=("id name state text target target_ends_on attested_on attested_by checked_on position"),
        ),
        Table(
            "researchers",
            "who reported a weakness; shown if they agreed",
            "until they ask us to take it off",
            public="id name url found reported_on acknowledged_on fixed_on consented_at entry_id",
        ),
        Table(
            "incidents",
            "incidents",
            "for good",
            public="id title impact components started_at resolved_at",
        ),
        Table("incident_updates", "their story", "for good", public="id incident_id at state text told_at"),
        Table(
            "maintenance_windows",
            "planned maintenance",
            "for good",
            public="id title text components starts_at ends_at announced_at cancelled_at told_at",
        ),
        Table(
            "component_states",
            "the last probe of each component",
            "always",
            public="component state note probed_at since",
        ),
        Table(
            "component_days",
            "its history by day",
            "90 days",
            public="id component day operational degraded outage",
        ),
        Table(
            "posture_runs",
            "runs of the checks behind the trust page",
            "90 days",
            public="id version workspace started_at finished_at proved failed",
        ),
        Table(
            "posture_results",
            "what each check found; the detail is for operators",
            "90 days",
            public="id run_id check_name outcome saw milliseconds",
            clear="detail",
        ),
    ),
)
OPERATORS = Category(
    key="operators",
    name="Who runs Paitho, and what they did",
    where="PostgreSQL, schema public; only the console's login reads it",
    sealing="Factors and sessions are sealed under the console's own key",
    kept="as long as they are operators; the record for good",
    tables=(
        Table(
            "operators",
            "our own people",
            "as long as they are operators",
            sealed="totp",
            hashed="password link_hash",
            named="email name",
            clear="id is_active last_login totp_step link_until created_at",
        ),
        Table(
            "operator_passkeys",
            "their passkeys' public keys",
            "until removed",
            clear="id operator_id name credential_id credential sign_count created_at used_at",
        ),
        Table(
            "operator_sessions",
            "their sessions",
            "eight hours at most",
            sealed="sealed",
            hashed="key_hash",
            clear="id operator_id started_at seen_at expires_at proved_at",
        ),
        Table(
            "operations",
            "what they did, also written to the log of the workspace it touched",
            "for good",
            named="operator ip",
            clear="id at event operator_id about about_id workspace_id data told_at",
        ),
    ),
)
OURS = (DIRECTORY, ASKED, PUBLISHED, OPERATORS)
