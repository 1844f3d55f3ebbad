"""What the workspace's models may cost in a month, as people enter it."""

from __future__ import annotations

from decimal import Decimal

from django import forms

from campaigns.forms.fields import MICROS, money
from campaigns.models import SpendingLimit


class LimitForm(forms.Form):
    """Two caps; an empty one is no cap."""

    dollars = money("US dollars a month", help_text="Empty: no limit in money.")
    tokens = forms.IntegerField(
        label="Tokens a month",
        required=False,
        min_value=1,
        max_value=10**15,
        help_text="Read and written together. For endpoints whose price is not known.",
    )

    def micros(self) -> int | None:
        found = self.cleaned_data["dollars"]
        return None if found is None else int(found * MICROS)

    @staticmethod
    def entries(limit: SpendingLimit) -> dict[str, object]:
        micros = limit.monthly_micros
        amount = None if micros is None else Decimal(micros) / MICROS
        return {"dollars": amount, "tokens": limit.monthly_tokens}
