"""What a campaign needs before it can run: one list, for the launch and for the page before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils import timezone

from accounts.models import WorkspaceProfile
from campaigns.llm import Provider
from campaigns.models import Campaign
from campaigns.prices import price
from leads.models import Lead, Standing
from mailbox.models import Health


class Place(StrEnum):
    """Where a person can put it right."""

    CAMPAIGN = "campaign"
    KEYCHAIN = "keychain"
    MAILBOXES = "mailboxes"
    LEADS = "leads"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Need:
    """One condition: what is in order once it `is_met`, and the sentence that says what to do before."""

    is_met: bool
    title: str
    sentence: str
    place: Place


def needs(campaign: Campaign) -> list[Need]:
    """Every condition of a launch, met or not, in the order in which a person would see to them."""
    return [*_of_the_campaign(campaign), *_of_the_workspace(campaign)]


def _of_the_campaign(campaign: Campaign) -> list[Need]:
    lonely = unpriced(campaign, timezone.now().date())
    conditions = [
        (bool(campaign.brief.get("offer")), "The brief is written", "Say in the brief what you offer."),
        (campaign.steps.exists(), "The steps are set", "Add at least one step."),
        (
            campaign.writer is not None,
            "A key for the writer is chosen",
            "Choose a key for the writer, from those under Keychain.",
        ),
        (
            campaign.budget_micros is None or not lonely,
            "The budget can be kept",
            f"No price is known for {', '.join(lonely)}. Choose another model, or remove the budget.",
        ),
    ]
    return [Need(*condition, Place.CAMPAIGN) for condition in conditions]


def _of_the_workspace(campaign: Campaign) -> list[Need]:
    profile = WorkspaceProfile.objects.first()
    has_leads = Lead.objects.filter(standing=Standing.OPEN).exists()
    can_send = campaign.mailboxes.filter(health=Health.WORKING).exists()
    return [
        Need(has_leads, "There are leads to write to", "Upload leads first.", Place.LEADS),
        Need(can_send, "A mailbox can send", "Connect a mailbox that works.", Place.MAILBOXES),
        Need(
            bool(profile and profile.postal_address.strip()),
            "The postal address is known",
            "Enter the workspace's postal address under Settings.",
            Place.SETTINGS,
        ),
    ]


def missing(campaign: Campaign) -> list[Need]:
    """What the campaign lacks before it can run."""
    return [need for need in needs(campaign) if not need.is_met]


def voices(campaign: Campaign) -> list[tuple[Provider, str]]:
    """The provider and model of the writer and, where there is one, of the auditor."""
    pairs = [(campaign.writer, campaign.writer_model), (campaign.auditor, campaign.auditor_model)]
    return [(Provider(credential.kind), model) for credential, model in pairs if credential]


def unpriced(campaign: Campaign, on: date) -> list[str]:
    """The campaign's models that have no known price."""
    return [
        model or provider.label
        for provider, model in voices(campaign)
        if provider.asks_a_model and price(provider, model, on=on) is None
    ]


def asks_a_model(campaign: Campaign) -> bool:
    """False where the sandbox writes from templates; pages have to say so."""
    return all(provider.asks_a_model for provider, _ in voices(campaign))
