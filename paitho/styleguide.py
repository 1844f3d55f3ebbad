"""The living style page: every part of the interface in every state, with invented data.

Routed in development only; the browser tests render it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from paitho import tones
from paitho.navigation import Check, Link, Shell, Tab

LEADS = """
Ada Marsh|ada.marsh@northwind-freight.example|Northwind Freight|Head of Operations|sent|82
Bruno Keller|b.keller@alpenrad.example|Alpenrad AG|Procurement Lead|replied|91
Chidi Okafor|chidi@lagoonlabs.example|Lagoon Labs|Founder|in_review|64
Dana Whitfield-Montgomery|dana.whitfield-montgomery@a-rather-long-domain.example|Whitfield|Partner|bounced|12
Emil Sørensen|emil@havnekraft.example|Havnekraft|CTO|uncertain|55
Fatima Zahra|fz@atlas-textiles.example|Atlas Textiles Manufacturing International|Export Manager|drafting|73
Goran Ilić|goran@sava-data.example|Sava Data|Data Protection Officer|opted_out|0
"""
SANDBOX = "No model was asked: drafts on this page come from a template."
BUNDLE = """acme.sql.gz      sha256  9f2c41d0b87e6a15
csv/leads.csv    sha256  03bd7715ce20f8aa
csv/drafts.csv   sha256  71e4aa2b90cd4f36
manifest.json    sha256  c80f3e9d26b1754e"""


LETTER = """Hello Bruno,

your service page promises spare parts within a week. Two of your neighbours do it in five days.

May I show you how, on Tuesday or Wednesday?

Olga"""
CHECKS = [
    Check("good", "Mailbox olga@acme.example sends and receives"),
    Check("good", "SPF and DKIM were seen on a test mail"),
    Check("warn", "DMARC is set to none", "Gmail accepts this; reject would protect your name."),
    Check(
        "bad", "No postal address", "The law of most recipients asks for one.", url="#fix", action="Add it"
    ),
    Check("idle", "Budget", "Set once the campaign has leads."),
]


@dataclass(frozen=True)
class Lead:
    name: str
    email: str
    company: str
    title: str
    status: str
    fit: str


class SampleForm(forms.Form):
    """Each kind of field that the product uses."""

    name = forms.CharField(label="Campaign name", help_text="Only your team sees it.")
    address = forms.EmailField(label="Reply address", required=False)
    provider = forms.ChoiceField(
        label="Provider", choices=[("", "Choose one"), ("a", "OpenAI"), ("b", "Anthropic")]
    )
    brief = forms.CharField(label="What do you offer?", widget=forms.Textarea(attrs={"rows": 4}))
    pace = forms.ChoiceField(
        label="Pace",
        widget=forms.RadioSelect,
        choices=[("slow", "20 a day, growing by 5"), ("fast", "50 a day from the first day")],
        help_text="Mailbox providers distrust a sudden start.",
    )
    days = forms.MultipleChoiceField(
        label="Sending days",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("1", "Monday"), ("2", "Tuesday")],
    )
    file = forms.FileField(label="Leads")
    stops = forms.BooleanField(label="A reply stops the follow-ups", required=False)
    locked = forms.CharField(label="Sender", disabled=True, initial="olga@acme.example")


def sample_shell(**changes: Any) -> Shell:
    """The shell of an invented workspace, for pages shown without one."""

    def link(label: str, icon: str, key: str = "", count: int = 0) -> Link:
        return Link(label, icon, f"#{label.lower()}", key, label == "Leads", count)

    main = [
        link("Today", icon="sun-high", key="t"),
        link("Leads", icon="users", key="l"),
        link("Campaigns", icon="send", key="c"),
        link("Review", icon="checklist", key="r", count=38),
        link("Inbox", icon="inbox", key="i", count=4),
    ]
    settings = [
        link("Mailboxes", icon="mailbox"),
        link("Keychain", icon="key"),
        link("Members", icon="users-group"),
        link("Audit", icon="list-details"),
        link("Privacy", icon="shield-lock"),
        link("Export", icon="package-export"),
    ]
    personal = [link("Password", icon="lock"), link("Two-step sign-in", icon="fingerprint")]
    parts = {"main": main, "settings": settings, "personal": personal, "sign_out_url": "#sign-out"}
    return Shell(workspace="Acme Outbound", member="Olga Brandt", role="owner", **{**parts, **changes})


def sample_forms() -> dict[str, SampleForm]:
    wrong = SampleForm({"address": "not-an-address", "pace": "slow"})
    wrong.is_valid()
    wrong.add_error(None, "The campaign was changed by someone else meanwhile.")
    return {"form": SampleForm(prefix="good"), "wrong_form": wrong}


def sample_figures() -> dict[str, Any]:
    return {
        "sent_by_day": [12, 18, 22, 9, 0, 0, 25, 31, 28, 36, 40, 0, 0, 44, 47, 52, 49],
        "days": [(f"{day} March", (day * 7) % 11 * 4) for day in range(3, 20)],
        "replies_by_day": [0, 1, 2, 0, 0, 1, 2, 4, 1, 3, 5, 1, 0, 4, 6, 5, 7],
        "stages": [
            ("Leads", 500),
            ("Qualified", 412),
            ("Drafted", 408),
            ("Approved", 361),
            ("Sent", 298),
            ("Replied", 27),
        ],
        "reasons": [
            ("Not a fit", 88, "idle"),
            ("Bounced", 14, "bad"),
            ("Auto-reply", 9, "warn"),
            ("Opted out", 3, "idle"),
        ],
    }


def sample_times() -> dict[str, Any]:
    now = timezone.now()
    return {
        "now": now,
        "yesterday": now - timedelta(days=1, hours=3),
        "last_year": now - timedelta(days=400),
        "in_41_days": now + timedelta(days=41, minutes=5),
        "in_3_days": now + timedelta(days=3, minutes=5),
        "last_week": now - timedelta(days=8),
    }


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    leads = [Lead(*row.split("|")) for row in LEADS.strip().splitlines()] * 72
    trail = [("Campaigns", "#campaigns"), ("Spring freight", "#spring")]
    tabs = [
        Tab("Overview", "#overview"),
        Tab("Leads", "#leads", 500, is_current=True),
        Tab("Steps", "#steps", 2),
    ]
    changes: dict[str, Any] = {"is_paused": True, "resume_url": "#resume", "sandbox_note": SANDBOX}
    page = Paginator(leads, 7).get_page(request.GET.get("page", 4))
    context = {
        "shell": sample_shell(**changes),
        "trail": trail,
        "tabs": tabs,
        "page": page,
        "families": tones.FAMILIES,
        "bundle": BUNDLE,
        "letter": LETTER,
        "checks": CHECKS,
        "steps": ["Upload", "Match columns", "Check", "Import"],
        "facts": [
            ("Schema", "tenant_acme"),
            ("Role", "tenant_acme_app"),
            ("Region", "EU"),
            ("Keys", "version 3"),
        ],
        **sample_forms(),
        **sample_figures(),
        **sample_times(),
    }
    return render(request, "styleguide.html", context)


@require_safe
def styleguide_site(request: HttpRequest) -> HttpResponse:
    return render(request, "styleguide/site.html")
