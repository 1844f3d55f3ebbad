"""Expand: a model log that loses its lead loses its texts, whatever deleted the lead."""

from django.db import migrations

FORGET = """
CREATE FUNCTION stage_runs_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.prompt := NULL;
    NEW.response := NULL;
    NEW.anonymised_at := coalesce(NEW.anonymised_at, now());
    RETURN NEW;
END
$$
"""
WITHOUT_LEAD = """
CREATE TRIGGER stage_runs_forget BEFORE UPDATE OF enrollment_id ON stage_runs
FOR EACH ROW WHEN (OLD.enrollment_id IS NOT NULL AND NEW.enrollment_id IS NULL)
EXECUTE FUNCTION stage_runs_forget()
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]
    operations = [migrations.RunSQL([FORGET, WITHOUT_LEAD])]
