"""Your data: exports, backups, what the retention job did. For owners."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, actor, owner_only
from audit import actions, exporting, queries
from audit.errors import AuditError, ExportGone
from audit.models import Export


@owner_only
@require_safe
def data(request: MemberRequest) -> HttpResponse:
    context = {
        "exports": [(export, exporting.standing(export)) for export in queries.exports()],
        "backups": queries.backups(request.workspace),
        "run": queries.last_retention_run(),
        "me": request.user.pk,
    }
    return render(request, "audit/data.html", context)


@owner_only
@require_POST
def ask(request: MemberRequest) -> HttpResponse:
    try:
        actions.ask_export(by=actor(request))
        messages.success(request, "The export is being made. You get a mail when it is ready.")
    except AuditError as error:
        messages.error(request, str(error))
    return redirect("audit:data")


@owner_only
@require_safe
def progress(request: MemberRequest, export_id: UUID) -> HttpResponse:
    export = queries.export_or_none(export_id)
    if export is None:
        raise Http404
    context = {"export": export, "standing": exporting.standing(export), "me": request.user.pk}
    return render(request, "audit/export_row.html", context)


@owner_only
@require_safe
def download(request: MemberRequest, export_id: UUID) -> HttpResponseBase:
    if queries.export_or_none(export_id) is None:
        raise Http404
    try:
        export = actions.note_download(export_id, by=actor(request))
    except ExportGone as error:
        return render(request, "audit/export_gone.html", {"reason": str(error)}, status=410)
    return StreamingHttpResponse(
        exporting.opened(export), content_type="application/x-tar", headers=headers(request, export)
    )


def headers(request: MemberRequest, export: Export) -> dict[str, str]:
    name = f"{request.workspace.slug}-{export.asked_at:%Y%m%dT%H%M%SZ}.tar"
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(export.size),
        "Cache-Control": "no-store",
    }
