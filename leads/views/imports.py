"""Import, page by page: upload, columns, check, progress and result, rejects, undo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, actor, member_only
from leads.actions.imports import choose, discard, mapping_of, start, undo
from leads.actions.imports import upload as keep_upload
from leads.actions.trials import begin_trial, dry_run, samples_of
from leads.errors import LeadsError
from leads.forms import MappingForm, UploadForm
from leads.imports import StandingOf, outcome, reject_lines, what_undo_does
from leads.models import Import, ImportTrial
from leads.profile import Policy
from leads.queries import import_page
from tenants.binding import bound
from tenants.workspace import WorkspaceRef

STEPS = ["Upload", "Columns", "Check", "Import"]


@member_only
@require_safe
def imports(request: MemberRequest) -> HttpResponse:
    return render(request, "leads/imports.html", {"page": import_page(request.GET.get("page"))})


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: MemberRequest) -> HttpResponseBase:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid() and (job := _kept(request, form)):
            return redirect("leads:columns", pk=job.pk)
    context = {"form": form, "steps": STEPS, "current": 1}
    return render(request, "leads/upload.html", context, status=422 if form.errors else 200)


def _kept(request: MemberRequest, form: UploadForm) -> Import | None:
    """The import of the form's file; None, and the reason in the form, when it is refused."""
    file: UploadedFile[bytes] = form.cleaned_data["file"]
    try:
        return keep_upload(cast("BinaryIO", file), file.name or "file.csv", file.size or 0, by=actor(request))
    except LeadsError as error:
        form.add_error("file", str(error))
        return None


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    job = get_object_or_404(Import, pk=pk)
    if job.has_begun:
        return redirect("leads:import", pk=pk)
    form = MappingForm(job, request.POST or None)
    if request.method == "POST" and form.is_valid():
        choose(job, form.mapping, form.chosen_policy)
        begin_trial(job)
        return redirect("leads:check", pk=pk)
    context = {"job": job, "form": form, "sheet": form.sheet, "steps": STEPS, "current": 2}
    return render(request, "leads/columns.html", context, status=422 if form.errors else 200)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    job = get_object_or_404(Import, pk=pk)
    if job.has_begun:
        return redirect("leads:import", pk=pk)
    try:
        mapping, policy = mapping_of(job), Policy(job.policy)
        if request.method == "POST":
            start(job, mapping, policy, by=actor(request))
            return redirect("leads:import", pk=pk)
        preview = dry_run(job, mapping, policy)
    except LeadsError as error:
        messages.error(request, str(error))
        return redirect("leads:columns", pk=pk)
    context = {"job": job, "preview": preview, **_trial(job), "steps": STEPS, "current": 3}
    return render(request, "leads/check.html", context)


@member_only
@require_safe
def check_progress(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The moving part of the page before the import: how far the whole file is read, and what was found."""
    job = get_object_or_404(Import, pk=pk)
    return render(request, "leads/trial.html", {"job": job, **_trial(job)})


def _trial(job: Import) -> dict[str, Any]:
    trial = ImportTrial.objects.filter(job=job).select_related("job").first()
    if trial is None:
        return {"trial": None}
    return {"trial": trial, "standing": StandingOf.of_trial(trial), "refused": samples_of(trial)}


@member_only
@require_POST
def discard_import(request: MemberRequest, pk: UUID) -> HttpResponse:
    try:
        discard(get_object_or_404(Import, pk=pk))
        messages.success(request, "The file is forgotten. Nothing was imported.")
    except LeadsError as error:
        messages.error(request, str(error))
    return redirect("leads:imports")


@member_only
@require_safe
def import_page_view(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    job = get_object_or_404(Import, pk=pk)
    if not job.has_begun:
        return redirect("leads:columns", pk=pk)
    context = {"job": job, "standing": StandingOf.of(job), "outcome": outcome(job)}
    return render(request, "leads/import.html", context)


@member_only
@require_safe
def import_progress(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    """The moving part; when there is nothing left to move, the browser reloads the page."""
    job = get_object_or_404(Import, pk=pk)
    context = {"job": job, "standing": StandingOf.of(job), "outcome": outcome(job)}
    response = render(request, "leads/import_progress.html", context)
    if job.is_settled:
        response["HX-Refresh"] = "true"
    return response


@member_only
@require_safe
def rejects(request: MemberRequest, pk: UUID) -> StreamingHttpResponse:
    job = get_object_or_404(Import, pk=pk)
    lines = _bound(request.workspace, reject_lines(job))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="rejects-{str(job.pk)[-12:]}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _bound(workspace: WorkspaceRef, lines: Iterator[str]) -> Iterator[str]:
    """The lines are read after the view has answered, when nothing is bound any more."""
    with bound(workspace):
        yield from lines


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def undo_import(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    job = get_object_or_404(Import, pk=pk)
    if request.method == "POST":
        try:
            undo(job, by=actor(request))
        except LeadsError as error:
            messages.error(request, str(error))
        return redirect("leads:import", pk=pk)
    return render(request, "confirm.html", what_undo_does(job))
