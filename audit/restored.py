"""What a restore carries forward for the log: all of it. A restore takes back nothing that was recorded."""

# What the backup holds of it makes room, before anyone waits for the swap.
PREPARED = (
    "DROP TABLE {new}.audit_log CASCADE",
    "DROP TABLE {new}.audit_seals CASCADE",
    "DROP FUNCTION {new}.audit_log_refuse() CASCADE",
)
CARRIED = (
    "ALTER FUNCTION {live}.audit_log_refuse() SET SCHEMA {new}",
    "ALTER TABLE {live}.audit_seals SET SCHEMA {new}",
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
