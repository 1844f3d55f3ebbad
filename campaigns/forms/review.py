"""What people enter about a draft."""

from __future__ import annotations

from django import forms

from campaigns.forms.fields import area


class DraftForm(forms.Form):
    """The text of a draft, as a person changes it."""

    subject = forms.CharField(label="Subject", max_length=200)
    body = forms.CharField(label="Text", max_length=6000, widget=area(14), strip=False)

    def clean_body(self) -> str:
        return str(self.cleaned_data["body"]).replace("\r\n", "\n").strip()


class NoteForm(forms.Form):
    """What a new draft should do differently."""

    note = forms.CharField(
        label="What should be different?",
        max_length=1000,
        widget=area(3, placeholder="As in: shorter, and begin with their new plant."),
    )
