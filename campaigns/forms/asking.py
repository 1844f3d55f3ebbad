"""Who writes and who audits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from campaigns.forms.entries import Entries, choices
from campaigns.forms.fields import MICROS, KeyChoice, keys_for_models, money
from campaigns.llm import Provider
from campaigns.plans import Plan
from keychain.models import Credential


class ModelsForm(Entries):
    """Who writes and who audits, and what that may cost."""

    title = "Models"
    intro = "Asked with your own keys, on your own account at the provider."

    writer = KeyChoice(label="Writer", queryset=Credential.objects.none(), empty_label="Choose a key")
    writer_model = forms.CharField(label="Writer's model", max_length=80, required=False)
    auditor = KeyChoice(
        label="Auditor",
        queryset=Credential.objects.none(),
        required=False,
        empty_label="The same as the writer",
        help_text="A second model that looks for claims without a source.",
    )
    auditor_model = forms.CharField(label="Auditor's model", max_length=80, required=False)
    budget = money(
        "Budget for models, in US dollars",
        help_text="Looked at before each call. Once the next call could pass it, the campaign pauses.",
    )
    token_budget = forms.IntegerField(
        label="Budget in tokens",
        required=False,
        min_value=1000,
        max_value=10**12,
        help_text="Read and written together: for a model whose price is not known.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = keys_for_models()
        for name in ("writer", "auditor"):
            choices(self, name).queryset = keys
        if not self.initial.get("writer") and len(keys) == 1:
            self.initial["writer"] = keys[0].pk

    @classmethod
    def entries(cls, plan: Plan) -> dict[str, Any]:
        return {
            "writer": plan.writer.pk if plan.writer else None,
            "writer_model": plan.writer_model,
            "auditor": plan.auditor.pk if plan.auditor else None,
            "auditor_model": plan.auditor_model,
            "budget": None if plan.budget_micros is None else Decimal(plan.budget_micros) / MICROS,
            "token_budget": plan.token_budget,
        }

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name in ("writer", "auditor"):
            key = found.get(name)
            if key and Provider(key.kind).asks_a_model and not found.get(f"{name}_model"):
                self.add_error(f"{name}_model", f"Name the model to ask at {key.get_kind_display()}.")
        return found

    def changes(self) -> dict[str, Any]:
        found = dict(self.cleaned_data)
        budget = found.pop("budget")
        return found | {"budget_micros": None if budget is None else int(budget * MICROS)}
