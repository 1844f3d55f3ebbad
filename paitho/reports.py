"""What Django's error reports may show: never what a person typed, wherever a report is made."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class NothingTyped(SafeExceptionReporterFilter):
    """Django's filter lets everything through while DEBUG is on; this one hides the form, always."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        typed = getattr(request, "POST", {})
        return dict.fromkeys(typed, self.cleansed_substitute)
