"""Deliberate breaks by rows that should not be there, or not be so: what was stored, kept, sent or stated."""

from __future__ import annotations

from tests.trust.breaks import Break

INSERT_LEAD = (
    "INSERT INTO tenant_acme.leads (id, profile, email_index, domain_index, words, standing, created_at,"
    " updated_at) VALUES (gen_random_uuid(), 'Ada Marsh, ada@example.org'::bytea, 'a', 'b', '{}', 'open',"
    " now(), now())"
)
INSERT_CALL = (
    "INSERT INTO tenant_acme.stage_runs (id, stage, provider, model, prompt_name, prompt, input_tokens,"
    " cached_tokens, output_tokens, latency_ms, outcome, at) VALUES (gen_random_uuid(), 'drafting', 'openai',"
    " 'm', 'draft', decode('d701', 'hex') || decode(repeat('00', 80), 'hex'), 1, 0, 1, 1, 'ok',"
    " now() - interval '100 days')"
)
INSERT_MESSAGE = (
    "INSERT INTO tenant_acme.messages (id, thread_id, mailbox_id, direction, delivery, message_id, subject,"
    " body, attempts, looks, kind, severity, opts_out, is_unreadable, at, recipient_index) VALUES"
    " (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), {direction}, {delivery}, '<1@example.org>',"
    " '\\xd701', '\\xd701', 0, 0, '', '', false, false, now(), 'somebody')"
)
SENT = INSERT_MESSAGE.format(direction="'out'", delivery="'sent'")
RECEIVED = INSERT_MESSAGE.format(direction="'in'", delivery="'received'")
AN_IMPORT = (
    "INSERT INTO tenant_acme.imports (id, state, file_name, policy, rows, imported, updated, duplicates,"
    " suppressed, rejected, blank, removed, restored, size, problem, created_at, finished_at) VALUES"
    " (gen_random_uuid(), '{state}', '\\xd701', 'skip', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '',"
    " now() - interval '{days} days', now() - interval '{days} days')"
)
SUPPRESS = (
    "INSERT INTO tenant_acme.suppressions (id, index, covers_domain, reason, at)"
    " VALUES (gen_random_uuid(), 'somebody', false, 'opt_out', now() - interval '1 day')"
)
SUB_PROCESSOR = (
    "INSERT INTO public.sub_processors (name, vendor, used_for, note, is_yours, is_founding, position,"
    " announced_on, effective_on, posted_in_id) SELECT 'Test', 'Test', 'x', '', false, true, 9, current_date,"
    " current_date, NULL"
)


def _insert(table: str, columns: str, values: str) -> str:
    return f"INSERT INTO {table} ({columns}) VALUES ({values})"


ROWS = [
    Break("sealed_columns", INSERT_LEAD, "DELETE FROM tenant_acme.leads"),
    Break(
        "credentials_are_sealed",
        _insert(
            "tenant_acme.credentials",
            "id, kind, label, secret, last_four, fingerprint, added_at, problem",
            "gen_random_uuid(), 'openai', 'Ours', 'sk-0123456789abcdef'::bytea, 'cdef', '', now(), ''",
        ),
        "DELETE FROM tenant_acme.credentials",
    ),
    Break(
        "credentials_are_sealed",
        _insert(
            "tenant_acme.credentials",
            "id, kind, label, secret, last_four, fingerprint, added_at, problem",
            "gen_random_uuid(), 'openai', 'sk-0123456789abcdef', '\\xd70100', 'cdef', '', now(), ''",
        ),
        "DELETE FROM tenant_acme.credentials",
    ),
    Break("model_logs_90_days", INSERT_CALL, "DELETE FROM tenant_acme.stage_runs"),
    Break(
        "model_logs_90_days",
        "INSERT INTO public.wrapped_keys (workspace_id, purpose, version, kms, wrapped, created_at)"
        " SELECT id, 'llm', 202501, 'local', 'x', now() FROM public.workspaces WHERE slug = 'acme'",
        "DELETE FROM public.wrapped_keys WHERE version = 202501",
    ),
    Break(
        "audit_12_months",
        _insert(
            "tenant_acme.audit_log",
            "id, at, event, details",
            "gen_random_uuid(), now() - interval '14 months', 'auth.signed_in', '\\xd701'",
        ),
        "DELETE FROM tenant_acme.audit_log",
        as_replica=True,
    ),
    Break(
        "uploads_go",
        "INSERT INTO tenant_acme.imports (id, state, file_name, policy, rows, imported, updated, duplicates,"
        " suppressed, rejected, blank, removed, restored, size, problem, created_at) VALUES"
        " ('00000000-0000-0000-0000-000000000001', 'done', '\\xd701', 'skip', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,"
        " '', now()); INSERT INTO tenant_acme.import_parts (id, job_id, number, data) VALUES"
        " (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 1, '\\xd701')",
        "DELETE FROM tenant_acme.import_parts; DELETE FROM tenant_acme.imports",
    ),
    Break("leftovers_go", AN_IMPORT.format(state="uploaded", days=10), "DELETE FROM tenant_acme.imports"),
    Break(
        "leftovers_go",
        AN_IMPORT.format(state="done", days=93)
        + "; INSERT INTO tenant_acme.import_rejects (id, job_id, number,"
        " reason, cells) SELECT gen_random_uuid(), id, 1, 'invalid', '\\xd701' FROM tenant_acme.imports",
        "DELETE FROM tenant_acme.import_rejects; DELETE FROM tenant_acme.imports",
        as_replica=True,
    ),
    Break(
        "leftovers_go",
        _insert(
            "tenant_acme.bulk_jobs",
            "id, action, choice, until, total, done, actor, created_at, finished_at",
            "gen_random_uuid(), 'delete', '\\xd701', gen_random_uuid(), 1, 1, '\\xd701', now(),"
            " now() - interval '93 days'",
        ),
        "DELETE FROM tenant_acme.bulk_jobs",
    ),
    Break(
        "visitors_details_go",
        _insert(
            "public.sign_ups",
            "id, slug, region, sealed, wrapped, kms, token_hash, created_at",
            "gen_random_uuid(), 'old', 'eu', 'x', 'x', 'x', 'x', now() - interval '6 days'",
        ),
        "DELETE FROM public.sign_ups",
    ),
    Break(
        "requests_in_30_days",
        _insert(
            "tenant_acme.subject_requests",
            "id, kind, email_index, received_at, due_at",
            "gen_random_uuid(), 'access', 'x', now() - interval '31 days', now() - interval '1 day'",
        ),
        "DELETE FROM tenant_acme.subject_requests",
    ),
    Break(
        "no_foreign_mail",
        RECEIVED,
        "DELETE FROM tenant_acme.messages",
        as_replica=True,
    ),
    Break(
        "no_unasked_enrichment",
        _insert(
            "tenant_acme.enrichments",
            "id, lead_id, provider, outcome, sentence, asked, fields, at",
            "gen_random_uuid(), gen_random_uuid(), 'apollo', 'found', '\\xd701', '\\xd701', '\\xd701', now()",
        ),
        "DELETE FROM tenant_acme.enrichments",
        as_replica=True,
    ),
    Break(
        "a_person_approved",
        SENT,
        "DELETE FROM tenant_acme.messages",
        as_replica=True,
    ),
    Break(
        "opt_outs_hold",
        SUPPRESS + "; " + SENT,
        "DELETE FROM tenant_acme.messages; DELETE FROM tenant_acme.suppressions",
        as_replica=True,
    ),
    Break(
        "sub_processors_announced",
        f"{SUB_PROCESSOR}; UPDATE public.sub_processors SET is_founding = false, announced_on ="
        " current_date - 60, posted_in_id = (SELECT min(id) FROM public.changelog_entries)"
        " WHERE name = 'Test'",
        "DELETE FROM public.sub_processors WHERE name = 'Test'",
        as_replica=True,
    ),
    Break(
        "sub_processors_announced",
        "ALTER TABLE public.sub_processors DISABLE TRIGGER keep_notice",
        "ALTER TABLE public.sub_processors ENABLE TRIGGER keep_notice",
    ),
    Break(
        "only_listed_vendors",
        "UPDATE public.sub_processors SET vendor = 'OpenAI, Google' WHERE name = 'Model providers'",
        "UPDATE public.sub_processors SET vendor = 'OpenAI, Anthropic, Google'"
        " WHERE name = 'Model providers'",
        as_replica=True,
    ),
    Break(
        "standings_are_honest",
        "UPDATE public.standings SET checked_on = '2020-01-01' WHERE name = 'HIPAA'",
        "UPDATE public.standings SET checked_on = '2026-11-24' WHERE name = 'HIPAA'",
    ),
    Break(
        "standings_are_honest",
        "UPDATE public.standings SET state = 'attested', attested_by = 'x', attested_on = current_date + 9"
        " WHERE name = 'SOC 2 Type 1'",
        "UPDATE public.standings SET state = 'in_progress', attested_by = '', attested_on = NULL"
        " WHERE name = 'SOC 2 Type 1'",
    ),
    Break(
        "retention_ran",
        "UPDATE public.workspaces SET created_at = now() - interval '9 days' WHERE slug = 'acme'",
        "UPDATE public.workspaces SET created_at = now() WHERE slug = 'acme'",
    ),
    Break(
        "backups_are_made",
        "UPDATE public.workspaces SET created_at = now() - interval '9 days' WHERE slug = 'acme'",
        "UPDATE public.workspaces SET created_at = now() WHERE slug = 'acme'",
    ),
    Break(
        "audit_sealed",
        _insert(
            "tenant_acme.audit_log",
            "id, at, event, details",
            "gen_random_uuid(), now() - interval '1 day', 'forgotten', '\\xd701'",
        ),
        "DELETE FROM tenant_acme.audit_log WHERE event = 'forgotten'",
        as_replica=True,
    ),
    Break(
        "audit_sealed",
        "INSERT INTO public.audit_heads (workspace_id, number, hash, published_at)"
        " SELECT id, 1, decode(repeat('00', 32), 'hex'), now() FROM public.workspaces WHERE slug = 'acme'",
        "DELETE FROM public.audit_heads",
    ),
]
