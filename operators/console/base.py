"""What every table of the console has: each write recorded in its transaction, and no bulk delete."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import options
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin

from operators.access import by
from operators.events import Event
from operators.record import DIRECTORY, record

# Django puts a content type's number into each form, for a link not shown here; the directory has none.
options.get_content_type_for_model = lambda _: ContentType()  # type: ignore[assignment]


# What the constraints of the public site's tables keep, where the database would name the constraint only.
KEPT = {
    "sub_processors_notice_of_30_days": "A change takes effect 30 days after it is announced, or later.",
    "sub_processors_posted_in_the_changelog": "A change is posted in the changelog first.",
    "sub_processors_an_end_is_posted": "An end is posted in the changelog first.",
    "standings_no_badge_unearned": "Attested is what somebody attested: name the day and the auditor.",
    "incidents_end_after_they_start": "An incident ends after it has started.",
    "maintenance_windows_end_after_they_start": "A window ends after it has started.",
}


class RecordedAdmin(ModelAdmin):
    """A table whose rows operators add, change and remove; Django's own log is not kept."""

    list_per_page = 50
    actions = None

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> None:
        record(Event.ENTRY_ADDED, by=by(request), about=obj, kind=self.opts.verbose_name)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> None:
        record(
            Event.ENTRY_CHANGED,
            by=by(request),
            about=obj,
            kind=self.opts.verbose_name,
            changed=changed(message),
        )

    def log_deletions(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for obj in queryset:
            record(Event.ENTRY_REMOVED, by=by(request), about=obj, kind=self.opts.verbose_name)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """What the database refuses (its triggers keep the public promises) is told in its own words."""
        try:
            with transaction.atomic(using=DIRECTORY):
                answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
                return answer
        except DatabaseError as error:
            return refused(request, error, request.get_full_path())

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            with transaction.atomic(using=DIRECTORY):
                answer: HttpResponse = super().delete_view(request, object_id, extra_context)
                return answer
        except DatabaseError as error:
            return refused(request, error, "../change/")

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """What was done to one row is a search in the record."""
        return HttpResponseRedirect(f"/operators/operation/?q={object_id}")


class ReadOnlyAdmin(RecordedAdmin):
    """A table that is only looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def changed(message: Any) -> list[str]:
    """The fields that differ, of Django's message about a change."""
    if not isinstance(message, list):
        return []
    return [str(field) for part in message for field in part.get("changed", {}).get("fields", [])]


def refused(request: HttpRequest, error: DatabaseError, back: str) -> HttpResponse:
    """Only what our own triggers raise is shown; anything else is a fault of ours and propagates."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is None or diagnosis.sqlstate != "23514":
        raise error
    messages.error(request, KEPT.get(str(diagnosis.constraint_name), str(diagnosis.message_primary)))
    return HttpResponseRedirect(back)
