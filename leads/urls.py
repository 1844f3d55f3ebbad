"""Pages of `leads` on a workspace's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from leads.views import bulk, imports, leads

app_name = "leads"
urlpatterns: list[URLPattern | URLResolver] = [
    path("leads/", leads.lead_list, name="list"),
    path("leads/new/", leads.new, name="new"),
    path("leads/bulk/", bulk.confirm, name="bulk"),
    path("leads/bulk/start/", bulk.start, name="bulk_start"),
    path("leads/bulk/<uuid:pk>/", bulk.job, name="bulk_job"),
    path("leads/bulk/<uuid:pk>/progress/", bulk.progress, name="bulk_progress"),
    path("leads/imports/", imports.imports, name="imports"),
    path("leads/imports/new/", imports.upload, name="upload"),
    path("leads/imports/<uuid:pk>/", imports.import_page_view, name="import"),
    path("leads/imports/<uuid:pk>/columns/", imports.columns, name="columns"),
    path("leads/imports/<uuid:pk>/check/", imports.check, name="check"),
    path("leads/imports/<uuid:pk>/discard/", imports.discard_import, name="discard"),
    path("leads/imports/<uuid:pk>/progress/", imports.import_progress, name="import_progress"),
    path("leads/imports/<uuid:pk>/rejects.csv", imports.rejects, name="rejects"),
    path("leads/imports/<uuid:pk>/undo/", imports.undo_import, name="undo"),
    path("leads/<uuid:pk>/", leads.lead, name="lead"),
    path("leads/<uuid:pk>/edit/", leads.edit, name="edit"),
    path("leads/<uuid:pk>/label/", leads.label, name="label"),
    path("leads/<uuid:pk>/suppress/", leads.suppress_lead, name="suppress"),
    path("leads/<uuid:pk>/delete/", leads.delete, name="delete"),
]
