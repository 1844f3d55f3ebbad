"""Pages of `audit` on a workspace's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from audit.views import data, log, removal

app_name = "audit"
urlpatterns: list[URLPattern | URLResolver] = [
    path("audit/", log.log, name="log"),
    path("audit.csv", log.download, name="download"),
    path("audit/seals.json", log.seals, name="seals"),
    path("data/", data.data, name="data"),
    path("data/export/", data.ask, name="ask_export"),
    path("data/export/<uuid:export_id>/", data.progress, name="export_progress"),
    path("data/export/<uuid:export_id>/file", data.download, name="export_file"),
    path("data/delete/", removal.delete, name="delete_workspace"),
    path("data/keep/", removal.keep, name="keep"),
]
