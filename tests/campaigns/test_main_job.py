"""The main job through the product's own functions: enrolled, drafted, audited, approved, scheduled."""

from __future__ import annotations

import pytest

from audit.actors import Actor
from audit.models import AuditRow
from campaigns import actions, approval
from campaigns.errors import MovedMeanwhile, NotReady
from campaigns.models import Draft, Enrollment, Stage, StageRun, Verdict
from leads.models import Lead
from mailbox.models import Delivery, Message
from tenants.binding import bound
from tests.campaigns.world import a_campaign
from tests.world import olga


def test_each_lead_ends_in_review_or_is_no_fit(world, reviewed):
    with bound(world.acme):
        stages = set(Enrollment.objects.values_list("stage", flat=True))
        in_review = Enrollment.objects.filter(stage=Stage.IN_REVIEW).count()
        assert stages <= {Stage.IN_REVIEW, Stage.DISQUALIFIED}
        assert Draft.objects.filter(verdict=Verdict.IN_REVIEW).count() == in_review > 15
        assert StageRun.objects.filter(stage=Stage.QUALIFYING).count() == Lead.objects.count() == 30
        assert StageRun.objects.filter(stage=Stage.AUDITING).count() == in_review


def test_an_approval_schedules_the_exact_bytes(world, reviewed):
    _, by = reviewed
    with bound(world.acme):
        draft = Draft.objects.filter(is_clean=True).first()
        message = approval.approve(draft, by=by)
        message.refresh_from_db()
        assert message.delivery == Delivery.SCHEDULED
        assert b"List-Unsubscribe: <http://acme.localhost:8000/o/" in message.raw
        assert AuditRow.objects.filter(event="draft.approved", about_id=draft.pk).exists()
        with pytest.raises(MovedMeanwhile):
            approval.approve(draft, by=by)


def test_an_edit_voids_the_approval_and_cancels_the_mail(world, reviewed):
    _, by = reviewed
    with bound(world.acme):
        draft = Draft.objects.filter(is_clean=True).first()
        message = approval.approve(draft, by=by)
        edited = approval.edit(draft, subject="Another", body="Another text.", by=by)
        message.refresh_from_db()
        assert (message.delivery, edited.verdict, edited.approved_hash) == ("cancelled", "in_review", None)
        again = approval.approve(edited, by=by)
        assert again.delivery == Delivery.SCHEDULED
        assert Message.objects.count() == 2


def test_a_campaign_without_an_offer_says_what_it_lacks(world):
    person = olga(world)
    by = Actor(person.pk, "Olga")
    with bound(world.acme):
        campaign = a_campaign(by)
        campaign.brief = {}
        campaign.save()
        with pytest.raises(NotReady, match="what you offer"):
            actions.launch(campaign, by=by)
