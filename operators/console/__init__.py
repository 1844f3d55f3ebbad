"""The console's tables: what operators see and change, each change recorded."""

from __future__ import annotations

from operators.console.people import OperationAdmin, OperatorAdmin
from operators.console.site import ConsoleSite
from operators.console.statements import register_statements
from operators.console.workspaces import DomainAdmin, RemovalAdmin, WorkspaceAdmin
from operators.models import Operation, Operator
from tenants.models import Domain, Removal, Workspace

site = ConsoleSite(name="admin")
site.register(Workspace, WorkspaceAdmin)
site.register(Domain, DomainAdmin)
site.register(Removal, RemovalAdmin)
register_statements(site)
site.register(Operation, OperationAdmin)
site.register(Operator, OperatorAdmin)
