"""What may forbid a mail to leave, in the statement that would take it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from audit.actors import Actor
from campaigns.approval import approve
from campaigns.claims import HANDOVER, claim, name_lost_claims, reopen_windows
from campaigns.days import begin_days
from campaigns.models import Campaign, Enrollment, Stage, Status
from campaigns.settling import settle
from mailbox.actions import pause_sending
from mailbox.models import Delivery, Mailbox, Message
from mailbox.smtp import Envelope, Line, send
from mailbox.verdicts import About, Accepted, Deferred, Refused, Uncertain
from tenants.binding import bound
from tests.campaigns.world import a_draft
from tests.servers.smtp_script import scripted_smtp
from tests.world import olga


@pytest.fixture
def message(world):
    """An approved mail of a running campaign, due."""
    with bound(world.acme):
        person = olga(world)
        draft = a_draft(Actor(person.pk, "Olga"))
        Campaign.objects.update(status=Status.RUNNING)
        yield approve(draft, by=Actor(person.pk, "Olga"))


def box() -> Mailbox:
    return Mailbox.objects.get()


HINDRANCES = {
    "the window has not opened": lambda: Message.objects.update(due_at=timezone.now() + timedelta(hours=1)),
    "the window has closed": lambda: Message.objects.update(closes_at=timezone.now() - timedelta(hours=1)),
    "the gap is not over": lambda: Mailbox.objects.update(next_at=timezone.now() + timedelta(seconds=30)),
    "the day's cap is reached": lambda: Mailbox.objects.update(
        claimed_on=timezone.now().date(), claimed_count=1, daily_cap=1
    ),
    "the ramp-up allows no more": lambda: Mailbox.objects.update(
        claimed_on=timezone.now().date(), claimed_count=3, ramp_first=3, ramp_began=timezone.now().date()
    ),
    "the campaign's cap is reached": lambda: Campaign.objects.update(
        claimed_count=5, daily_cap=5, day_ends_at=timezone.now() + timedelta(hours=1)
    ),
    "the campaign's day is over and the next has not begun": lambda: Campaign.objects.update(
        day_ends_at=timezone.now() - timedelta(seconds=1)
    ),
    "Sent was not looked through lately": lambda: Mailbox.objects.update(
        sent_read_at=timezone.now() - timedelta(hours=2)
    ),
    "its copy lies in Sent": lambda: Message.objects.update(filed_at=timezone.now()),
    "the mailbox is paused": lambda: Mailbox.objects.update(health="paused"),
    "the workspace is paused": lambda: pause_sending(by=Actor(None, "Olga")),
    "the campaign is paused": lambda: Campaign.objects.update(status=Status.PAUSED),
    "the approval is another text's": lambda: Message.objects.update(approved_hash=b"x" * 32),
    "the lead was stopped": lambda: Enrollment.objects.update(stage=Stage.STOPPED),
}


@pytest.mark.parametrize("hindrance", HINDRANCES)
def test_nothing_leaves_when(message, hindrance):
    HINDRANCES[hindrance]()

    assert claim(box()) is None


def test_what_is_claimed_takes_a_place_of_the_day_and_opens_a_gap_that_varies(message):
    Mailbox.objects.update(gap_seconds=100)

    taken = claim(box())

    assert taken is not None
    assert taken.hand_over_before <= timezone.now() + HANDOVER
    wait = (box().next_at - box().last_sent_at).total_seconds()
    assert 100 <= wait <= 150
    assert (box().claimed_count, Campaign.objects.get().claimed_count) == (1, 1)


def test_a_campaigns_count_begins_anew_when_the_senders_day_is_over_and_not_before(message):
    Campaign.objects.update(claimed_count=5, daily_cap=5, schedule={"zone": "Asia/Tokyo"})

    assert begin_days() == 1, "it learns when its day ends, and keeps its count"
    ends = Campaign.objects.get().day_ends_at
    assert (ends.astimezone(ZoneInfo("Asia/Tokyo")).hour, Campaign.objects.get().claimed_count) == (0, 5)
    assert begin_days() == 0
    assert claim(box()) is None

    Campaign.objects.update(day_ends_at=timezone.now())
    assert claim(box()) is None, "nothing is taken until the new day was begun"
    assert begin_days() == 1
    assert claim(box()) is not None


def test_the_ramp_up_grows_by_its_step_and_ends_at_the_cap():
    today = timezone.now().date()
    mailbox = Mailbox(daily_cap=20, ramp_first=10, ramp_step=6, ramp_began=today)

    caps = [mailbox.cap_on(today + timedelta(days=days)) for days in range(4)]

    assert caps == [10, 16, 20, 20]


def test_a_mail_whose_window_closed_waits_for_the_next_one(message):
    Message.objects.update(closes_at=timezone.now() - timedelta(minutes=1))
    Campaign.objects.update(
        schedule={"days": list(range(7)), "from": "00:00", "until": "23:59", "zone": "UTC"}
    )

    assert reopen_windows() == 1

    message.refresh_from_db()
    assert message.closes_at > timezone.now()


def test_a_mail_that_did_not_leave_gives_its_place_back_and_a_limit_only_rests_the_mailbox(message):
    taken = claim(box())

    settle(taken.message, taken.enrollment, Refused("550 5.4.5 Daily limit exceeded", 550, About.LIMIT))

    message.refresh_from_db()
    assert (message.delivery, message.attempts) == (Delivery.SCHEDULED, 0)
    assert (box().claimed_count, box().health) == (0, "working")
    assert box().next_at > timezone.now() + timedelta(seconds=20)


def test_whoever_comes_back_after_the_lease_changes_nothing_but_what_it_knows(message):
    taken = claim(box())
    Message.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert name_lost_claims() == 1
    Message.objects.update(delivery=Delivery.SCHEDULED, attempts=5)

    late = settle(taken.message, taken.enrollment, Deferred("450 later", 450, About.RECIPIENT))
    message.refresh_from_db()
    assert (late, message.attempts) == (False, 5)

    assert settle(taken.message, taken.enrollment, Accepted("250 ok"))
    message.refresh_from_db()
    assert message.delivery == Delivery.SENT


def test_doubt_is_named_and_never_claimed_again(message):
    taken = claim(box())
    settle(taken.message, taken.enrollment, Uncertain("no answer"))

    assert claim(box()) is None
    assert Enrollment.objects.get().stage == Stage.UNCERTAIN


def test_a_worker_that_slept_through_its_claim_does_not_hand_the_mail_over(world):
    """The guard: a laptop that is opened again would send what others have settled meanwhile."""
    with bound(world.acme), scripted_smtp() as script:
        from mailbox.accounts import smtp_account
        from tests.mail_world import a_mailbox

        account = smtp_account(a_mailbox(smtp_port=script.port))
        with Line(account) as line:
            outcome = send(
                line, Envelope("a@acme.test", "b@c.test", b"Subject: x\r\n\r\nHello\r\n", before=1.0)
            )

    assert isinstance(outcome, Deferred)
    assert script.messages == []
