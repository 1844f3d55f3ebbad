"""What a restore carries forward for the log: all of it. A restore takes back nothing that was recorded."""

CARRIED = (
    "DROP TABLE {new}.audit_log CASCADE",
    "DROP FUNCTION {new}.audit_log_refuse() CASCADE",
    "ALTER FUNCTION {live}.audit_log_refuse() SET SCHEMA {new}",
    """
    DO $do$
    DECLARE part regclass;
    BEGIN
        FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = '{live}.audit_log'::regclass
        LOOP
            EXECUTE format('ALTER TABLE %s SET SCHEMA {new}', part);
        END LOOP;
    END
    $do$
    """,
    "ALTER TABLE {live}.audit_log SET SCHEMA {new}",
)
ALWAYS: tuple[str, ...] = ()
