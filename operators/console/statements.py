"""What the public site states: sub-processors, changelog, standings, researchers, incidents, posture runs.

The database keeps the promises about them (trust's migration 0002): thirty days' notice, nothing announced is
rewritten. What it refuses is shown in its own words.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from operators.console.base import ReadOnlyAdmin, RecordedAdmin
from trust.models import (
    ComponentState,
    Entry,
    Incident,
    IncidentUpdate,
    Maintenance,
    PostureResult,
    PostureRun,
    Researcher,
    Standing,
    SubProcessor,
)
from trust.models.status import COMPONENTS

OUTCOMES = {"proved": "success", "failed": "danger", "waiting": "info"}
STATES = {"operational": "success", "degraded": "warning", "outage": "danger"}


class EntryAdmin(RecordedAdmin):
    """The changelog. A published entry keeps its day and address; the database sees to that."""

    list_display = ["title", "kind", "published_at"]
    list_filter = ["kind"]
    search_fields = ["title", "body"]
    prepopulated_fields = {"slug": ["title"]}

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else dict(self.prepopulated_fields)


class SubProcessorAdmin(RecordedAdmin):
    """One row is one version of a vendor's part, announced 30 days before it takes effect."""

    list_display = ["name", "vendor", "announced_on", "effective_on", "ends_on"]
    search_fields = ["name", "vendor"]
    readonly_fields = ["announced_on", "end_announced_on"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A sub-processor is ended by a day."""
        return False


class StandingAdmin(RecordedAdmin):
    list_display = ["name", "state", "target", "attested_on", "checked_on"]


class ResearcherAdmin(RecordedAdmin):
    list_display = ["name", "found", "reported_on", "acknowledged_on", "fixed_on", "consented_at"]
    search_fields = ["name", "found"]


class ComponentsForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Components as boxes to tick."""

    components = forms.MultipleChoiceField(
        choices=COMPONENTS, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )


class UpdateInline(StackedInline):
    """The story of an incident. What was told stays: an update is added, never changed."""

    model = IncidentUpdate
    extra = 1
    fields = ["state", "text", "at"]
    readonly_fields = ["at"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class IncidentAdmin(RecordedAdmin):
    list_display = ["title", "impact", "started_at", "resolved_at"]
    list_filter = ["impact"]
    form = ComponentsForm
    inlines = [UpdateInline]


class MaintenanceAdmin(RecordedAdmin):
    list_display = ["title", "starts_at", "ends_at"]
    form = ComponentsForm


class ResultInline(TabularInline):
    """What each check found, with the detail that the public page leaves out."""

    model = PostureResult
    extra = 0
    fields = ["check_name", "outcome_label", "saw", "detail", "milliseconds"]
    readonly_fields = fields
    can_delete = False

    @display(description="Outcome", label=OUTCOMES)
    def outcome_label(self, result: PostureResult) -> tuple[str, str]:
        return result.outcome, result.get_outcome_display()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PostureRunAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "looked_at", "proved", "failed", "finished_at", "version"]
    list_filter = ["failed"]
    fields = ["started_at", "finished_at", "looked_at", "proved", "failed", "version"]
    readonly_fields = fields
    inlines = [ResultInline]

    @display(description="Looked at")
    def looked_at(self, run: PostureRun) -> str:
        return run.workspace or "everything"


class ComponentStateAdmin(ReadOnlyAdmin):
    list_display = ["component", "state_label", "note", "since", "probed_at"]
    list_display_links = None

    @display(description="State", label=STATES)
    def state_label(self, state: ComponentState) -> tuple[str, str]:
        return state.state, state.get_state_display()


def register_statements(site: AdminSite) -> None:
    site.register(SubProcessor, SubProcessorAdmin)
    site.register(Entry, EntryAdmin)
    site.register(Standing, StandingAdmin)
    site.register(Researcher, ResearcherAdmin)
    site.register(Incident, IncidentAdmin)
    site.register(Maintenance, MaintenanceAdmin)
    site.register(PostureRun, PostureRunAdmin)
    site.register(ComponentState, ComponentStateAdmin)
