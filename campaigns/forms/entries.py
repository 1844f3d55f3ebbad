"""One part of a campaign, as a page of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from campaigns.plans import Plan


class Entries(forms.Form):
    """One part: `entries` reads it from a plan, `changes` says what becomes of the plan."""

    title: ClassVar[str]
    intro: ClassVar[str] = ""

    @classmethod
    def entries(cls, plan: Plan) -> dict[str, Any]:
        raise NotImplementedError

    def changes(self) -> dict[str, Any]:
        """Fields of `Plan`. Only after `is_valid`."""
        raise NotImplementedError


def choices(form: forms.Form, name: str) -> Any:
    """A field whose choices come from rows."""
    return form.fields[name]
