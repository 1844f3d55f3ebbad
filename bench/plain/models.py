"""The tenants that django-tenants' own commands look for."""

from django_tenants.models import DomainMixin, TenantMixin


class Tenant(TenantMixin):
    auto_create_schema = False

    class Meta:
        app_label = "plain"


class Domain(DomainMixin):
    class Meta:
        app_label = "plain"
