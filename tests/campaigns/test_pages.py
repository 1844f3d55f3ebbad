"""The pages of campaigns through the door: what they say, what they refuse, and what they change."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from audit.actors import Actor
from audit.models import AuditRow
from campaigns.models import Campaign, Stage, StageRun, Status
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from mailbox.models import Health, Mailbox
from tenants.binding import bound
from tests.campaigns.world import a_call, a_campaign
from tests.mail_world import a_lead, a_mailbox
from tests.world import client_of, olga, rita


@pytest.fixture
def by(world) -> Actor:
    return Actor(olga(world).pk, "Olga")


@pytest.fixture
def browser_of_rita(world, by) -> Client:
    return client_of(world.acme, rita(world))


def entries(world) -> dict[str, object]:
    with bound(world.acme):
        writer = Credential(kind=Kind.SANDBOX, label="Sandbox", secret=Secret("none"))
        writer.save()
        mailbox = a_mailbox()
    return {
        "name": "Looms",
        "offer": "We repair looms within a day.",
        "goal": "A short call.",
        "legal_basis": "legitimate_interest",
        "writer": str(writer.pk),
        "mailboxes": [str(mailbox.pk)],
        "days": [0, 1, 2],
        "begins": "09:00",
        "ends": "17:00",
        "zone": "Europe/Berlin",
        "daily_cap": 40,
        "budget": "12.50",
        "first-instructions": "Mention the spring.",
        "later-TOTAL_FORMS": 2,
        "later-INITIAL_FORMS": 0,
        "later-0-wait_days": 3,
        "later-0-instructions": "Ask once more.",
        "later-1-wait_days": "",
    }


def test_a_member_creates_a_campaign_and_is_shown_what_it_lacks(world, browser_of_rita):
    answer = browser_of_rita.post("/campaigns/new/", entries(world), follow=True)

    assert answer.status_code == 200
    assert b"Upload leads first." in answer.content
    assert b"No model was asked" in answer.content
    with bound(world.acme):
        campaign = Campaign.objects.get()
        assert campaign.status == Status.DRAFT
        assert campaign.budget_micros == 12_500_000
        assert campaign.schedule["zone"] == "Europe/Berlin"
        steps = campaign.steps.order_by("number")
        assert [(step.number, step.wait_days, step.instructions) for step in steps] == [
            (1, 0, "Mention the spring."),
            (2, 3, "Ask once more."),
        ]
        assert AuditRow.objects.filter(event="campaign.created").count() == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"allowed_links": "http://plain.test"}, b"is not an https address"),
        ({"ends": "08:00"}, b"The end has to come after the beginning"),
        ({"holidays": "Christmas"}, b"Write each date as year-month-day"),
        ({"mailboxes": []}, b"Mailboxes"),
        ({"budget": "-1"}, b"Budget"),
        ({"zone": "Mars/Olympus"}, b"Time zone"),
        ({"later-0-wait_days": "0"}, b"greater than or equal to 1"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_saved(world, browser_of_rita, wrong, sentence):
    answer = browser_of_rita.post("/campaigns/new/", {**entries(world), **wrong})

    assert answer.status_code == 422
    assert sentence in answer.content
    with bound(world.acme):
        assert not Campaign.objects.exists()


def test_a_key_that_asks_a_model_wants_a_model(world, browser_of_rita):
    wanted = entries(world)
    with bound(world.acme):
        key = Credential(kind=Kind.ANTHROPIC, label="Ours", secret=Secret("k"))
        key.save()

    answer = browser_of_rita.post("/campaigns/new/", {**wanted, "writer": str(key.pk)})

    assert b"Name the model to ask at Anthropic." in answer.content


def test_an_edit_keeps_what_was_entered(world, by, browser_of_rita):
    browser_of_rita.post("/campaigns/new/", entries(world))
    with bound(world.acme):
        campaign = Campaign.objects.get()
    page = browser_of_rita.get(f"/campaigns/{campaign.pk}/edit/").content.decode()
    for words in ("We repair looms within a day.", "09:00", "12.5", "Ask once more.", "Mention the spring."):
        assert words in page

    answer = browser_of_rita.post(f"/campaigns/{campaign.pk}/edit/", {**entries(world), "name": "Shuttles"})

    assert answer.status_code == 302
    with bound(world.acme):
        campaign.refresh_from_db()
        assert campaign.name == "Shuttles"
        assert AuditRow.objects.filter(event="campaign.changed").count() == 1


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
