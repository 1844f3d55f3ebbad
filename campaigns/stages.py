"""The life of an enrolled lead and of a campaign, as tables; a move is compare-and-set.

enrolled -> qualifying -> disqualified
                       -> drafting -> auditing -> in_review -> approved -> scheduled -> sending -> sent
sent -> drafting (the next step) · sending -> uncertain -> sent · any -> stopped · any -> failed
"""

from __future__ import annotations

from typing import Any

from campaigns.errors import IllegalMove, MovedMeanwhile
from campaigns.models import Campaign, Enrollment, Stage, Status

FOLLOWS: dict[Stage, set[Stage]] = {
    Stage.ENROLLED: {Stage.QUALIFYING},
    Stage.QUALIFYING: {Stage.DISQUALIFIED, Stage.DRAFTING},
    Stage.DISQUALIFIED: {Stage.DRAFTING},
    Stage.DRAFTING: {Stage.AUDITING},
    Stage.AUDITING: {Stage.IN_REVIEW},
    Stage.IN_REVIEW: {Stage.APPROVED, Stage.DRAFTING},
    Stage.APPROVED: {Stage.SCHEDULED, Stage.IN_REVIEW},
    Stage.SCHEDULED: {Stage.SENDING, Stage.IN_REVIEW},
    Stage.SENDING: {Stage.SENT, Stage.SCHEDULED, Stage.UNCERTAIN},
    Stage.SENT: {Stage.DRAFTING},
    Stage.UNCERTAIN: {Stage.SENT},
    Stage.STOPPED: set(),
    Stage.FAILED: {Stage.ENROLLED, Stage.DRAFTING},
}
ENDINGS = {Stage.STOPPED, Stage.FAILED}
OPEN = [stage for stage in Stage if stage not in {Stage.STOPPED, Stage.FAILED, Stage.DISQUALIFIED}]

CAMPAIGN_FOLLOWS: dict[Status, set[Status]] = {
    Status.DRAFT: {Status.RUNNING, Status.STOPPED},
    Status.RUNNING: {Status.PAUSED, Status.FINISHED, Status.STOPPED},
    Status.PAUSED: {Status.RUNNING, Status.STOPPED},
    Status.FINISHED: {Status.RUNNING, Status.STOPPED},
    Status.STOPPED: set(),
}


def move(enrollment: Enrollment, to: Stage, **changes: Any) -> None:
    """Bring the enrollment to stage `to` if it is still where we saw it.

    Raises `IllegalMove` for a stage that does not follow, `MovedMeanwhile` when another was faster.
    """
    was = Stage(enrollment.stage)
    refuse_illegal(was, to)
    values = {"stage": to, "lease_until": None, "attempts": 0, "problem": "", **changes}
    if not Enrollment.objects.filter(pk=enrollment.pk, stage=was).update(**values):
        raise MovedMeanwhile
    for name, value in values.items():
        setattr(enrollment, name, value)


def refuse_illegal(was: Stage, to: Stage) -> None:
    if to not in FOLLOWS[was] and not (to in ENDINGS and was not in ENDINGS):
        raise IllegalMove(f"A lead that is “{was.label.lower()}” cannot become “{to.label.lower()}”.")


def advance(enrollment: Enrollment, *path: Stage) -> None:
    """As `move`, in memory only: for rows that the caller has locked and will write together."""
    for to in path:
        if to not in FOLLOWS[Stage(enrollment.stage)]:
            raise IllegalMove(f"A lead that is “{enrollment.stage}” cannot become “{to.label.lower()}”.")
        enrollment.stage = to
    enrollment.lease_until, enrollment.attempts, enrollment.problem = None, 0, ""


def move_campaign(campaign: Campaign, to: Status, **changes: Any) -> None:
    """As `move`, for a campaign."""
    was = Status(campaign.status)
    if to not in CAMPAIGN_FOLLOWS[was]:
        raise IllegalMove(f"A {was.label.lower()} campaign cannot become {to.label.lower()}.")
    if not Campaign.objects.filter(pk=campaign.pk, status=was).update(status=to, **changes):
        raise MovedMeanwhile
    campaign.status = to
    for name, value in changes.items():
        setattr(campaign, name, value)
