"""How a key is entered. What was typed becomes a `Secret` at once and is never put back on a page."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings

from keychain import actions
from keychain.crypto.secret import Secret
from keychain.errors import KeychainError
from keychain.models import Kind
from keychain.queries import ENRICHMENT, PROVIDERS
from paitho.lib.text import tidy

KEY = re.compile(rb"[!-~]{8,4000}")
KEYLESS = Secret("no key is needed")


class SecretField(forms.Field):
    """One key, without the white space that copying adds."""

    widget = forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"})

    def to_python(self, value: Any) -> Secret | None:
        return Secret(str(value).strip()) if value and str(value).strip() else None

    def validate(self, value: Secret | None) -> None:
        super().validate(value)
        if value is not None and not KEY.fullmatch(value.reveal_bytes()):
            raise forms.ValidationError("A key is one word of 8 to 4,000 letters, digits and signs.")


class CheckedForm(forms.Form):
    """A form whose key the provider is asked about; what it says against it can be overruled."""

    secret = SecretField(label="Key", help_text="Sealed before it is stored, and never shown again.")
    keep_anyway = forms.BooleanField(label="Keep it although the check failed", required=False)
    problem = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "keep_anyway" not in self.data:
            self.fields["keep_anyway"].widget = forms.HiddenInput()

    def check(self, kind: Kind, endpoint: str | None) -> None:
        """Ask the provider, unless the form is wrong anyway; call it outside a transaction."""
        if self.errors:
            return
        self.problem = actions.problem_with(kind, self.cleaned_data["secret"], endpoint)
        if self.problem and not self.cleaned_data["keep_anyway"]:
            self.fields["keep_anyway"].widget = forms.CheckboxInput()
            self.add_error("secret", self.problem)


class AddForm(CheckedForm):
    """A provider's key."""

    kind = forms.ChoiceField(label="Provider")
    label = forms.CharField(label="Name", max_length=80, help_text="How your team calls this key.")
    endpoint = forms.URLField(
        label="Endpoint",
        required=False,
        assume_scheme="https",
        help_text="Only for an OpenAI-compatible endpoint: its base URL.",
    )
    field_order = ["kind", "label", "endpoint", "secret", "keep_anyway"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = offered()  # type: ignore[attr-defined]  # declared on ChoiceField
        self.fields["secret"].required = self.data.get("kind") != Kind.SANDBOX

    def clean_label(self) -> str:
        return tidy(self.cleaned_data["label"], 80)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind, endpoint = data.get("kind"), data.get("endpoint")
        if kind == Kind.COMPATIBLE and not endpoint:
            self.add_error("endpoint", "Say where the endpoint is.")
        if kind != Kind.COMPATIBLE and endpoint:
            self.add_error("endpoint", "Only an OpenAI-compatible endpoint has one.")
        if kind == Kind.SANDBOX and "secret" in data:
            data["secret"] = KEYLESS
        return data

    def clean_endpoint(self) -> str:
        endpoint = str(self.cleaned_data["endpoint"])
        schemes = {"https", "http"} if settings.ALLOW_PRIVATE_HOSTS else {"https"}
        if endpoint and urlsplit(endpoint).scheme not in schemes:
            raise forms.ValidationError("An endpoint is reached over https only.")
        return endpoint


class ReplaceForm(CheckedForm):
    """A new key in place of an old one."""

    field_order = ["secret", "keep_anyway"]


class RotateForm(forms.Form):
    """A new data key."""

    drops_at_once = forms.BooleanField(
        label="Delete the old key at once",
        required=False,
        help_text="Backups made until then can never be read again.",
    )


class KmsForm(forms.Form):
    """A KMS key of the workspace's own; it is tried before anything is changed."""

    kms = forms.CharField(
        label="ARN of your KMS key",
        max_length=300,
        required=False,
        help_text="As in arn:aws:kms:eu-central-1:111122223333:key/…. Empty: back to Paitho's key service.",
    )

    def clean_kms(self) -> str:
        arn = str(self.cleaned_data["kms"]).strip()
        if arn:
            try:
                actions.try_kms(arn)
            except KeychainError as error:
                raise forms.ValidationError(str(error)) from error
        return arn


def offered() -> list[tuple[str, list[tuple[str, str]]] | tuple[str, str]]:
    """Providers by what they do; the sandbox writer, which asks no model, in the embedded default only."""
    models = [kind for kind in PROVIDERS if kind is not Kind.SANDBOX or settings.EMBEDDED]
    groups = (("Language models", models), ("Enrichment", ENRICHMENT))
    named = [(name, [(kind.value, label_of(kind)) for kind in kinds]) for name, kinds in groups]
    return [("", "Choose one"), *named]


def label_of(kind: Kind) -> str:
    return "Sandbox writer (templates, no model is asked)" if kind is Kind.SANDBOX else kind.label
