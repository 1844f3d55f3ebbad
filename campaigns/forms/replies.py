"""Whether a model may say what a reply wants, and which."""

from __future__ import annotations

from typing import Any

from django import forms

from campaigns.forms.entries import choices
from campaigns.forms.fields import KeyChoice, keys_for_models
from campaigns.llm import Provider
from campaigns.models import ReplyReader
from keychain.models import Credential


class RepliesForm(forms.Form):
    """Off, or on with a key and a model."""

    is_on = forms.BooleanField(
        label="Let a model say what a reply wants",
        required=False,
        help_text="Only where rules cannot tell, and from the next reply on.",
    )
    key = KeyChoice(
        label="Key", queryset=Credential.objects.none(), required=False, empty_label="Choose a key"
    )
    model = forms.CharField(label="Model", max_length=80, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "key").queryset = keys_for_models()

    @staticmethod
    def entries(reader: ReplyReader) -> dict[str, object]:
        return {"is_on": reader.is_on, "key": reader.key_id, "model": reader.model}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        key = found.get("key")
        if found.get("is_on") and not key:
            self.add_error("key", "Choose the key to ask with.")
        if key and Provider(key.kind).asks_a_model and not found.get("model"):
            self.add_error("model", f"Name the model to ask at {key.get_kind_display()}.")
        return found
