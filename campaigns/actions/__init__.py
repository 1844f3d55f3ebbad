"""Writes to campaigns: what they are made of, how they run, what they may spend."""

from campaigns.actions.making import change, create, duplicate
from campaigns.actions.replies import read_replies
from campaigns.actions.running import failed_leads, launch, pause, stop_campaign, stop_everything, try_again
from campaigns.actions.spending import set_limit
from campaigns.plans import Plan, StepPlan

__all__ = [
    "Plan",
    "StepPlan",
    "change",
    "create",
    "duplicate",
    "failed_leads",
    "launch",
    "pause",
    "read_replies",
    "set_limit",
    "stop_campaign",
    "stop_everything",
    "try_again",
]
