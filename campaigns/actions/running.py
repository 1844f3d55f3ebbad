"""Launch, pause, stop, and try again what failed."""

from __future__ import annotations

from uuid import UUID

from django.db import connections, transaction
from django.utils import timezone

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from campaigns.errors import IllegalMove, NotReady
from campaigns.models import Campaign, Enrollment, Stage, Status
from campaigns.reactions import stop
from campaigns.readiness import missing
from campaigns.stages import ENDINGS, move_campaign
from mailbox.actions import pause_sending
from tenants import bells

# Leads that are suppressed or have stopped are not enrolled, nor colleagues of somebody who has answered;
# the claim of a send looks again. The variant is the lead's own: its id's last bits are random.
ENROLL = """
    INSERT INTO enrollments (id, campaign_id, lead_id, stage, step, variant, fit, stop_reason, problem,
                             attempts, due_at, created_at)
    SELECT gen_random_uuid(), %(campaign)s, l.id, 'enrolled', 1,
           CASE WHEN %(has_two)s AND get_byte(uuid_send(l.id), 15) %% 2 = 1 THEN 'b' ELSE 'a' END,
           '', '', '', 0, now(), now()
    FROM leads l
    WHERE l.standing = 'open'
      AND (%(label)s::uuid IS NULL
           OR EXISTS (SELECT 1 FROM labelled m WHERE m.lead_id = l.id AND m.label_id = %(label)s::uuid))
      AND NOT EXISTS (SELECT 1 FROM suppressions s
                      WHERE (NOT s.covers_domain AND s.index = l.email_index)
                         OR (s.covers_domain AND s.index = l.domain_index))
      AND NOT EXISTS (SELECT 1 FROM enrollments e JOIN leads o ON o.id = e.lead_id
                      WHERE e.campaign_id = %(campaign)s AND e.stop_reason = 'company_replied'
                        AND o.domain_index = l.domain_index)
    ON CONFLICT (campaign_id, lead_id) DO NOTHING
"""


@transaction.atomic
def launch(campaign: Campaign, *, by: Actor) -> int:
    """Start or resume; enrolls whom the audience has gained. Raises `NotReady` with what is missing."""
    if lacks := missing(campaign):
        raise NotReady(" ".join(need.sentence for need in lacks))
    move_campaign(campaign, Status.RUNNING, launched_at=timezone.now(), problem="", resumes_at=None)
    enrolled = _enroll(campaign)
    record(Event.CAMPAIGN_LAUNCHED, by=by, about=campaign, enrolled=enrolled)
    for kind in ("pipeline", "send"):
        bells.ring(kind)
    return enrolled


def _enroll(campaign: Campaign) -> int:
    wanted = {
        "campaign": campaign.pk,
        "label": campaign.audience.get("label"),
        "has_two": campaign.brief_b is not None,
    }
    with connections["default"].cursor() as cursor:
        cursor.execute(ENROLL, wanted)
        return int(cursor.rowcount)


@transaction.atomic
def pause(campaign: Campaign, *, by: Actor) -> None:
    """Nothing more is asked or sent until a person launches it again, also where it would go on by itself."""
    if not Campaign.objects.filter(pk=campaign.pk, resumes_at__isnull=False).update(resumes_at=None):
        move_campaign(campaign, Status.PAUSED)
    record(Event.CAMPAIGN_PAUSED, by=by, about=campaign)


@transaction.atomic
def stop_campaign(campaign: Campaign, *, by: Actor) -> None:
    """For good: every lead that has not ended is stopped, and waiting mail cancelled."""
    move_campaign(campaign, Status.STOPPED, resumes_at=None)
    open_ones = campaign.enrollments.exclude(stage__in=ENDINGS | {Stage.DISQUALIFIED})
    stop(list(open_ones), "campaign")
    record(Event.CAMPAIGN_STOPPED, by=by, about=campaign)


@transaction.atomic
def stop_everything(*, by: Actor) -> int:
    """No model is asked and no mail leaves in the whole workspace; each campaign waits to be resumed."""
    Campaign.objects.filter(resumes_at__isnull=False).update(resumes_at=None)
    running = list(Campaign.objects.filter(status=Status.RUNNING).select_for_update())
    for campaign in running:
        move_campaign(campaign, Status.PAUSED, problem="Everything was stopped by hand.")
        record(Event.CAMPAIGN_PAUSED, by=by, about=campaign)
    pause_sending(by=by, reason="Everything was stopped by hand.")
    return len(running)


@transaction.atomic
def try_again(campaign: Campaign, *, by: Actor) -> int:
    """Let the leads that failed before they had a draft in review be asked about once more."""
    if campaign.status == Status.STOPPED:
        raise IllegalMove("A stopped campaign stays as it is.")
    number = 0
    for stage, ids in failed_leads(campaign).items():
        again = Enrollment.objects.filter(pk__in=ids, stage=Stage.FAILED)
        number += again.update(stage=stage, due_at=timezone.now(), attempts=0, problem="")
    record(Event.CAMPAIGN_TRIED_AGAIN, by=by, about=campaign, leads=number)
    bells.ring("pipeline")
    return number


def failed_leads(campaign: Campaign) -> dict[Stage, list[UUID]]:
    """Those that no model's answer came for, by the stage at which they go on.

    A mail that failed at its server is not asked about again.
    """
    failed = campaign.enrollments.filter(stage=Stage.FAILED).exclude(drafts__message__isnull=False)
    found: dict[Stage, list[UUID]] = {Stage.ENROLLED: [], Stage.DRAFTING: []}
    for uid, fit in failed.distinct().values_list("pk", "fit"):
        found[Stage.DRAFTING if fit else Stage.ENROLLED].append(uid)
    return found
