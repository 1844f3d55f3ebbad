"""What a recipient types on the page behind the link in a mail."""

from __future__ import annotations

from django import forms


class TakeBackForm(forms.Form):
    """The address that the mail went to: the page does not show it, whoever holds the mail knows it."""

    address = forms.CharField(
        label="The address that the mail went to",
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
