"""The audit page's filter."""

from __future__ import annotations

from django import forms

from audit.events import Event
from audit.queries import Filter


def day(label: str) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))


class FilterForm(forms.Form):
    event = forms.ChoiceField(label="Event", required=False, choices=[("", "Any event"), *Event.choices])
    text = forms.CharField(label="Words", required=False, max_length=200)
    actor = forms.UUIDField(label="Member", required=False, widget=forms.HiddenInput)
    since = day("From")
    until = day("To")

    def wanted(self) -> Filter:
        """The filter as far as it makes sense; what does not is left out."""
        self.is_valid()
        return Filter(**{name: value for name, value in self.cleaned_data.items() if value})
