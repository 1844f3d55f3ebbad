"""What a workspace's first page shows: what waits for a person, what runs, what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from accounts.models import WorkspaceProfile
from campaigns.models import Campaign, Draft, Status, Verdict
from keychain.models import Credential, Kind
from leads.models import Import, ImportState, Lead, SubjectRequest
from mailbox.models import Delivery, Direction, Health, Mailbox, Message, Thread
from paitho.navigation import Check, route

DAYS = 14
LLM_KINDS = [Kind.OPENAI, Kind.ANTHROPIC, Kind.GOOGLE, Kind.COMPATIBLE, Kind.SANDBOX]

FIRST_STEPS = [
    ("Upload leads", "A CSV with at least an e-mail column.", "leads:upload"),
    ("Connect a mailbox", "Mail leaves from your own server.", "mailbox:list"),
    ("Add a key for a model", "Drafts are written on your own account at a provider.", "keychain:list"),
    ("Enter your postal address", "The law wants it in each mail.", "accounts:workspace"),
    ("Create a campaign", "What you offer, to whom, when.", "campaigns:new"),
]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that only a person can do; `tone` is that of `paitho.tones`."""

    icon: str
    tone: str
    title: str
    text: str
    url: str
    action: str


@dataclass(frozen=True, slots=True)
class Day:
    """Figures of the last days, oldest first."""

    sent: list[int]
    replies: list[int]

    @property
    def sent_total(self) -> int:
        return sum(self.sent)

    @property
    def replies_total(self) -> int:
        return sum(self.replies)


def counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def waiting() -> list[Waiting]:
    """What needs a person, the most urgent first."""
    found = [_requests(), *_stuck(), *_mailboxes(), _uncertain(), _replies(), _drafts()]
    return [each for each in found if each is not None]


def _requests() -> Waiting | None:
    """People who asked to see or to erase what is kept about them."""
    figures = SubjectRequest.objects.filter(closed_at=None).aggregate(all=Count("pk"), due=Min("due_at"))
    if not figures["all"]:
        return None
    return Waiting(
        icon="shield-lock",
        tone="bad" if figures["due"] < timezone.now() + timedelta(days=7) else "warn",
        title=f"{counted(figures['all'], 'person asks', 'people ask')} about their data",
        text=f"The first is due on {timezone.localtime(figures['due']):%d %B}.",
        url=route("leads:requests"),
        action="Settle it",
    )


def _stuck() -> list[Waiting]:
    paused = Campaign.objects.filter(status=Status.PAUSED).exclude(problem="").order_by("-created_at")[:5]
    return [
        Waiting(
            icon="player-pause",
            tone="warn",
            title=f"{campaign.name} is paused",
            text=campaign.problem,
            url=reverse("campaigns:detail", args=[campaign.pk]),
            action="Look at it",
        )
        for campaign in paused
    ]


def _mailboxes() -> list[Waiting]:
    broken = Mailbox.objects.filter(health=Health.BROKEN).order_by("created_at")[:5]
    return [
        Waiting(
            icon="mailbox-off",
            tone="bad",
            title=f"{mailbox.address} cannot send",
            text=str(mailbox.problem or "Its server refused the last mail."),
            url=route("mailbox:list"),
            action="Repair",
        )
        for mailbox in broken
    ]


def _uncertain() -> Waiting | None:
    number = Message.objects.filter(delivery=Delivery.UNCERTAIN).count()
    return number_of(
        number,
        Waiting(
            icon="help-circle",
            tone="warn",
            title=f"{counted(number, 'mail', 'mails')} may have left or not",
            text="The server took the text and did not answer. They are not sent again: look in Sent.",
            url=route("mailbox:inbox"),
            action="Settle them",
        ),
    )


def _replies() -> Waiting | None:
    number = Thread.objects.filter(is_unread=True).count()
    return number_of(
        number,
        Waiting(
            icon="inbox",
            tone="good",
            title=f"{counted(number, 'answer has', 'answers have')} arrived",
            text="Follow-ups to these people have stopped.",
            url=route("mailbox:inbox"),
            action="Read",
        ),
    )


def _drafts() -> Waiting | None:
    queue = Draft.objects.filter(verdict=Verdict.IN_REVIEW)
    figures = queue.aggregate(all=Count("pk"), clean=Count("pk", filter=Q(is_clean=True)))
    flagged = figures["all"] - figures["clean"]
    return number_of(
        figures["all"],
        Waiting(
            icon="checklist",
            tone="info",
            title=f"{counted(figures['all'], 'draft waits', 'drafts wait')} for your approval",
            text=f"{figures['clean']:,} clean, {flagged:,} with findings. Nothing leaves before you say so.",
            url=route("campaigns:review"),
            action="Review",
        ),
    )


def number_of(number: int, waiting: Waiting) -> Waiting | None:
    return waiting if number else None


def running_campaigns() -> list[Campaign]:
    return list(Campaign.objects.filter(status=Status.RUNNING).order_by("-launched_at")[:8])


def running_imports() -> list[Import]:
    return list(Import.objects.filter(state=ImportState.RUNNING).order_by("created_at")[:3])


def last_days() -> Day:
    """Mails sent and answers received, a figure for each of the last days."""
    today = timezone.localdate()
    first = today - timedelta(days=DAYS - 1)
    rows = (
        Message.objects.filter(at__date__gte=first)
        .filter(Q(delivery=Delivery.SENT) | Q(direction=Direction.IN, kind__in=["", "reply"]))
        .annotate(day=TruncDate("at"))
        .values_list("day", "direction")
        .annotate(number=Count("pk"))
    )
    found = {(day, direction): number for day, direction, number in rows}
    days = [first + timedelta(days=at) for at in range(DAYS)]
    return Day(
        [found.get((day, Direction.OUT), 0) for day in days],
        [found.get((day, Direction.IN), 0) for day in days],
    )


def first_steps() -> list[Check]:
    """What a workspace needs before its first mail, done or not; empty once it has launched a campaign."""
    if Campaign.objects.exclude(launched_at=None).exists():
        return []
    profile = WorkspaceProfile.objects.first()
    done = [
        Lead.objects.exists(),
        Mailbox.objects.exists(),
        Credential.objects.filter(kind__in=LLM_KINDS).exists(),
        bool(profile and profile.postal_address.strip()),
        Campaign.objects.exists(),
    ]
    return [
        Check("good", title) if is_done else Check("idle", title, text, route(place), title.split()[0])
        for is_done, (title, text, place) in zip(done, FIRST_STEPS, strict=True)
    ]
