"""Expand: what was announced stays announced, who may read what, and the statements of the first day."""

from django.db import migrations

TRIGGERS = """
CREATE FUNCTION keep_changelog() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.published_at IS NOT NULL THEN
            RAISE EXCEPTION 'A published entry of the changelog stays.' USING ERRCODE = 'check_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.published_at IS NOT NULL THEN
        IF NEW.published_at IS DISTINCT FROM OLD.published_at OR NEW.slug <> OLD.slug THEN
            RAISE EXCEPTION 'A published entry keeps its day and its address.'
                USING ERRCODE = 'check_violation';
        END IF;
        IF OLD.kind = 'sub_processor' AND (NEW.kind, NEW.title, NEW.body) <> (OLD.kind, OLD.title, OLD.body)
        THEN
            RAISE EXCEPTION 'What was announced of a sub-processor is not rewritten.'
                USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.published_at IS NOT NULL THEN
        NEW.published_at := now();  -- neither backdated nor ahead of its time
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_changelog BEFORE INSERT OR UPDATE OR DELETE ON changelog_entries
    FOR EACH ROW EXECUTE FUNCTION keep_changelog();

CREATE FUNCTION keep_notice() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A sub-processor is ended by a day, not deleted.' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.is_founding OR NEW.ends_on IS NOT NULL THEN
            RAISE EXCEPTION 'A new sub-processor is announced, and has no end yet.'
                USING ERRCODE = 'check_violation';
        END IF;
        NEW.announced_on := today;
        PERFORM must_be_posted(NEW.posted_in_id);
        RETURN NEW;
    END IF;
    IF (NEW.name, NEW.vendor, NEW.used_for, NEW.is_yours, NEW.is_founding, NEW.announced_on)
        <> (OLD.name, OLD.vendor, OLD.used_for, OLD.is_yours, OLD.is_founding, OLD.announced_on)
        OR NEW.posted_in_id IS DISTINCT FROM OLD.posted_in_id THEN
        RAISE EXCEPTION 'What was announced is not rewritten: announce a new row.'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.effective_on <> OLD.effective_on
        AND (today >= OLD.effective_on OR NEW.effective_on < OLD.effective_on) THEN
        RAISE EXCEPTION 'A day that was announced can only be put off.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.ends_on IS DISTINCT FROM OLD.ends_on THEN
        NEW.end_announced_on := CASE WHEN NEW.ends_on IS NULL THEN NULL ELSE today END;
        IF NEW.ends_on IS NOT NULL THEN
            PERFORM must_be_posted(NEW.end_posted_in_id);
            -- Withdrawn before it began: it ends on the day on which it would have taken effect.
            IF NEW.ends_on < today + 30 AND NOT (today < NEW.effective_on AND NEW.ends_on = NEW.effective_on)
            THEN
                RAISE EXCEPTION 'An end is announced 30 days before it takes effect.'
                    USING ERRCODE = 'check_violation';
            END IF;
        END IF;
    ELSIF NEW.end_announced_on IS DISTINCT FROM OLD.end_announced_on THEN
        NEW.end_announced_on := OLD.end_announced_on;
    END IF;
    RETURN NEW;
END
$$;
CREATE FUNCTION must_be_posted(entry bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM changelog_entries
                   WHERE id = entry AND kind = 'sub_processor' AND published_at IS NOT NULL) THEN
        RAISE EXCEPTION 'A change is posted in the changelog first.' USING ERRCODE = 'check_violation';
    END IF;
END
$$;
CREATE TRIGGER keep_notice BEFORE INSERT OR UPDATE OR DELETE ON sub_processors
    FOR EACH ROW EXECUTE FUNCTION keep_notice();
GRANT EXECUTE ON FUNCTION must_be_posted(bigint) TO paitho_ops;
"""

# What the web may read of the tables behind the public pages, and what operators may change.
GRANTS = """
GRANT SELECT ON changelog_entries, sub_processors, standings, researchers, incidents, incident_updates,
    maintenance_windows, component_states, component_days, posture_runs TO paitho_directory;
GRANT SELECT (id, run_id, check_name, outcome, saw, milliseconds) ON posture_results TO paitho_directory;
GRANT SELECT, INSERT, UPDATE, DELETE ON changelog_entries, sub_processors, standings, researchers, incidents,
    incident_updates, maintenance_windows TO paitho_ops;
GRANT SELECT ON component_states, component_days, posture_runs, posture_results, letters, tellings
    TO paitho_ops;
GRANT SELECT (id, wants_changes, wants_status, confirmed_at, created_at) ON subscribers TO paitho_ops;
GRANT SELECT, UPDATE (answered_at) ON dpa_requests TO paitho_ops;

ALTER TABLE changelog_entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY the_public_reads_what_is_published ON changelog_entries FOR SELECT TO paitho_directory
    USING (published_at IS NOT NULL);
CREATE POLICY operators ON changelog_entries TO paitho_ops USING (true) WITH CHECK (true);
ALTER TABLE researchers ENABLE ROW LEVEL SECURITY;
CREATE POLICY the_public_reads_who_agreed ON researchers FOR SELECT TO paitho_directory
    USING (consented_at IS NOT NULL);
CREATE POLICY operators ON researchers TO paitho_ops USING (true) WITH CHECK (true);
ALTER TABLE posture_runs ENABLE ROW LEVEL SECURITY;
CREATE POLICY the_public_reads_runs_of_everything ON posture_runs FOR SELECT TO paitho_directory
    USING (workspace = '');
CREATE POLICY operators ON posture_runs FOR SELECT TO paitho_ops USING (true);
"""

FIRST_DAY = """
INSERT INTO sub_processors
    (name, vendor, used_for, note, is_yours, is_founding, position, announced_on, effective_on)
VALUES
    ('Hosting', 'Not chosen yet: Hetzner, OVH or AWS',
     'Compute, network and encrypted block storage', 'EU or US, as you choose', false, true, 10,
     '2026-11-24', '2026-11-24'),
    ('Transactional mail', 'Not chosen yet: Postmark or Resend',
     'Verifying an address, resetting a password, notices of the system',
     'Never used to write to your prospects', false, true, 20, '2026-11-24', '2026-11-24'),
    ('Error tracking', 'Sentry', 'Stack traces and performance figures',
     'Paid workspaces may name a server of their own', false, true, 30, '2026-11-24', '2026-11-24'),
    ('Model providers', 'OpenAI, Anthropic, Google', 'Qualifying, drafting and auditing',
     'Your keys, your accounts with them, not ours', true, true, 40, '2026-11-24', '2026-11-24'),
    ('Enrichment', 'Apollo, RocketReach, ZoomInfo, IndiaMART, local directories',
     'Looking up contact details, only where you switch one on', 'Your key with them; off by default',
     true, true, 50, '2026-11-24', '2026-11-24');

INSERT INTO standings
    (name, state, text, target, target_ends_on, attested_by, checked_on, position)
VALUES
    ('SOC 2 Type 1', 'in_progress',
     'The audit is under way, with a firm of the size below the Big Four. No report has been issued.',
     'Q3 2026', '2026-09-30', '', '2026-11-24', 10),
    ('SOC 2 Type 2', 'planned',
     'Begins as soon as Type 1 is attested, and watches us for six months.', '', NULL, '', '2026-11-24', 20),
    ('Data processing addendum', 'available',
     'Our standard addendum, with the standard contractual clauses, on request.', '', NULL, '',
     '2026-11-24', 30),
    ('GDPR', 'compliant',
     'Our own statement: nobody certifies it. You choose EU or US when you make a workspace, and requests of '
     'data subjects are answered within 30 days.', '', NULL, '', '2026-11-24', 40),
    ('HIPAA', 'not_certified',
     'We are not a business associate. If your outreach touches health information, write to us before you '
     'sign anything.', '', NULL, '', '2026-11-24', 50);

INSERT INTO changelog_entries (slug, kind, title, body, published_at) VALUES
    ('first-release', 'product', 'The first release',
     E'A workspace is a schema, a role and a login of its own in the database.\n\n'
     'Leads, drafts, mail, model logs and credentials are sealed before they are stored. Import, qualify, '
     'draft, audit, approve, send and reply: the whole way of one email, on your keys and your mailbox.\n\n'
     'Everything you put in comes out again by one command.', '2026-11-24 09:00+00'),
    ('sub-processors-at-the-start', 'sub_processor', 'The sub-processors we start with',
     E'Hosting, transactional mail, error tracking; and, on accounts of your own, model providers and '
     'enrichment. Two vendors are not chosen yet, and the list says so.\n\n'
     'From here on each change is posted here 30 days before it takes effect.', '2026-11-24 09:00+00');
"""


class Migration(migrations.Migration):
    dependencies = [("trust", "0001_statements"), ("tenants", "0002_directory_functions")]
    operations = [
        migrations.RunSQL(FIRST_DAY, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, elidable=False),
        migrations.RunSQL(GRANTS, elidable=False),
    ]
