"""What a campaign says and to whom: brief, audience, mails."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from campaigns.forms.entries import Entries, choices
from campaigns.forms.fields import LabelChoice, area, lines
from campaigns.plans import Plan, StepPlan
from leads.models import Label

MOST_STEPS = 6
MOST_LINKS = 20
BASES = [
    ("", "Choose one"),
    ("legitimate_interest", "Legitimate interest"),
    ("consent", "Consent"),
    ("existing_customer", "Existing customers"),
    ("not_personal", "No personal data (role addresses)"),
]


class BriefForm(Entries):
    """What the campaign writes about, and a second brief where two are compared."""

    title = "Brief"
    intro = "Drafts may state what stands here and in the lead's own fields, and nothing else."

    name = forms.CharField(label="Name", max_length=120, help_text="Only your team sees it.")
    offer = forms.CharField(
        label="What do you offer?", max_length=4000, widget=area(4), help_text="One fact a line."
    )
    goal = forms.CharField(
        label="What should the reader do?", max_length=1000, widget=area(2), help_text="As in: a short call."
    )
    tone = forms.CharField(
        label="Tone", max_length=200, required=False, help_text="As in: plain, a little dry."
    )
    legal_basis = forms.ChoiceField(
        label="On what legal basis do you write?",
        choices=BASES,
        help_text="Shown to the recipient on the opt-out page.",
    )
    allowed_links = forms.CharField(
        label="Links a mail may hold",
        required=False,
        widget=area(2),
        help_text="One https address a line. Any other link in a draft is a finding.",
    )
    offer_b = forms.CharField(
        label="Another offer, to compare",
        required=False,
        max_length=4000,
        widget=area(4),
        help_text="Half of the leads get this one instead, chosen by chance. Empty: one brief for all.",
    )
    goal_b = forms.CharField(
        label="Another goal, to compare",
        required=False,
        max_length=1000,
        widget=area(2),
        help_text="Empty: the same as above.",
    )

    @classmethod
    def entries(cls, plan: Plan) -> dict[str, Any]:
        brief, other = plan.brief, plan.brief_b or {}
        told = {name: brief.get(name, "") for name in ("offer", "goal", "tone", "legal_basis")}
        links = "\n".join(brief.get("allowed_links", []))
        other = {"offer_b": other.get("offer", ""), "goal_b": other.get("goal", "")}
        return {"name": plan.name, "allowed_links": links, **told, **other}

    def clean_allowed_links(self) -> list[str]:
        links = lines(self.cleaned_data["allowed_links"])
        if len(links) > MOST_LINKS:
            raise ValidationError(f"At most {MOST_LINKS} links.")
        for link in links:
            parts = urlsplit(link)
            if parts.scheme != "https" or not parts.hostname or " " in link:
                raise ValidationError(f"“{link[:80]}” is not an https address.")
        return links

    def changes(self) -> dict[str, Any]:
        found = self.cleaned_data
        brief = {name: found[name] for name in ("offer", "goal", "tone", "allowed_links", "legal_basis")}
        other = {name: found[f"{name}_b"] for name in ("offer", "goal") if found[f"{name}_b"]}
        return {"name": found["name"], "brief": brief, "brief_b": other or None}


class AudienceForm(Entries):
    """Whom the campaign writes to."""

    title = "Audience"
    intro = "Those who opted out or bounced are left out, now and at each mail."

    label = LabelChoice(
        label="Write to",
        queryset=Label.objects.none(),
        required=False,
        empty_label="Every lead that may be written to",
        help_text="A list or a tag. Leads that join it later are enrolled when you resume the campaign.",
    )
    stops_company = forms.BooleanField(
        label="An answer from one person stops the mails to their colleagues", required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "label").queryset = Label.objects.all()

    @classmethod
    def entries(cls, plan: Plan) -> dict[str, Any]:
        return {"label": plan.audience.get("label"), "stops_company": plan.stops_company}

    def changes(self) -> dict[str, Any]:
        label = self.cleaned_data["label"]
        audience = {"label": str(label.pk)} if label else {}
        return {"audience": audience, "stops_company": self.cleaned_data["stops_company"]}


class MailsForm(Entries):
    """The first mail and its follow-ups: a wait and instructions for each."""

    title = "Mails"
    intro = "Follow-ups go into the same thread. An answer stops them."

    first = forms.CharField(
        label="The first mail",
        required=False,
        max_length=2000,
        widget=area(2),
        help_text="Anything that this mail in particular should say. The brief is always told.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(2, MOST_STEPS + 1):
            self.fields[f"wait_{number}"] = forms.IntegerField(
                label="Days without an answer",
                required=False,
                min_value=1,
                max_value=90,
                help_text="Empty: no such mail.",
            )
            self.fields[f"text_{number}"] = forms.CharField(
                label="What should it say?", required=False, max_length=2000, widget=area(2)
            )

    def follow_ups(self) -> Iterable[tuple[int, forms.BoundField, forms.BoundField]]:
        """The fields of each follow-up; the page opens those that are filled, and the next."""
        numbers = range(2, MOST_STEPS + 1)
        return [(number - 1, self[f"wait_{number}"], self[f"text_{number}"]) for number in numbers]

    @classmethod
    def entries(cls, plan: Plan) -> dict[str, Any]:
        found: dict[str, Any] = {"first": plan.steps[0].instructions}
        for number, step in enumerate(plan.steps[1:], start=2):
            found |= {f"wait_{number}": step.wait_days, f"text_{number}": step.instructions}
        return found

    def changes(self) -> dict[str, Any]:
        found = self.cleaned_data
        later = [(found[f"wait_{n}"], found[f"text_{n}"]) for n in range(2, MOST_STEPS + 1)]
        steps = [StepPlan(wait, text) for wait, text in later if wait]
        return {"steps": [StepPlan(0, found["first"]), *steps]}
