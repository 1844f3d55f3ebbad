"""Operators, and the record of what they did."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_POST
from unfold.decorators import display

from operators import actions, signing_in
from operators.access import by
from operators.console.base import ReadOnlyAdmin
from operators.console.pages import answered, form_page, link_page
from operators.errors import ConsoleError
from operators.forms import InviteForm
from operators.models import Operation, Operator
from operators.proof import asked_first


class OperatorAdmin(ReadOnlyAdmin):
    """Who may use the console. They are invited by a link, and removed; nothing of theirs is edited here."""

    list_display = ["who", "email", "factors", "is_active", "last_login"]
    list_filter = ["is_active"]
    search_fields = ["email", "name"]
    fields = ["name", "email", "factors", "is_active", "last_login", "created_at"]
    readonly_fields = fields
    change_form_template = "operators/operator.html"

    @display(description="Name")
    def who(self, operator: Operator) -> str:
        return str(operator)

    @display(description="Second factors")
    def factors(self, operator: Operator) -> str:
        return ", ".join(signing_in.factors_of(operator)) or "none yet"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return True

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path(
                "<uuid:pk>/invite/", wrap(require_POST(self.invite_again)), name="operators_operator_invite"
            ),
            path("<uuid:pk>/remove/", wrap(require_POST(self.remove)), name="operators_operator_remove"),
        ]
        return own + list(super().get_urls())

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        form = InviteForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            if first := asked_first(request, "invite an operator"):
                return first
            operator, token = actions.invite(**form.cleaned_data, by=by(request))
            return self._link(request, operator, token)
        return form_page(self, request, form, title="Invite an operator", submit="Make the link")

    def invite_again(self, request: HttpRequest, pk: Any) -> HttpResponse:
        if first := asked_first(request, "make a link that replaces this operator's sign-in"):
            return first
        operator = Operator.objects.get(pk=pk)
        operator, token = actions.invite(operator.email, operator.name, by=by(request))
        return self._link(request, operator, token)

    def remove(self, request: HttpRequest, pk: Any) -> HttpResponse:
        if first := asked_first(request, "remove this operator"):
            return first
        try:
            actions.remove(Operator.objects.get(pk=pk), by=by(request))
        except ConsoleError as error:
            return answered(
                request, reverse("admin:operators_operator_changelist"), str(error), messages.ERROR
            )
        return answered(request, reverse("admin:operators_operator_changelist"), "The operator was removed.")

    def _link(self, request: HttpRequest, operator: Operator, token: str) -> HttpResponse:
        return link_page(
            self,
            request,
            title=f"A link for {operator}",
            link=request.build_absolute_uri(reverse("join", args=[token])),
            words="Pass it on by a way you trust. Whoever opens it sets a password and a second factor, "
            "once, within 24 hours. It is not shown again.",
        )


class OperationAdmin(ReadOnlyAdmin):
    """The record: append-only in the database as well."""

    list_display = ["at", "event_label", "operator", "about", "ip", "facts"]
    list_filter = ["event"]
    search_fields = ["operator", "about", "about_id"]
    date_hierarchy = "at"
    ordering = ["-at", "-id"]
    fields = ["at", "event_label", "operator", "ip", "about", "about_id", "workspace_id", "facts", "told_at"]
    readonly_fields = fields

    @display(description="What")
    def event_label(self, line: Operation) -> str:
        return line.get_event_display()

    @display(description="Details")
    def facts(self, line: Operation) -> str:
        told = [(term.replace("_", " "), value) for term, value in line.data.items()]
        return format_html_join(", ", "{}: {}", told) if told else format_html("-")
