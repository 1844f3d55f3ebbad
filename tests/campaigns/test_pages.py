"""The pages of campaigns through the door: what they say, what they refuse, and what they change."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from django.test import Client

from accounts.models import WorkspaceProfile
from audit.actors import Actor
from audit.models import AuditRow
from campaigns.approval import approve
from campaigns.forms import PARTS
from campaigns.models import Campaign, Enrollment, SpendingLimit, Stage, StageRun, Status
from campaigns.plans import plan_of
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from leads.models import Label, LabelKind
from mailbox.models import Health, Mailbox, Message, SendingSwitch
from tenants.binding import bound
from tests.campaigns.world import a_call, a_campaign, a_draft
from tests.mail_world import a_lead, a_mailbox
from tests.world import client_of, eddy, olga, rita


@pytest.fixture
def by(world) -> Actor:
    return Actor(olga(world).pk, "Olga")


@pytest.fixture
def browser_of_rita(world, by) -> Client:
    return client_of(world.acme, rita(world))


BRIEF = {
    "name": "Looms",
    "offer": "We repair looms within a day.",
    "goal": "A short call.",
    "legal_basis": "legitimate_interest",
}
MAILS = {"first": "Mention the spring.", "wait_2": 3, "text_2": "Ask once more.", "wait_3": ""}
SENDING = {
    "days": [0, 1, 2],
    "begins": "09:00",
    "ends": "17:00",
    "zone": "Europe/Berlin",
    "countries": ["DE"],
    "daily_cap": 40,
}


def parts(world) -> dict[str, dict[str, object]]:
    """What a person enters on each page of the setup."""
    with bound(world.acme):
        writer = Credential(kind=Kind.SANDBOX, label="Sandbox", secret=Secret("none"))
        writer.save()
        mailbox = a_mailbox()
        label = Label(kind=LabelKind.LIST, name="Mills")
        label.save()
    return {
        "brief": BRIEF,
        "audience": {"label": str(label.pk), "stops_company": "on"},
        "mails": MAILS,
        "models": {"writer": str(writer.pk), "budget": "12.50", "token_budget": "90000"},
        "sending": {**SENDING, "mailboxes": [str(mailbox.pk)]},
    }


def test_a_new_campaign_keeps_the_workspaces_own_hours(world, browser_of_rita):
    with bound(world.acme):
        WorkspaceProfile.objects.update(time_zone="Asia/Tokyo")

    browser_of_rita.post("/campaigns/new/", BRIEF)

    with bound(world.acme):
        assert Campaign.objects.get().schedule["zone"] == "Asia/Tokyo"


def test_each_page_of_the_setup_saves_and_leads_to_the_next(world, browser_of_rita):
    entered = parts(world)

    answer = browser_of_rita.post("/campaigns/new/", entered["brief"])
    for part, following in [*pairwise(entered), ("sending", None)]:
        with bound(world.acme):
            campaign = Campaign.objects.get()
        here = f"/campaigns/{campaign.pk}"
        if part != "brief":
            answer = browser_of_rita.post(f"{here}/setup/{part}/", entered[part])
        leads_to = f"{here}/setup/{following}/" if following else f"{here}/checklist/"
        assert answer.headers["Location"] == leads_to

    page = browser_of_rita.get(answer.headers["Location"]).content
    assert b"Upload leads first." in page
    assert b"No model was asked" in page
    with bound(world.acme):
        campaign.refresh_from_db()
        assert campaign.status == Status.DRAFT
        assert (campaign.budget_micros, campaign.token_budget) == (12_500_000, 90_000)
        assert campaign.schedule["zone"] == "Europe/Berlin"
        assert campaign.audience == {"label": entered["audience"]["label"]}
        steps = campaign.steps.order_by("number")
        assert [(step.number, step.wait_days, step.instructions) for step in steps] == [
            (1, 0, "Mention the spring."),
            (2, 3, "Ask once more."),
        ]
        assert AuditRow.objects.filter(event="campaign.created").count() == 1
        assert AuditRow.objects.filter(event="campaign.changed").count() == 4


def test_a_setup_that_was_left_halfway_is_still_there(world, browser_of_rita):
    browser_of_rita.post("/campaigns/new/", BRIEF)

    page = browser_of_rita.get("/campaigns/").content

    assert b"Looms" in page
    assert b"Draft" in page


@pytest.mark.parametrize(
    ("part", "wrong", "sentence"),
    [
        ("brief", {"allowed_links": "http://plain.test"}, b"is not an https address"),
        ("sending", {"ends": "08:00"}, b"The end has to come after the beginning"),
        ("sending", {"holidays": "Christmas"}, b"Write each date as year-month-day"),
        ("sending", {"mailboxes": []}, b"Mailboxes"),
        ("sending", {"countries": ["XX"]}, b"Public holidays of"),
        ("models", {"budget": "-1"}, b"Budget"),
        ("sending", {"zone": "Mars/Olympus"}, b"Time zone"),
        ("mails", {"wait_2": "0"}, b"greater than or equal to 1"),
        ("audience", {"label": "00000000-0000-0000-0000-000000000000"}, b"Write to"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_saved(world, by, browser_of_rita, part, wrong, sentence):
    entered = parts(world)
    with bound(world.acme):
        campaign = a_campaign(by)
        before = plan_of(campaign)

    answer = browser_of_rita.post(f"/campaigns/{campaign.pk}/setup/{part}/", {**entered[part], **wrong})

    assert answer.status_code == 422
    assert sentence in answer.content
    with bound(world.acme):
        assert plan_of(Campaign.objects.get()) == before


def test_a_key_that_asks_a_model_wants_a_model(world, by, browser_of_rita):
    with bound(world.acme):
        campaign = a_campaign(by)
        key = Credential(kind=Kind.ANTHROPIC, label="Ours", secret=Secret("k"))
        key.save()

    answer = browser_of_rita.post(f"/campaigns/{campaign.pk}/setup/models/", {"writer": str(key.pk)})

    assert b"Name the model to ask at Anthropic." in answer.content


def test_a_part_shows_what_was_entered_and_leaves_the_others_alone(world, by, browser_of_rita):
    entered = parts(world)
    browser_of_rita.post("/campaigns/new/", entered["brief"])
    with bound(world.acme):
        campaign = Campaign.objects.get()
    here = f"/campaigns/{campaign.pk}/setup"
    for part in ("mails", "models", "sending"):
        browser_of_rita.post(f"{here}/{part}/", entered[part])
        with bound(world.acme):
            before = plan_of(Campaign.objects.get())
        shown = browser_of_rita.get(f"{here}/{part}/").context["form"].initial
        assert shown == PARTS[part].entries(before)

    answer = browser_of_rita.post(f"{here}/brief/", {**BRIEF, "name": "Shuttles"})

    assert answer.status_code == 302
    with bound(world.acme):
        after = plan_of(Campaign.objects.get())
        assert after == replace(before, name="Shuttles")


def test_a_stopped_campaign_is_duplicated_and_not_changed(world, by, browser_of_rita):
    with bound(world.acme):
        campaign = a_campaign(by)
        Campaign.objects.update(status=Status.STOPPED)
        plan = plan_of(campaign)

    refused = browser_of_rita.post(f"/campaigns/{campaign.pk}/setup/brief/", BRIEF, follow=True)
    browser_of_rita.post(f"/campaigns/{campaign.pk}/duplicate/")

    assert b"A stopped campaign stays as it is." in refused.content
    with bound(world.acme):
        copy = Campaign.objects.exclude(pk=campaign.pk).get()
        assert copy.status == Status.DRAFT
        assert plan_of(copy) == replace(plan, name="Looms (copy)")
        assert not copy.enrollments.exists()


def test_stopping_everything_pauses_each_campaign_and_all_mail(world, by, browser_of_rita):
    with bound(world.acme):
        for _ in range(2):
            a_campaign(by)
        Campaign.objects.update(status=Status.RUNNING)

    browser_of_rita.post("/campaigns/stop-everything/")

    with bound(world.acme):
        assert {each.status for each in Campaign.objects.all()} == {Status.PAUSED}
        assert SendingSwitch.objects.get().is_paused
        assert AuditRow.objects.filter(event="campaign.paused").count() == 2


def test_only_admins_limit_the_month_and_every_campaign_counts(world, by, browser_of_rita):
    assert browser_of_rita.post("/campaigns/limit/", {"dollars": "5"}).status_code == 403
    browser = client_of(world.acme, eddy(world))
    with bound(world.acme):
        a_call(by)
        StageRun.objects.update(cost_micros=2_500_000)

    browser.post("/campaigns/limit/", {"dollars": "5", "tokens": ""})
    page = browser.get("/campaigns/limit/").content.decode()

    assert "$2.50" in page
    assert "50 of 100" in page
    with bound(world.acme):
        assert SpendingLimit.objects.get().monthly_micros == 5_000_000
        assert AuditRow.objects.filter(event="spending.limited").count() == 1


def test_failed_leads_are_tried_again_where_they_were_and_mailed_ones_are_not(world, by, browser_of_rita):
    with bound(world.acme):
        message = approve(a_draft(by), by=by)
        campaign = Campaign.objects.get()
        mailed = Enrollment.objects.get()
        unfit = Enrollment(campaign=campaign, lead=a_lead("new@engines.test"))
        fit = Enrollment(campaign=campaign, lead=a_lead("fit@engines.test"), fit="yes")
        for each in (unfit, fit):
            each.save()
        Enrollment.objects.update(stage=Stage.FAILED, problem="It failed.")

    asked = browser_of_rita.get(f"/campaigns/{campaign.pk}/try-again/").content
    browser_of_rita.post(f"/campaigns/{campaign.pk}/try-again/")

    assert b"Try 2 failed leads again?" in asked
    with bound(world.acme):
        stages = {each.pk: each.stage for each in Enrollment.objects.all()}
        assert stages == {unfit.pk: Stage.ENROLLED, fit.pk: Stage.DRAFTING, mailed.pk: Stage.FAILED}
        assert Message.objects.get() == message


def test_launch_refuses_with_what_is_missing_then_runs_pauses_and_stops(world, by, browser_of_rita):
    with bound(world.acme):
        campaign = a_campaign(by)
        Mailbox.objects.update(health=Health.BROKEN)
        a_lead()
    here = f"/campaigns/{campaign.pk}"

    refused = browser_of_rita.post(f"{here}/launch/", follow=True)
    assert refused.redirect_chain[-1][0] == f"{here}/checklist/"
    assert b"Connect a mailbox that works." in refused.content

    with bound(world.acme):
        Mailbox.objects.update(health=Health.WORKING)
    for action, status in (
        ("launch", Status.RUNNING),
        ("pause", Status.PAUSED),
        ("launch", Status.RUNNING),
        ("stop", Status.STOPPED),
    ):
        assert browser_of_rita.post(f"{here}/{action}/").status_code == 302
        with bound(world.acme):
            campaign.refresh_from_db()
            assert campaign.status == status
    again = browser_of_rita.post(f"{here}/launch/", follow=True)
    assert b"A stopped campaign cannot become running." in again.content


@pytest.mark.parametrize("action", ["pause", "stop"])
def test_asking_changes_nothing(world, by, browser_of_rita, action):
    with bound(world.acme):
        campaign = a_campaign(by)
        Campaign.objects.update(status=Status.RUNNING)

    answer = browser_of_rita.get(f"/campaigns/{campaign.pk}/{action}/")

    assert answer.status_code == 200
    with bound(world.acme):
        campaign.refresh_from_db()
        assert campaign.status == Status.RUNNING


def test_the_progress_is_a_part_of_its_own_that_polls_while_it_runs(world, by, browser_of_rita):
    with bound(world.acme):
        campaign = a_call(by).campaign
        Campaign.objects.update(status=Status.RUNNING, problem="The key is refused.")
        StageRun.objects.update(cost_micros=2_340_000)

    part = browser_of_rita.get(f"/campaigns/{campaign.pk}/progress/").content.decode()

    assert part.lstrip().startswith('<div id="progress"')
    assert 'hx-trigger="every 3s"' in part
    assert "The key is refused." in part
    assert "$2.34" in part
    with bound(world.acme):
        Campaign.objects.update(status=Status.PAUSED)
    assert "hx-trigger" not in browser_of_rita.get(f"/campaigns/{campaign.pk}/progress/").content.decode()


def test_today_says_what_to_do_next_and_what_waits(world, by, browser_of_rita):
    empty = browser_of_rita.get("/").content.decode()
    for words in ("First steps", "Upload leads", "Connect a mailbox", "Add a key", "Create a campaign"):
        assert words in empty

    with bound(world.acme):
        a_call(by)
        Campaign.objects.update(
            status=Status.PAUSED, problem="The key is refused.", launched_at="2026-01-01T00:00Z"
        )
        Mailbox.objects.update(health=Health.BROKEN)
    busy = browser_of_rita.get("/").content.decode()

    assert "First steps" not in busy
    for words in ("1 draft waits", "The key is refused.", "cannot send"):
        assert words in busy


def test_the_list_costs_the_same_for_one_campaign_and_for_ten(world, by, browser_of_rita, django_count):
    with bound(world.acme):
        a_campaign(by)
    one = django_count(browser_of_rita, "/campaigns/")
    with bound(world.acme):
        for _ in range(9):
            a_campaign(by)

    assert django_count(browser_of_rita, "/campaigns/") == one


def test_a_call_shows_its_texts_its_cost_and_its_clock(world, by, browser_of_rita):
    with bound(world.acme):
        run = a_call(by)
        StageRun.objects.update(cost_micros=1234)

    page = browser_of_rita.get(f"/calls/{run.pk}/").content.decode()

    for words in (
        "Write an email.",
        "Hello.",
        "draft.v1",
        "$0.0013",
        "anonymised in 90 days",
        "No model was asked",
    ):
        assert words in page


def test_calls_are_filtered_and_paged_by_key(world, by, browser_of_rita):
    with bound(world.acme):
        run = a_call(by)
        copies = [
            StageRun(
                campaign=run.campaign,
                stage=Stage.QUALIFYING,
                provider="openai",
                model=f"m{number:02}",
                prompt_name="qualify.v1",
                outcome="rate_limited",
            )
            for number in range(60)
        ]
        StageRun.objects.bulk_create(copies)

    first = browser_of_rita.get("/calls/?outcome=rate_limited")
    assert first.content.count(b'data-label="Model"') == 50
    assert b"m59" in first.content
    second = browser_of_rita.get(f"/calls/?outcome=rate_limited&before={first.context['before']}")
    assert second.content.count(b'data-label="Model"') == 10
    assert browser_of_rita.get("/calls/?stage=drafting").content.count(b'data-label="Model"') == 1
    assert browser_of_rita.get("/calls/?campaign=nonsense&before=nonsense&stage=nonsense").status_code == 200


def test_the_estimate_counts_every_lead_once_at_its_dearest(world, by, browser_of_rita):
    with bound(world.acme):
        campaign = a_campaign(by)
        key = Credential(kind=Kind.OPENAI, label="Ours", secret=Secret("k"))
        key.save()
        Campaign.objects.update(writer=key, writer_model="gpt-6-luna")
        a_lead("one@engines.test")
    one = browser_of_rita.get(f"/campaigns/{campaign.pk}/checklist/").context["estimate"]
    with bound(world.acme):
        a_lead("two@engines.test")

    two = browser_of_rita.get(f"/campaigns/{campaign.pk}/checklist/").context["estimate"]

    assert two.cost == 2 * one.cost > Decimal(0)
