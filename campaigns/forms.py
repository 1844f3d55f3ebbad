"""What people enter about a campaign, and how it becomes a plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from campaigns.actions import Plan, StepPlan
from campaigns.llm import Provider
from campaigns.models import Campaign
from campaigns.queries.today import LLM_KINDS
from keychain.models import Credential
from mailbox.models import Mailbox

MICROS = 1_000_000
MOST_STEPS = 6
MOST_LINKS = 20
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
BASES = [
    ("", "Choose one"),
    ("legitimate_interest", "Legitimate interest"),
    ("consent", "Consent"),
    ("existing_customer", "Existing customers"),
    ("not_personal", "No personal data (role addresses)"),
]
ZONES = [("recipient", "The recipient's own, where it is known")]
if TYPE_CHECKING:
    OneKey: TypeAlias = forms.ModelChoiceField[Credential]
    SomeMailboxes: TypeAlias = forms.ModelMultipleChoiceField[Mailbox]
else:  # Django's fields take no type arguments when they run
    OneKey, SomeMailboxes = forms.ModelChoiceField, forms.ModelMultipleChoiceField


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


def area(rows: int, **attrs: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


def clock() -> forms.TimeInput:
    return forms.TimeInput(format="%H:%M", attrs={"type": "time"})


class CampaignForm(forms.Form):
    """The brief, who writes and from where, when, and the limits."""

    name = forms.CharField(label="Name", max_length=120, help_text="Only your team sees it.")
    offer = forms.CharField(
        label="What do you offer?",
        max_length=4000,
        widget=area(4),
        help_text="One fact a line. Drafts may state what stands here and in the lead's own fields, and "
        "nothing else.",
    )
    goal = forms.CharField(
        label="What should the reader do?", max_length=1000, widget=area(2), help_text="As in: a short call."
    )
    tone = forms.CharField(
        label="Tone", max_length=200, required=False, help_text="As in: plain, a little dry."
    )
    allowed_links = forms.CharField(
        label="Links a mail may hold",
        required=False,
        widget=area(2),
        help_text="One https address a line. Any other link in a draft is a finding.",
    )
    legal_basis = forms.ChoiceField(
        label="On what legal basis do you write?",
        choices=BASES,
        help_text="Shown to the recipient on the opt-out page.",
    )

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

    mailboxes = MailboxChoices(
        label="Mailboxes",
        queryset=Mailbox.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Leads are spread evenly over them, and each stays with its own.",
    )
    days = forms.TypedMultipleChoiceField(
        label="Days",
        coerce=int,
        choices=list(enumerate(DAYS)),
        widget=forms.CheckboxSelectMultiple,
        initial=[0, 1, 2, 3, 4],
    )
    begins = forms.TimeField(label="From", widget=clock(), initial=time(8, 30))
    ends = forms.TimeField(label="Until", widget=clock(), initial=time(17, 30))
    zone = forms.ChoiceField(label="Time zone", initial="UTC")
    holidays = forms.CharField(
        label="Days off",
        required=False,
        widget=area(1),
        help_text="One date a line, as in 2027-12-24. Nothing leaves on them.",
    )
    daily_cap = forms.IntegerField(
        label="Mails a day", min_value=1, max_value=10_000, initial=200, help_text="For the whole campaign."
    )
    budget = forms.DecimalField(
        label="Budget for models, in US dollars",
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(1_000_000),
        decimal_places=2,
        help_text="Looked at before each call. Once the next call could pass it, the campaign pauses.",
    )
    stops_company = forms.BooleanField(
        label="An answer from one person stops the mails to their colleagues", required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("writer", "auditor"):
            self._choices(name).queryset = keys_for_models()
        self._choices("mailboxes").queryset = Mailbox.objects.order_by("created_at")
        zones = [(name, name) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]
        self.fields["zone"] = forms.ChoiceField(label="Time zone", initial="UTC", choices=[*ZONES, *zones])
        self.order_fields([*self.declared_fields])

    def _choices(self, name: str) -> Any:
        return self.fields[name]

    def clean_allowed_links(self) -> list[str]:
        links = lines(self.cleaned_data["allowed_links"])
        if len(links) > MOST_LINKS:
            raise ValidationError(f"At most {MOST_LINKS} links.")
        for link in links:
            parts = urlsplit(link)
            if parts.scheme != "https" or not parts.hostname or " " in link:
                raise ValidationError(f"“{link[:80]}” is not an https address.")
        return links

    def clean_holidays(self) -> list[str]:
        try:
            return [date.fromisoformat(line).isoformat() for line in lines(self.cleaned_data["holidays"])]
        except ValueError as error:
            raise ValidationError("Write each date as year-month-day, as in 2027-12-24.") from error

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        begins, ends = found.get("begins"), found.get("ends")
        if begins and ends and begins >= ends:
            self.add_error("ends", "The end has to come after the beginning, on the same day.")
        for name in ("writer", "auditor"):
            key = found.get(name)
            if key and Provider(key.kind).asks_a_model and not found.get(f"{name}_model"):
                self.add_error(f"{name}_model", f"Name the model to ask at {key.get_kind_display()}.")
        return found

    def plan(self, steps: list[StepPlan]) -> Plan:
        """The plan that the entries make. Only after `is_valid`."""
        found = self.cleaned_data
        brief = {name: found[name] for name in ("offer", "goal", "tone", "allowed_links", "legal_basis")}
        return Plan(
            name=found["name"],
            brief=brief,
            writer=found["writer"],
            writer_model=found["writer_model"],
            auditor=found["auditor"],
            auditor_model=found["auditor_model"],
            mailboxes=list(found["mailboxes"]),
            steps=steps,
            schedule={
                "days": found["days"],
                "from": f"{found['begins']:%H:%M}",
                "until": f"{found['ends']:%H:%M}",
                "zone": found["zone"],
                "holidays": found["holidays"],
            },
            daily_cap=found["daily_cap"],
            budget_micros=None if found["budget"] is None else int(found["budget"] * MICROS),
            stops_company=found["stops_company"],
        )


class StepForm(forms.Form):
    """One mail of the sequence. A follow-up without a wait is left out."""

    wait_days = forms.IntegerField(
        label="Days without an answer",
        required=False,
        min_value=1,
        max_value=90,
        help_text="Empty: no such mail.",
    )
    instructions = forms.CharField(
        label="What should it say?", required=False, max_length=2000, widget=area(2)
    )

    def step(self) -> StepPlan:
        return StepPlan(self.cleaned_data.get("wait_days") or 0, self.cleaned_data.get("instructions", ""))


FollowUps = forms.formset_factory(StepForm, extra=1, max_num=MOST_STEPS - 1, absolute_max=MOST_STEPS - 1)


class FirstStep(forms.Form):
    """What the first mail should say beyond the brief."""

    instructions = forms.CharField(
        label="The first mail",
        required=False,
        max_length=2000,
        widget=area(2),
        help_text="Anything that this mail in particular should say. The brief is always told.",
    )


def planned(first: FirstStep, others: Iterable[StepForm]) -> list[StepPlan]:
    """The steps as entered: the first, and the follow-ups that have a wait."""
    steps = [form.step() for form in others if form.cleaned_data.get("wait_days")]
    return [StepPlan(0, first.cleaned_data["instructions"]), *steps]


def entries_of(campaign: Campaign) -> dict[str, Any]:
    """A stored campaign as the form shows it."""
    brief, schedule, budget = campaign.brief, campaign.schedule, campaign.budget_micros
    return {
        "name": campaign.name,
        **{name: brief.get(name, "") for name in ("offer", "goal", "tone", "legal_basis")},
        "allowed_links": "\n".join(brief.get("allowed_links", [])),
        "writer": campaign.writer_id,
        "writer_model": campaign.writer_model,
        "auditor": campaign.auditor_id,
        "auditor_model": campaign.auditor_model,
        "mailboxes": list(campaign.mailboxes.values_list("pk", flat=True)),
        "days": schedule.get("days", list(range(7))),
        "begins": schedule.get("from", "00:00"),
        "ends": schedule.get("until", "23:59"),
        "zone": schedule.get("zone", "UTC"),
        "holidays": "\n".join(schedule.get("holidays", [])),
        "daily_cap": campaign.daily_cap,
        "budget": None if budget is None else Decimal(budget) / MICROS,
        "stops_company": campaign.stops_company,
    }


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
