"""Expand: work that lasts renews its claim, so that what dies holding one is followed within minutes."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION renew_bell(wanted uuid, work text, lease interval) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE bells SET claimed_until = clock_timestamp() + lease
    WHERE workspace_id = wanted AND kind = work AND claimed_until IS NOT NULL
$$;

REVOKE ALL ON FUNCTION renew_bell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION renew_bell TO paitho_directory;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_audit_heads")]
    operations = [migrations.RunSQL(FUNCTIONS, elidable=False)]
