"""Expand: the second line behind the claim of a send.

Whatever code or person sets a message to `sending`, the database refuses it while the recipient's address or
domain is suppressed. The schema is taken from the trigger itself, so that it holds in every workspace and
after a restore under another name.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION messages_refuse_suppressed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    forbidden boolean;
BEGIN
    EXECUTE format(
        'SELECT EXISTS (SELECT 1 FROM %I.suppressions s'
        ' WHERE (NOT s.covers_domain AND s.index = $1) OR (s.covers_domain AND s.index = $2))',
        TG_TABLE_SCHEMA
    ) INTO forbidden USING NEW.recipient_index, NEW.recipient_domain_index;
    IF forbidden THEN
        RAISE EXCEPTION 'The recipient of message % is suppressed.', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$
"""
BEFORE_SENDING = """
CREATE TRIGGER messages_refuse_suppressed BEFORE INSERT OR UPDATE OF delivery ON messages
FOR EACH ROW WHEN (NEW.delivery = 'sending') EXECUTE FUNCTION messages_refuse_suppressed()
"""


class Migration(migrations.Migration):
    dependencies = [("mailbox", "0001_initial"), ("leads", "0001_initial")]
    operations = [migrations.RunSQL([REFUSE, BEFORE_SENDING])]
