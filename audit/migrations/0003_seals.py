"""Expand: batch seals, and the two guarded functions that make months ahead and let old ones go.

The application may call the functions (the comment `paitho:callable` tells `tenants.structure` so). They run
as the tables' owner, look at the database's own clock, and refuse what the promise forbids: a month that is
younger than twelve, or that holds a line which no seal covers.
"""

import django.utils.timezone
from django.db import migrations, models

import audit.models

SEALS = """
CREATE TABLE audit_seals (
    number bigint PRIMARY KEY CHECK (number > 0),
    epoch integer NOT NULL,
    month date NULL,
    xid_from bigint NOT NULL,
    xid_until bigint NOT NULL CHECK (xid_until >= xid_from),
    rows integer NOT NULL CHECK (rows >= 0),
    first_at timestamptz NULL,
    last_at timestamptz NULL,
    rows_hash bytea NOT NULL CHECK (octet_length(rows_hash) = 32),
    previous bytea NOT NULL CHECK (octet_length(previous) = 32),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    sealed_at timestamptz NOT NULL
)
"""
COLUMNS = "number,epoch,month,xid_from,xid_until,rows,first_at,last_at,rows_hash,previous,hash,sealed_at"
COMMENT = f"COMMENT ON TABLE audit_seals IS 'paitho:append-only {COLUMNS}'"
NO_REWRITE = (
    "CREATE TRIGGER audit_seals_no_rewrite BEFORE UPDATE OR DELETE ON audit_seals"
    " FOR EACH ROW EXECUTE FUNCTION audit_log_refuse()"
)
NO_TRUNCATE = (
    "CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()"
)
# Batches are found by transaction, so that a line is in exactly one.
INDEX = "CREATE INDEX audit_log_xid ON audit_log (xid)"
AHEAD = """
CREATE FUNCTION audit_log_make_ahead(months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    month date := date_trunc('month', now())::date;
    name text;
    test text := (SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
                  WHERE polrelid = 'audit_log'::regclass AND polname = 'only_this_workspace');
    made integer := 0;
BEGIN
    FOR i IN 0..least(months, 24) LOOP
        name := 'audit_log_' || to_char(month, 'YYYYMM');
        IF to_regclass(format('%I.%I', current_schema(), name)) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF audit_log FOR VALUES FROM (%L) TO (%L)',
                           name, month, (month + interval '1 month')::date);
            EXECUTE format('CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON %I'
                           ' FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()', name);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
            IF test IS NOT NULL THEN
                EXECUTE format('CREATE POLICY only_this_workspace ON %I USING (%s) WITH CHECK (%s)',
                               name, test, test);
            END IF;
            made := made + 1;
        END IF;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
END
$$
"""
EXPIRE = """
CREATE FUNCTION audit_log_expire(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    first date := date_trunc('month', month)::date;
    name text := 'audit_log_' || to_char(month, 'YYYYMM');
    unsealed bigint;
BEGIN
    IF first + interval '1 month' + interval '12 months' > now() THEN
        RAISE EXCEPTION 'the audit log of % is kept until it is 12 months old', to_char(first, 'YYYY-MM')
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhparent = 'audit_log'::regclass
                   AND inhrelid = to_regclass(format('%I.%I', current_schema(), name))) THEN
        RETURN false;
    END IF;
    EXECUTE format('SELECT count(*) FROM %I WHERE xid::text::bigint >='
                   ' coalesce((SELECT max(xid_until) FROM audit_seals), 0)', name) INTO unsealed;
    IF unsealed > 0 THEN
        RAISE EXCEPTION 'the audit log of % holds % lines that are not sealed', to_char(first, 'YYYY-MM'), unsealed
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('DROP TABLE %I', name);
    RETURN true;
END
$$
"""
CALLABLE = (
    "COMMENT ON FUNCTION audit_log_make_ahead(integer) IS 'paitho:callable'",
    "COMMENT ON FUNCTION audit_log_expire(date) IS 'paitho:callable'",
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_monthly_keys")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name="auditrow",
                    name="xid",
                    field=audit.models.xid(),
                ),
                migrations.CreateModel(
                    name="AuditSeal",
                    fields=[
                        ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("epoch", models.IntegerField(help_text="Counts up with each restore.")),
                        (
                            "month",
                            models.DateField(help_text="None in the seal that opens an epoch.", null=True),
                        ),
                        ("xid_from", models.BigIntegerField()),
                        (
                            "xid_until",
                            models.BigIntegerField(help_text="The first transaction that is not in it."),
                        ),
                        ("rows", models.IntegerField()),
                        ("first_at", models.DateTimeField(null=True)),
                        ("last_at", models.DateTimeField(null=True)),
                        ("rows_hash", models.BinaryField(max_length=32)),
                        ("previous", models.BinaryField(max_length=32)),
                        ("hash", models.BinaryField(max_length=32)),
                        ("sealed_at", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={"db_table": "audit_seals"},
                ),
            ],
            database_operations=[
                # A list each: the statements hold semicolons of their own and are not to be split.
                migrations.RunSQL([SEALS, COMMENT, NO_REWRITE, NO_TRUNCATE, INDEX, AHEAD, EXPIRE, *CALLABLE])
            ],
        ),
    ]
