"""From where a campaign writes, when, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError

from campaigns.forms.entries import Entries, choices
from campaigns.forms.fields import MailboxChoices, area, clock, lines
from campaigns.plans import WORKING_HOURS, Plan
from campaigns.schedule import countries
from mailbox.models import Mailbox

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
ZONES = [("recipient", "The recipient's own, where it is known")]


class SendingForm(Entries):
    """From where, when, and how much."""

    title = "Sending"
    intro = "Mail leaves inside these hours only, daylight saving included."

    mailboxes = MailboxChoices(
        label="Mailboxes",
        queryset=Mailbox.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Leads are spread evenly over those that work, and each stays with its own.",
    )
    days = forms.TypedMultipleChoiceField(
        label="Days", coerce=int, choices=list(enumerate(DAYS)), widget=forms.CheckboxSelectMultiple
    )
    begins = forms.TimeField(label="From", widget=clock())
    ends = forms.TimeField(label="Until", widget=clock())
    zone = forms.ChoiceField(label="Time zone")
    fallback_zone = forms.ChoiceField(
        label="Where the recipient's is not known", required=False, help_text="Only for the recipient's own."
    )
    countries = forms.MultipleChoiceField(
        label="Public holidays of",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 4}),
        help_text="Nothing leaves on them. Choose as many countries as you write to.",
    )
    holidays = forms.CharField(
        label="Other days off",
        required=False,
        widget=area(1),
        help_text="One date a line, as in 2027-12-24.",
    )
    daily_cap = forms.IntegerField(
        label="Mails a day",
        min_value=1,
        max_value=10_000,
        help_text="For the whole campaign, by the day of this time zone.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mailboxes = Mailbox.objects.order_by("created_at")
        choices(self, "mailboxes").queryset = mailboxes
        if not self.initial.get("mailboxes") and len(mailboxes) == 1:
            self.initial["mailboxes"] = [mailboxes[0].pk]
        zones = [(name, name) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]
        choices(self, "zone").choices = [*ZONES, *zones]
        choices(self, "fallback_zone").choices = [("", "UTC"), *zones]
        choices(self, "countries").choices = countries()

    @classmethod
    def entries(cls, plan: Plan) -> dict[str, Any]:
        schedule: Mapping[str, Any] = plan.schedule or {"days": list(range(7))}
        return {
            "mailboxes": [mailbox.pk for mailbox in plan.mailboxes],
            "days": schedule.get("days", WORKING_HOURS["days"]),
            "begins": schedule.get("from", "00:00"),
            "ends": schedule.get("until", "23:59"),
            "zone": schedule.get("zone", "UTC"),
            "fallback_zone": schedule.get("fallback_zone", ""),
            "countries": schedule.get("countries", []),
            "holidays": "\n".join(schedule.get("holidays", [])),
            "daily_cap": plan.daily_cap,
        }

    def clean_holidays(self) -> list[str]:
        try:
            return [date.fromisoformat(line).isoformat() for line in lines(self.cleaned_data["holidays"])]
        except ValueError as error:
            raise ValidationError("Write each date as year-month-day, as in 2027-12-24.") from error

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        begins, ends = found.get("begins"), found.get("ends")
        if isinstance(begins, time) and isinstance(ends, time) and begins >= ends:
            self.add_error("ends", "The end has to come after the beginning, on the same day.")
        return found

    def changes(self) -> dict[str, Any]:
        found = self.cleaned_data
        schedule = {name: found[name] for name in ("days", "zone", "fallback_zone", "countries", "holidays")}
        hours = {"from": f"{found['begins']:%H:%M}", "until": f"{found['ends']:%H:%M}"}
        mailboxes = list(found["mailboxes"])
        return {"mailboxes": mailboxes, "schedule": schedule | hours, "daily_cap": found["daily_cap"]}
