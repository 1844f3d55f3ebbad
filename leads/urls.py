"""Pages of `leads` on a workspace's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from leads.views import bulk, enrichment, imports, leads, lists, privacy

app_name = "leads"
urlpatterns: list[URLPattern | URLResolver] = [
    path("leads/", leads.lead_list, name="list"),
    path("leads/new/", leads.new, name="new"),
    path("leads/filters/", lists.save, name="filter_save"),
    path("leads/filters/<uuid:pk>/delete/", lists.forget, name="filter_delete"),
    path("leads/labels/", lists.labels, name="labels"),
    path("leads/labels/<uuid:pk>/rename/", lists.rename, name="label_rename"),
    path("leads/labels/<uuid:pk>/delete/", lists.remove, name="label_delete"),
    path("leads/bulk/", bulk.confirm, name="bulk"),
    path("leads/bulk/start/", bulk.start, name="bulk_start"),
    path("leads/bulk/<uuid:pk>/", bulk.job, name="bulk_job"),
    path("leads/bulk/<uuid:pk>/progress/", bulk.progress, name="bulk_progress"),
    path("leads/bulk/<uuid:pk>/answers/", bulk.answers, name="bulk_answers"),
    path("leads/imports/", imports.imports, name="imports"),
    path("leads/imports/new/", imports.upload, name="upload"),
    path("leads/imports/<uuid:pk>/", imports.import_page_view, name="import"),
    path("leads/imports/<uuid:pk>/columns/", imports.columns, name="columns"),
    path("leads/imports/<uuid:pk>/check/", imports.check, name="check"),
    path("leads/imports/<uuid:pk>/check/progress/", imports.check_progress, name="check_progress"),
    path("leads/imports/<uuid:pk>/discard/", imports.discard_import, name="discard"),
    path("leads/imports/<uuid:pk>/progress/", imports.import_progress, name="import_progress"),
    path("leads/imports/<uuid:pk>/rejects.csv", imports.rejects, name="rejects"),
    path("leads/imports/<uuid:pk>/undo/", imports.undo_import, name="undo"),
    path("leads/<uuid:pk>/enrich/", enrichment.enrich, name="enrich"),
    path("leads/<uuid:pk>/enrich/<uuid:answer>/", enrichment.apply, name="apply"),
    path("privacy/", privacy.suppressions, name="privacy"),
    path("privacy/file/", privacy.suppress_upload, name="suppress_file"),
    path("privacy/<uuid:pk>/lift/", privacy.lift_suppression, name="lift"),
    path("privacy/requests/", privacy.requests, name="requests"),
    path("privacy/requests/<uuid:pk>/", privacy.request_page, name="request"),
    path("privacy/requests/<uuid:pk>/data.json", privacy.dossier_json, name="dossier_json"),
    path("privacy/requests/<uuid:pk>/data.html", privacy.dossier_html, name="dossier_html"),
    path("privacy/requests/<uuid:pk>/erase/", privacy.erase_person, name="erase"),
    path("privacy/enrichment/", enrichment.settings_page, name="enrichment"),
    path("privacy/enrichment/file/", enrichment.directory, name="enrichment_file"),
    path("leads/<uuid:pk>/", leads.lead, name="lead"),
    path("leads/<uuid:pk>/edit/", leads.edit, name="edit"),
    path("leads/<uuid:pk>/label/", leads.label, name="label"),
    path("leads/<uuid:pk>/suppress/", leads.suppress_lead, name="suppress"),
    path("leads/<uuid:pk>/delete/", leads.delete, name="delete"),
]
