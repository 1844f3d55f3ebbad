"""The lead in clear, as django-import-export would keep it: what the import is compared with."""

from __future__ import annotations

import time
from typing import Any

import tablib
from django.db import models
from import_export import resources
from import_export.fields import Field
from import_export.instance_loaders import CachedInstanceLoader

from paitho.lib.ids import uuid7

# With the indexes that clear text needs, the grants and the row policy of every table of a workspace.
TABLE = """
    SET ROLE paitho_owner;
    CREATE TABLE tenant_acme.clear_leads (
        id uuid PRIMARY KEY, email text NOT NULL UNIQUE, first_name text NOT NULL, last_name text NOT NULL,
        company text NOT NULL, title text NOT NULL, phone text NOT NULL, website text NOT NULL,
        city text NOT NULL, country text NOT NULL, industry text NOT NULL, employees text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON tenant_acme.clear_leads (company);
    CREATE INDEX ON tenant_acme.clear_leads (last_name);
    ALTER TABLE tenant_acme.clear_leads ENABLE ROW LEVEL SECURITY;
    ALTER TABLE tenant_acme.clear_leads FORCE ROW LEVEL SECURITY;
    CREATE POLICY own ON tenant_acme.clear_leads
        USING ((SELECT session_user) = 'tenant_acme_login')
        WITH CHECK ((SELECT session_user) = 'tenant_acme_login');
    GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_acme.clear_leads TO tenant_acme_app;
    RESET ROLE;
"""


class ClearLead(models.Model):
    """A person's record, readable by whoever reads the table."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    email = models.TextField(unique=True)
    first_name = models.TextField()
    last_name = models.TextField()
    company = models.TextField()
    title = models.TextField()
    phone = models.TextField()
    website = models.TextField()
    city = models.TextField()
    country = models.TextField()
    industry = models.TextField()
    employees = models.TextField()

    class Meta:
        app_label = "leads"  # of this process only; the router asks for an app that is installed
        db_table = "clear_leads"
        managed = False

    def __str__(self) -> str:
        return self.email


class LeadResource(resources.ModelResource):  # type: ignore[misc]  # it has no types
    """As its documentation begins: one row after the other, matched by address."""

    email = Field("email", "Email")
    first_name = Field("first_name", "First Name")
    last_name = Field("last_name", "Last Name")
    company = Field("company", "Company")
    title = Field("title", "Job Title")
    phone = Field("phone", "Phone")
    website = Field("website", "Website")
    city = Field("city", "City")
    country = Field("country", "Country")
    industry = Field("industry", "Industry")
    employees = Field("employees", "Employees")

    class Meta:
        model = ClearLead
        using_db = "default"
        import_id_fields = ("email",)
        exclude = ("id",)
        use_transactions = True


class BulkResource(LeadResource):
    """With everything turned on that its documentation names for speed."""

    class Meta(LeadResource.Meta):
        use_bulk = True
        batch_size = 1000
        skip_diff = True
        instance_loader_class = CachedInstanceLoader


def by_import_export(text: str, *, in_bulk: bool) -> float:
    """The seconds that it takes for the file; every row has become a row of the table."""
    resource: Any = BulkResource() if in_bulk else LeadResource()
    before = time.perf_counter()
    dataset = tablib.Dataset().load(text, format="csv")
    resource.import_data(dataset, raise_errors=True)
    spent = time.perf_counter() - before
    kept = ClearLead.objects.using("default").count()
    if kept != len(dataset):
        raise SystemExit(f"django-import-export took {kept} of {len(dataset)} rows in.")
    return spent
