"""What visitors of the public site fill in."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms import AddressField, NameField, refuse_links


class SubscribeForm(forms.Form):
    """An address, and what it wants to hear of."""

    email = AddressField(label="Your address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    changes = forms.BooleanField(label="Changes of the product and of sub-processors", required=False)
    status = forms.BooleanField(label="Incidents and maintenance", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not (cleaned.get("changes") or cleaned.get("status")):
            raise forms.ValidationError("Choose at least one of the two.")
        return cleaned


class DpaForm(forms.Form):
    """Who asks for the data processing addendum."""

    name = NameField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    company = NameField(
        label="Company", max_length=160, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    email = AddressField(label="Work address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    region = forms.ChoiceField(
        label="Where your data is to live", choices=[("EU", "European Union"), ("US", "United States")]
    )

    def clean_name(self) -> str:
        refuse_links(self.cleaned_data["name"])
        return str(self.cleaned_data["name"])

    def clean_company(self) -> str:
        refuse_links(self.cleaned_data["company"])
        return str(self.cleaned_data["company"])


class FindForm(forms.Form):
    """Where is my workspace?"""

    email = AddressField(
        label="The address you sign in with", widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
