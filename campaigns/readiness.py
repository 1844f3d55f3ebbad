"""What a campaign needs before it can run: one list, for the launch and for the page before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import WorkspaceProfile
from campaigns.llm import Provider
from campaigns.models import Campaign, SpendingLimit
from campaigns.prices import price
from campaigns.reachability import Reach, known
from leads.models import Lead, Standing
from mailbox.models import Health, Mailbox, SendingSwitch
from tenants.binding import current
from tenants.directory import origin_of

AUTHENTICATION = ("SPF", "DKIM", "DMARC")


class Place(StrEnum):
    """Where a person can put it right."""

    BRIEF = "brief"
    MODELS = "models"
    MAILS = "mails"
    SENDING = "sending"
    KEYCHAIN = "keychain"
    MAILBOXES = "mailboxes"
    LEADS = "leads"
    SETTINGS = "settings"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Need:
    """One condition: what is in order once it `is_met`, and the sentence that says what to do before.

    A launch is refused without it, unless it `is_advice`. What nobody has looked at yet `is_unknown`.
    `mailbox` is whose page puts it right, where it is one mailbox.
    """

    is_met: bool
    title: str
    sentence: str
    place: Place
    is_advice: bool = False
    is_unknown: bool = False
    mailbox: UUID | None = None


def needs(campaign: Campaign) -> list[Need]:
    """Every condition of a launch, met or not, in the order in which a person would see to them."""
    return [
        *_of_the_campaign(campaign),
        *_of_the_workspace(campaign),
        *(_arrival(mailbox) for mailbox in campaign.mailboxes.filter(is_sandbox=False)),
        *_of_the_way(campaign),
    ]


def _of_the_campaign(campaign: Campaign) -> list[Need]:
    lonely = unpriced(campaign, timezone.now().date())
    return [
        Need(
            bool(campaign.brief.get("offer")),
            "The brief is written",
            "Say in the brief what you offer.",
            Place.BRIEF,
        ),
        Need(campaign.steps.exists(), "The steps are set", "Add at least one step.", Place.MAILS),
        Need(
            campaign.writer is not None and campaign.writer.removed_at is None,
            "A key for the writer is chosen",
            "Choose a key for the writer, from those under Keychain.",
            Place.MODELS,
        ),
        Need(
            campaign.budget_micros is None or not lonely,
            "The budget can be kept",
            f"No price is known for {', '.join(lonely)}. Choose another model, or remove the budget.",
            Place.MODELS,
        ),
        Need(
            _is_capped(campaign),
            "What the models may cost is capped",
            "Set a budget in dollars or in tokens: without one, only your provider's own limit holds.",
            Place.MODELS,
            is_advice=True,
        ),
    ]


def _is_capped(campaign: Campaign) -> bool:
    """A budget of the campaign's own, a limit for the month, or a sandbox that costs nothing."""
    caps = SpendingLimit.objects.exclude(monthly_micros=None, monthly_tokens=None)
    own = campaign.budget_micros is not None or campaign.token_budget is not None
    return own or not any(provider.asks_a_model for provider, _ in voices(campaign)) or caps.exists()


def _of_the_workspace(campaign: Campaign) -> list[Need]:
    profile = WorkspaceProfile.objects.first()
    has_leads = Lead.objects.filter(standing=Standing.OPEN).exists()
    can_send = campaign.mailboxes.filter(health=Health.WORKING).exists()
    return [
        Need(has_leads, "There are leads to write to", "Upload leads first.", Place.LEADS),
        Need(can_send, "A mailbox can send", "Connect a mailbox that works.", _where_mailboxes()),
        Need(
            bool(profile and profile.postal_address.strip()),
            "The postal address is known",
            "Enter the workspace's postal address under Settings.",
            Place.SETTINGS,
        ),
        Need(
            not SendingSwitch.objects.filter(is_paused=True).exists(),
            "Sending is on",
            "Sending is paused in the whole workspace: drafts are written, but nothing leaves.",
            Place.MAILBOXES,
            is_advice=True,
        ),
    ]


def _where_mailboxes() -> Place:
    """A campaign without one chooses among those that work; else they are repaired on their own page."""
    others = Mailbox.objects.filter(health=Health.WORKING).exists()
    return Place.SENDING if others else Place.MAILBOXES


def _arrival(mailbox: Mailbox) -> Need:
    """SPF, DKIM and DMARC, as they were last seen; advice, since only receivers decide."""
    address = str(mailbox.address)
    found = {each["name"]: each for each in (mailbox.deliverability or {}).get("findings", [])}
    seen = [found[name] for name in AUTHENTICATION if name in found]
    unseen = [name for name in AUTHENTICATION if name not in found]
    bad = [f"{each['name']}: {each['sentence']}" for each in seen if each["state"] == "bad"]
    unchecked = f"Not checked yet for {address}: {', '.join(unseen)}."
    return Need(
        not bad and not unseen,
        f"Receivers can tell that mail of {address} is yours (SPF, DKIM, DMARC)",
        f"{address}. {' '.join(bad)}" if bad else unchecked,
        Place.MAILBOXES,
        is_advice=True,
        is_unknown=not bad,
        mailbox=mailbox.pk,
    )


def _of_the_way(campaign: Campaign) -> list[Need]:
    """What a recipient meets: the opt-out link, and the legal basis on its page."""
    origin, reach = origin_of(current()), known()
    is_open = origin.startswith("https://") or settings.EMBEDDED
    return [
        Need(
            is_open,
            f"The opt-out link leads to {origin}",
            f"The opt-out link would lead to {origin}, which is not https.",
            Place.SETTINGS,
        ),
        Need(
            reach is Reach.ANSWERS,
            "The opt-out page answers there",
            reach.sentence if reach else "Nobody has looked yet whether the opt-out page answers.",
            Place.LOOK,
            is_advice=reach is not Reach.WRONG,
            is_unknown=reach is None,
        ),
        Need(
            bool(campaign.brief.get("legal_basis")),
            "The legal basis is recorded",
            "Say in the brief on what legal basis you write: the opt-out page shows it.",
            Place.BRIEF,
            is_advice=True,
        ),
    ]


def missing(campaign: Campaign) -> list[Need]:
    """What the campaign lacks before it can run."""
    return [need for need in needs(campaign) if not need.is_met and not need.is_advice]


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
