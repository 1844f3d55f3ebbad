"""A campaign's budget, kept before each call: what is spent, and what is under way at its dearest."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from campaigns.llm.edge import Call
from campaigns.llm.outcomes import Usage
from campaigns.models import Campaign, StageRun, Status
from campaigns.prices import cost, dollars, tokens_in


class Purse:
    """What the campaigns of one slice may still spend. One slice works in a workspace at a time."""

    def __init__(self) -> None:
        self._spent: dict[UUID, Decimal] = {}
        self._under_way: defaultdict[UUID, Decimal] = defaultdict(Decimal)

    def reserve(self, campaign: Campaign, call: Call) -> bool:
        """Set aside what the call costs at most; False when that could pass the budget.

        A model without a known price has no budget that can be kept, so it is not asked.
        """
        if campaign.budget_micros is None:
            return True
        dearest = at_most(call)
        if dearest is None:
            return False
        if self.spent(campaign) + self._under_way[campaign.pk] + dearest > campaign.budget_micros:
            return False
        self._under_way[campaign.pk] += dearest
        return True

    def settle(self, campaign: Campaign, call: Call, paid: int | None) -> None:
        """The call has ended: what it cost takes the place of what was set aside."""
        if campaign.budget_micros is None:
            return
        dearest = at_most(call) or Decimal(0)
        self._under_way[campaign.pk] -= dearest
        self._spent[campaign.pk] = self.spent(campaign) + (dearest if paid is None else paid)

    def spent(self, campaign: Campaign) -> Decimal:
        if campaign.pk not in self._spent:
            found = StageRun.objects.filter(campaign=campaign).aggregate(sum=Sum("cost_micros"))
            self._spent[campaign.pk] = Decimal(found["sum"] or 0)
        return self._spent[campaign.pk]


def at_most(call: Call) -> Decimal | None:
    """Millionths of a dollar if every token is written that may be; None without a known price."""
    usage = Usage(input=tokens_in(call.system + call.prompt), output=call.max_output_tokens)
    return cost(call.provider, call.model, usage, on=timezone.now().date())


def pause_at_budget(campaign: Campaign, spent: Decimal) -> None:
    """No further call for this campaign until a person raises its budget and resumes it."""
    sentence = (
        f"{dollars(spent)} of the budget of {dollars(Decimal(campaign.budget_micros or 0))} is spent, and "
        "the next call could pass it. Raise the budget, then resume."
    )
    Campaign.objects.filter(pk=campaign.pk, status=Status.RUNNING).update(
        status=Status.PAUSED, problem=sentence
    )
