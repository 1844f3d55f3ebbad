"""Money is counted before it is spent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import WorkspaceProfile
from audit.actors import Actor
from audit.events import Event
from audit.models import AuditRow
from campaigns import actions
from campaigns.answers import DraftAnswer
from campaigns.approval import approve
from campaigns.budget import Purse, at_most, month_began, month_cap, next_month, tokens_at_most
from campaigns.errors import NotReady
from campaigns.llm import Provider
from campaigns.llm.edge import Call
from campaigns.models import Campaign, SpendingLimit, Stage, StageRun, Status
from campaigns.pipeline import pipeline_slice
from campaigns.sending import claim
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from tenants.binding import bound
from tests.campaigns.world import a_call, a_campaign, a_draft
from tests.mail_world import a_lead
from tests.world import olga

CALL = Call(
    provider=Provider.OPENAI,
    key=Secret("k"),
    endpoint=None,
    model="gpt-4.1-mini",
    system="s" * 3000,
    prompt="p" * 3000,
    schema=DraftAnswer,
    max_output_tokens=1000,
)


@pytest.fixture
def by(world) -> Actor:
    return Actor(olga(world).pk, "Olga")


def test_calls_under_way_count_at_their_dearest(world, by):
    dearest = at_most(CALL)
    assert dearest is not None
    assert dearest > 0
    with bound(world.acme):
        campaign = a_campaign(by)
        campaign.budget_micros = int(dearest * 2)
        purse = Purse()

        refusals = [purse.reserve(campaign, CALL) for _ in range(3)]
        assert refusals[:2] == [None, None]
        assert "the next call could pass it" in refusals[2].sentence

        purse.settle(campaign, CALL, StageRun(cost_micros=0))
        assert not purse.reserve(campaign, CALL)
        purse.settle(campaign, CALL, StageRun(cost_micros=int(dearest)))
        assert purse.reserve(campaign, CALL)


@pytest.mark.parametrize("cap", ["campaign", "month"])
def test_tokens_are_a_cap_of_their_own(world, by, cap):
    with bound(world.acme):
        campaign = a_campaign(by)
        if cap == "campaign":
            campaign.token_budget = tokens_at_most(CALL)
        else:
            SpendingLimit(monthly_tokens=tokens_at_most(CALL)).save()
        purse = Purse()

        assert purse.reserve(campaign, CALL) is None
        assert "tokens are used, and the next call could pass it" in purse.reserve(campaign, CALL).sentence


def test_the_months_limit_counts_every_campaign_and_this_month_only(world, by):
    with bound(world.acme):
        a_call(by)
        a_call(by)
        before = month_began(timezone.now()) - timedelta(seconds=1)
        StageRun.objects.filter(pk=StageRun.objects.first().pk).update(at=before)
        StageRun.objects.update(cost_micros=1_000_000)
        SpendingLimit(monthly_micros=3_000_000).save()

        assert month_cap().spent == 1_000_000
        assert Purse().reserve(a_campaign(by), CALL) is None
        SpendingLimit.objects.update(monthly_micros=1_000_000)
        over = Purse().reserve(a_campaign(by), CALL)
        assert "$1.00 of the workspace's monthly limit of $1.00" in over.sentence
        assert over.passes_with_the_month


def test_a_campaign_pauses_at_its_budget_and_says_so(world, by):
    with bound(world.acme):
        run = a_call(by)
        a_lead("bob@engines.test", first_name="Bob", company="Engines")
        campaign = run.campaign
        actions.launch(campaign, by=by)
        StageRun.objects.update(cost_micros=5_000_001)
        Campaign.objects.update(budget_micros=5_000_000)
        asked = StageRun.objects.count()

        pipeline_slice()

        campaign.refresh_from_db()
        assert campaign.status == Status.PAUSED
        assert campaign.problem.startswith("$5.01 of the campaign's budget of $5.00 is spent")
        assert StageRun.objects.count() == asked
        assert campaign.enrollments.filter(stage=Stage.QUALIFYING, lease_until=None).exists()


@pytest.fixture
def waiting(world, by):
    """A campaign of two leads that the month's limit has paused after the first."""
    with bound(world.acme):
        campaign = a_call(by).campaign
        a_lead("bob@engines.test", first_name="Bob", company="Engines")
        actions.launch(campaign, by=by)
        StageRun.objects.update(cost_micros=1_000_001)
        SpendingLimit(monthly_micros=1_000_000).save()
        pipeline_slice()
        campaign.refresh_from_db()
        assert (campaign.status, campaign.resumes_at) == (Status.PAUSED, next_month(timezone.now()))
        yield campaign


def lines(event: Event) -> int:
    return AuditRow.objects.filter(event=event, actor_id=None).count()


def test_what_the_months_limit_paused_goes_on_by_itself_when_the_month_is_over(waiting):
    assert lines(Event.CAMPAIGN_PAUSED) == 1
    assert pipeline_slice() == waiting.resumes_at, "it is looked at again when the month begins"
    assert lines(Event.CAMPAIGN_RESUMED) == 0

    StageRun.objects.update(at=month_began(timezone.now()) - timedelta(days=1))
    Campaign.objects.update(resumes_at=timezone.now())
    pipeline_slice()

    waiting.refresh_from_db()
    assert (waiting.status, waiting.problem, waiting.resumes_at) == (Status.RUNNING, "", None)
    assert lines(Event.CAMPAIGN_RESUMED) == 1
    assert not waiting.enrollments.filter(stage=Stage.QUALIFYING).exists(), "the other lead was asked about"


@pytest.mark.parametrize(("micros", "status"), [(5_000_000, Status.RUNNING), (900_000, Status.PAUSED)])
def test_a_limit_that_is_raised_lets_it_go_on_and_one_that_is_lowered_does_not(waiting, by, micros, status):
    actions.set_limit(micros=micros, tokens=None, by=by)

    pipeline_slice()

    waiting.refresh_from_db()
    assert waiting.status == status
    if status == Status.PAUSED:
        assert waiting.resumes_at == next_month(timezone.now())


def test_a_person_can_keep_it_paused(waiting, by):
    actions.pause(waiting, by=by)
    actions.set_limit(micros=None, tokens=None, by=by)

    pipeline_slice()

    waiting.refresh_from_db()
    assert (waiting.status, waiting.resumes_at) == (Status.PAUSED, None)


def test_nothing_goes_on_by_itself_after_everything_was_stopped(waiting, by):
    actions.stop_everything(by=by)
    actions.set_limit(micros=None, tokens=None, by=by)

    pipeline_slice()

    waiting.refresh_from_db()
    assert waiting.status == Status.PAUSED


def test_it_stays_paused_and_says_why_when_something_is_missing_by_then(waiting, by):
    WorkspaceProfile.objects.update(postal_address="")
    actions.set_limit(micros=None, tokens=None, by=by)

    pipeline_slice()

    waiting.refresh_from_db()
    assert waiting.status == Status.PAUSED
    assert "postal address" in waiting.problem


def test_a_budget_needs_a_known_price(world, by):
    with bound(world.acme):
        a_lead()
        campaign = a_campaign(by)
        campaign.writer = Credential(kind=Kind.OPENAI, label="Ours", secret=Secret("k"))
        campaign.writer.save()
        campaign.writer_model, campaign.budget_micros = "a-model-of-next-year", 5_000_000
        campaign.save()

        with pytest.raises(NotReady, match="No price is known for a-model-of-next-year"):
            actions.launch(campaign, by=by)


def test_a_campaigns_daily_cap_holds_the_rest_back(world, by):
    """Guards the `full_today` part of the claim: without it both mails leave today."""
    with bound(world.acme):
        first = approve(a_draft(by), by=by)
        campaign = Campaign.objects.get()
        Campaign.objects.update(status=Status.RUNNING, daily_cap=1)
        second_draft = a_draft(by, campaign=campaign)
        approve(second_draft, by=by)

        claimed = claim(first.mailbox)
        assert claimed is not None
        assert claim(first.mailbox) is None

        Campaign.objects.update(daily_cap=2)
        assert claim(first.mailbox) is not None
