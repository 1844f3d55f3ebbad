"""Fields that the forms of campaigns share."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from django import forms
from django.db.models import QuerySet

from campaigns.queries.today import LLM_KINDS
from keychain.models import Credential
from leads.models import Label
from mailbox.models import Mailbox

MICROS = 1_000_000
if TYPE_CHECKING:
    OneKey: TypeAlias = forms.ModelChoiceField[Credential]
    OneLabel: TypeAlias = forms.ModelChoiceField[Label]
    SomeMailboxes: TypeAlias = forms.ModelMultipleChoiceField[Mailbox]
else:  # Django's fields take no type arguments when they run
    OneKey = OneLabel = forms.ModelChoiceField
    SomeMailboxes = forms.ModelMultipleChoiceField


def keys_for_models() -> QuerySet[Credential]:
    return Credential.objects.filter(kind__in=LLM_KINDS).order_by("added_at")


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class MailboxChoices(SomeMailboxes):
    """The workspace's mailboxes, each with what is known of its health."""

    def label_from_instance(self, obj: Mailbox) -> str:
        state = "" if obj.health == "working" else f" ({obj.get_health_display().lower()})"
        return f"{obj.sender_name} <{obj.address}>{state}"


class KeyChoice(OneKey):
    """The workspace's keys for models."""

    def label_from_instance(self, obj: Credential) -> str:
        tail = f", …{obj.last_four}" if obj.last_four else ""
        return f"{obj.label} ({obj.get_kind_display()}{tail})"


class LabelChoice(OneLabel):
    """The workspace's lists and tags of leads."""

    def label_from_instance(self, obj: Label) -> str:
        return f"{obj.get_kind_display()}: {obj.name}"


def area(rows: int, **attrs: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


def clock() -> forms.TimeInput:
    return forms.TimeInput(format="%H:%M", attrs={"type": "time"})


def money(label: str, *, help_text: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(1_000_000),
        decimal_places=2,
        help_text=help_text,
    )
