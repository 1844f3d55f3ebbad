"""Workspaces from outside: state, region, version, sizes and counts, hosts. There is no way in from here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from unfold.decorators import display

from operators import actions, queries
from operators.access import by
from operators.console.base import ReadOnlyAdmin
from operators.console.pages import answered, around, form_page, link_page
from operators.errors import ConsoleError
from operators.forms import NewWorkspaceForm
from operators.proof import asked_first
from tenants.models import Domain, State, Workspace
from tenants.plans import PLANS

TONES = {
    State.PENDING: "info", State.ACTIVE: "success", State.SUSPENDED: "warning",
    State.DELETING: "danger", State.DELETED: "danger",
}  # fmt: skip
# What an open session alone may not do; the words end the sentence "… before you can".
PROOF_FIRST = {
    "suspend": "suspend {}",
    "delete": "have {} deleted",
    "plan": "change the plan of {}",
    "drop": "remove a domain of {}",
    "owner-link": "make a link for the first owner of {}",
}
LINK_WORDS = (
    "Pass it on to whoever will own the workspace. They name themself behind it, within three days, and we "
    "do not learn who they are. It is not shown again, and is worthless once the workspace has an owner."
)


class WorkspaceAdmin(ReadOnlyAdmin):
    """The list, the page of one workspace, and what can be done with it."""

    list_display = ["slug", "state_label", "plan", "region", "version", "size", "created_at"]
    list_filter = ["state", "plan", "region"]
    search_fields = ["slug", "domains__host"]
    ordering = ["slug"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return True

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        request.newest_version = queries.newest_version()  # type: ignore[attr-defined]
        answer: HttpResponse = super().changelist_view(request, extra_context)
        return answer

    @display(description="State", label=dict(TONES), ordering="state")
    def state_label(self, workspace: Workspace) -> tuple[str, str]:
        return workspace.state, State(workspace.state).label

    @display(description="Version", ordering="schema_version")
    def version(self, workspace: Workspace) -> str:
        return f"{workspace.schema_version}" + (" (problem)" if workspace.problem else "")

    @display(description="On disk")
    def size(self, workspace: Workspace) -> str:
        return filesizeformat(queries.sizes([workspace]).get(queries.schema_of(workspace), 0))

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(require_POST(self.act))
        own = path("<uuid:pk>/do/<str:verb>/", act, name="tenants_workspace_act")
        return [own, *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        form = NewWorkspaceForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            if first := asked_first(request, "make a workspace in this region"):
                return first
            try:
                workspace, token = actions.create_workspace(**form.cleaned_data, by=by(request))
            except ConsoleError as error:
                form.add_error("slug", str(error))
            else:
                return self._link(request, workspace, token)
        lead = f"It is made in this region ({settings.REGION}). Another region has a console of its own."
        return form_page(self, request, form, title="Create a workspace", submit="Create it", lead=lead)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        workspace = found(object_id)
        context = {
            **around(self, request),
            "title": workspace.slug,
            "original": workspace,
            "workspace": workspace,
            "state": State(workspace.state),
            "tone": TONES[State(workspace.state)],
            "newest": queries.newest_version(),
            "size": queries.sizes([workspace]).get(queries.schema_of(workspace), 0),
            "counts": queries.counts(workspace),
            "hosts": queries.hosts(workspace),
            "operations": queries.operations_on(workspace),
            "plans": PLANS,
        }
        return TemplateResponse(request, "operators/workspace.html", context)

    def act(self, request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
        """Do one thing to a workspace, and say on its page what came of it."""
        workspace = found(pk)
        back = reverse("admin:tenants_workspace_change", args=[pk])
        words = PROOF_FIRST.get(verb)
        if words and (first := asked_first(request, words.format(workspace.slug))):
            return first
        try:
            if verb == "owner-link":
                return self._link(request, workspace, actions.renew_owner_link(workspace, by=by(request)))
            if verb not in VERBS:
                raise Http404
            words = VERBS[verb](workspace, request)
        except ConsoleError as error:
            return answered(request, back, str(error), messages.ERROR)
        return answered(request, back, words)

    def _link(self, request: HttpRequest, workspace: Workspace, token: str) -> HttpResponse:
        host = f"{workspace.slug}.{settings.APEX.netloc}"
        return link_page(
            self,
            request,
            title=f"A link for the first owner of {workspace.slug}",
            link=f"{settings.APEX.scheme}://{host}/welcome/{token}",
            words=LINK_WORDS,
        )


def found(pk: UUID | str) -> Workspace:
    try:
        workspace = Workspace.objects.filter(pk=UUID(str(pk).replace("_2D", "-"))).first()
    except ValueError as error:
        raise Http404 from error
    if workspace is None:
        raise Http404
    return workspace


def suspend(workspace: Workspace, request: HttpRequest) -> str:
    actions.suspend(workspace, request.POST.get("reason", ""), by=by(request))
    return "The workspace is suspended."


def resume(workspace: Workspace, request: HttpRequest) -> str:
    actions.resume(workspace, by=by(request))
    return "The workspace is open again."


def delete(workspace: Workspace, request: HttpRequest) -> str:
    if request.POST.get("slug", "").strip() != workspace.slug:
        return "Nothing was done: type the workspace's address to have it deleted."
    actions.schedule_delete(workspace, by=by(request))
    return "The workspace is closed, and will be deleted when its grace has ended."


def keep(workspace: Workspace, request: HttpRequest) -> str:
    actions.cancel_delete(workspace, by=by(request))
    return "The workspace is kept."


def plan(workspace: Workspace, request: HttpRequest) -> str:
    actions.set_plan(workspace, request.POST.get("plan", ""), by=by(request))
    return "The plan is set."


def ring(workspace: Workspace, request: HttpRequest) -> str:
    actions.ring_again(workspace, by=by(request))
    return "The provisioning worker will look at it."


def prefer(workspace: Workspace, request: HttpRequest) -> str:
    actions.prefer_domain(workspace, request.POST.get("host", ""), by=by(request))
    return "That host is the primary one now."


def drop(workspace: Workspace, request: HttpRequest) -> str:
    actions.drop_domain(workspace, request.POST.get("host", ""), by=by(request))
    return "The domain is removed."


VERBS = {
    "suspend": suspend, "resume": resume, "delete": delete, "keep": keep,
    "plan": plan, "ring": ring, "prefer": prefer, "drop": drop,
}  # fmt: skip


class DomainAdmin(ReadOnlyAdmin):
    """Every host on which a workspace answers; they are changed on the workspace's page."""

    list_display = ["host", "of", "kind", "is_primary", "verified_at", "checked_at", "missing_since"]
    list_filter = ["kind", "is_primary"]
    search_fields = ["host", "workspace__slug"]
    list_select_related = ["workspace"]
    list_display_links = None
    ordering = ["host"]

    @display(description="Workspace", ordering="workspace__slug")
    def of(self, domain: Domain) -> str:
        url = reverse("admin:tenants_workspace_change", args=[domain.workspace_id])
        return format_html('<a href="{}">{}</a>', url, domain.workspace.slug)


class RemovalAdmin(ReadOnlyAdmin):
    """Receipts of removed workspaces: counts, and nothing else of them."""

    list_display = ["slug", "region", "asked_by", "asked_at", "removed_at", "backups_gone_by"]
    ordering = ["-asked_at"]
    fields = ["slug", "region", "asked_by", "asked_at", "rows", "keys", "removed_at", "backups_gone_by"]
    readonly_fields = fields
