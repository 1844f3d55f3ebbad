"""The audit log on the screen and as a file: for admins and owners."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, admin_only
from audit import evidence, queries, table
from audit.forms import FilterForm
from audit.queries import Cursor, Filter
from tenants.binding import bound
from tenants.workspace import WorkspaceRef


@admin_only
@require_safe
def log(request: MemberRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    wanted = form.wanted()
    page = queries.page(wanted, Cursor.parse(request.GET.get("after", "")))
    chain = queries.chain()
    head = bytes(chain.last.hash).hex() if chain.last else ""
    context = {"head": head, "form": form, "page": page, "is_filtered": wanted != Filter(), "chain": chain}
    return render(request, "audit/log.html", context)


@admin_only
@require_safe
def download(request: MemberRequest) -> HttpResponseBase:
    lines = streamed(request.workspace, FilterForm(request.GET).wanted())
    name = f"audit-{request.workspace.slug}-{timezone.now():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


@admin_only
@require_safe
def seals(request: MemberRequest) -> HttpResponse:
    """The chain of seals, to keep elsewhere: nothing in it is personal."""
    told = evidence.told(queries.seals(), request.workspace.id)
    name = f"seals-{request.workspace.slug}-{timezone.now():%Y-%m-%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return JsonResponse(told, json_dumps_params={"indent": 1}, headers=headers)


def streamed(workspace: WorkspaceRef, wanted: Filter) -> Iterator[str]:
    """The file, in pieces; they are read when the request has left the workspace, so this enters it again."""
    with bound(workspace):
        yield from table.lines(queries.every(wanted))
