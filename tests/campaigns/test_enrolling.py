"""Who gets into a campaign, and which of two briefs each is told."""

from __future__ import annotations

import pytest

from audit.actors import Actor
from campaigns import actions
from campaigns.asking import facts_of
from campaigns.models import Campaign, Draft, Enrollment, Stage, Verdict
from campaigns.queries.results import comparison
from leads.models import Label, LabelKind, Labelled
from mailbox.models import Delivery, Direction, Message, Thread
from tenants.binding import bound
from tests.campaigns.world import a_campaign
from tests.mail_world import a_lead, a_mailbox
from tests.world import client_of, olga, rita


@pytest.fixture
def by(world) -> Actor:
    return Actor(olga(world).pk, "Olga")


def test_only_those_who_carry_the_label_are_enrolled(world, by):
    with bound(world.acme):
        campaign = a_campaign(by)
        inside, _ = a_lead("in@engines.test"), a_lead("out@engines.test")
        label = Label(kind=LabelKind.LIST, name="Mills")
        label.save()
        Labelled(label=label, lead=inside).save()
        Campaign.objects.update(audience={"label": str(label.pk)})
        campaign.refresh_from_db()

        assert actions.launch(campaign, by=by) == 1
        assert Enrollment.objects.get().lead == inside

        other = a_lead("late@engines.test")
        Labelled(label=label, lead=other).save()
        actions.pause(campaign, by=by)
        assert actions.launch(campaign, by=by) == 1


def test_a_list_that_is_gone_enrolls_nobody(world, by):
    """Guards against a deleted list becoming everyone."""
    with bound(world.acme):
        campaign = a_campaign(by)
        a_lead()
        Campaign.objects.update(audience={"label": "00000000-0000-0000-0000-000000000000"})
        campaign.refresh_from_db()

        assert actions.launch(campaign, by=by) == 0


def test_a_colleague_of_somebody_who_answered_is_not_enrolled_later(world, by):
    with bound(world.acme):
        campaign = a_campaign(by)
        first = a_lead("first@engines.test")
        a_lead("second@engines.test")
        actions.launch(campaign, by=by)
        Enrollment.objects.filter(lead=first).update(stage=Stage.STOPPED, stop_reason="replied")
        Enrollment.objects.exclude(lead=first).update(stage=Stage.STOPPED, stop_reason="company_replied")
        a_lead("third@engines.test")
        a_lead("else@looms.test")
        actions.pause(campaign, by=by)

        assert actions.launch(campaign, by=by) == 1


def test_half_of_the_leads_are_told_the_second_brief(world, by):
    with bound(world.acme):
        campaign = a_campaign(by)
        Campaign.objects.update(brief_b=None)
        campaign.brief_b = {"offer": "We rent looms by the day."}
        campaign.save()
        for number in range(60):
            a_lead(f"p{number}@firm{number}.test")
        actions.launch(campaign, by=by)

        found = Enrollment.objects.select_related("campaign", "lead", "thread__mailbox")
        told = {each.variant: facts_of(each).brief for each in found}
        sizes = [found.filter(variant=variant).count() for variant in "ab"]

    assert min(sizes) > 10
    assert "We repair looms within a day." in told["a"]
    assert "We rent looms by the day." in told["b"]
    assert "We repair looms within a day." not in told["b"]
    assert "A short call." in told["b"], "What the second brief leaves out is the first one's."


def written_to(campaign: Campaign, variant: str, *, mails: int, reason: str = "") -> None:
    """A lead that got so many mails, as sending leaves it."""
    lead = a_lead(f"{variant}{Enrollment.objects.count()}@firm.test")
    thread = Thread(mailbox=campaign.mailboxes.get(), lead=lead)
    thread.save()
    enrollment = Enrollment(
        campaign=campaign, lead=lead, variant=variant, thread=thread, stage=Stage.SENT, stop_reason=reason
    )
    enrollment.save()
    for step in range(1, mails + 1):
        message = Message(
            thread=thread,
            mailbox=thread.mailbox,
            direction=Direction.OUT,
            delivery=Delivery.SENT,
            message_id=f"<{lead.pk}-{step}>",
            subject="Hi",
            body="Hi",
        )
        message.save()
        draft = Draft(enrollment=enrollment, step=step, verdict=Verdict.APPROVED, message=message)
        draft.subject = draft.body = "Hi"
        draft.save()


def test_the_comparison_counts_people_once_however_many_mails_they_got(world, by):
    with bound(world.acme):
        campaign = a_campaign(by)
        campaign.brief_b = {"offer": "We rent looms by the day."}
        campaign.save()
        written_to(campaign, "a", mails=3, reason="replied")
        written_to(campaign, "a", mails=1)
        written_to(campaign, "b", mails=2, reason="opted_out")
        written_to(campaign, "b", mails=0, reason="replied")

        found = comparison(campaign)
    page = client_of(world.acme, rita(world)).get(f"/campaigns/{campaign.pk}/").content.decode()

    assert [(half.written, half.replied, half.opted_out) for half in found.halves] == [(2, 1, 0), (1, 0, 1)]
    assert "1 of 2 answered A, 0 of 1 answered B. Too few to tell" in page
    assert "Mails sent" in page
    assert '<svg class="columns"' in page


def test_leads_are_spread_over_the_mailboxes_that_work(world, by):
    from campaigns.asking import mailbox_of
    from mailbox.models import Health, Mailbox

    with bound(world.acme):
        campaign = a_campaign(by)
        campaign.mailboxes.add(a_mailbox("two@acme.sandbox"), a_mailbox("three@acme.sandbox"))
        for number in range(40):
            a_lead(f"p{number}@firm{number}.test")
        actions.launch(campaign, by=by)
        enrolled = Enrollment.objects.select_related("campaign", "thread__mailbox")
        used = {str(mailbox_of(each)) for each in enrolled}
        broken = campaign.mailboxes.first()
        Mailbox.objects.filter(pk=broken.pk).update(health=Health.BROKEN)
        left = {str(mailbox_of(each)) for each in Enrollment.objects.select_related("campaign")}
        out = str(broken.address)

    assert len(used) == 3
    assert left == used - {out}
