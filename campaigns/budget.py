"""What calls may cost, kept before each of them: what is spent, and what is under way at its dearest.

Two caps, each in money and in tokens: a campaign's own, and the workspace's for a calendar month (UTC).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from campaigns.llm.edge import Call
from campaigns.llm.outcomes import Usage
from campaigns.models import Campaign, SpendingLimit, StageRun
from campaigns.prices import cost, dollars, tokens_in

GOES_ON = "It goes on by itself when the month is over, or once the limit is raised."


@dataclass(slots=True)
class Cap:
    """One limit and what is used of it; None is no limit. `whose` begins its sentences, `then` ends them."""

    whose: str
    micros: int | None
    tokens: int | None
    then: str = "Raise it, then resume."
    spent: Decimal = Decimal(0)
    used: int = 0

    @property
    def binds(self) -> bool:
        return self.micros is not None or self.tokens is not None

    def against(self, money: Decimal | None, tokens: int) -> str:
        """What this cap has against a call that costs at most so much; empty when nothing."""
        if self.micros is not None and money is None:
            return f"{self.whose} is a sum of money, and no price is known for the model. Choose another."
        if self.micros is not None and self.spent + (money or 0) > self.micros:
            return (
                f"{dollars(self.spent)} of {self.whose} of {dollars(Decimal(self.micros))} is spent, and "
                f"the next call could pass it. {self.then}"
            )
        if self.tokens is not None and self.used + tokens > self.tokens:
            return (
                f"{self.used:,} of {self.whose} of {self.tokens:,} tokens are used, and the next call "
                f"could pass it. {self.then}"
            )
        return ""

    @property
    def has_room(self) -> bool:
        """Whether anything is left of it."""
        has_money = self.micros is None or self.spent < self.micros
        return has_money and (self.tokens is None or self.used < self.tokens)

    def add(self, money: Decimal, tokens: int) -> None:
        self.spent += money
        self.used += tokens


@dataclass(frozen=True, slots=True)
class Over:
    """Why a call is not made, and whether the next month is enough for it to be."""

    sentence: str
    passes_with_the_month: bool


class Purse:
    """What the campaigns of one slice may still use. One slice works in a workspace at a time."""

    def __init__(self) -> None:
        self._month = month_cap()
        self._campaigns: dict[UUID, Cap] = {}

    def reserve(self, campaign: Campaign, call: Call) -> Over | None:
        """Set aside what the call costs at most, or say which cap it could pass.

        A model without a known price has no money cap that can be kept, so it is not asked.
        """
        money, tokens = at_most(call), tokens_at_most(call)
        for cap in (self.cap(campaign), self._month):
            if sentence := cap.against(money, tokens):
                passes = cap is self._month and not (money is None and cap.micros is not None)
                return Over(sentence, passes_with_the_month=passes)
        self.set_aside(campaign, call)
        return None

    def set_aside(self, campaign: Campaign, call: Call) -> None:
        """Count a call that is under way at its dearest."""
        self._add(campaign, at_most(call) or Decimal(0), tokens_at_most(call))

    def take_back(self, campaign: Campaign, call: Call) -> None:
        """A call that was counted is not made."""
        self._add(campaign, -(at_most(call) or Decimal(0)), -tokens_at_most(call))

    def settle(self, campaign: Campaign, call: Call, run: StageRun) -> None:
        """The call has ended: what it used takes the place of what was set aside."""
        dearest = at_most(call) or Decimal(0)
        paid = dearest if run.cost_micros is None else Decimal(run.cost_micros)
        tokens = run.input_tokens + run.output_tokens
        self._add(campaign, paid - dearest, tokens - tokens_at_most(call))

    def cap(self, campaign: Campaign) -> Cap:
        if campaign.pk not in self._campaigns:
            self._campaigns[campaign.pk] = campaign_cap(campaign)
        return self._campaigns[campaign.pk]

    def _add(self, campaign: Campaign, money: Decimal, tokens: int) -> None:
        self.cap(campaign).add(money, tokens)
        self._month.add(money, tokens)


def campaign_cap(campaign: Campaign) -> Cap:
    """The campaign's own caps, and what its calls have used so far."""
    cap = Cap("the campaign's budget", campaign.budget_micros, campaign.token_budget)
    if cap.binds:
        cap.add(*used(StageRun.objects.filter(campaign=campaign)))
    return cap


def month_cap() -> Cap:
    """The workspace's caps for this month, and what all of its calls have used of them."""
    limit = SpendingLimit.objects.first() or SpendingLimit()
    cap = Cap("the workspace's monthly limit", limit.monthly_micros, limit.monthly_tokens, GOES_ON)
    if cap.binds:
        cap.add(*used(StageRun.objects.filter(at__gte=month_began(timezone.now()))))
    return cap


def month_began(now: datetime) -> datetime:
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(now: datetime) -> datetime:
    return month_began(month_began(now) + timedelta(days=32))


def used(runs: QuerySet[StageRun]) -> tuple[Decimal, int]:
    found = runs.aggregate(money=Sum("cost_micros"), tokens=Sum(F("input_tokens") + F("output_tokens")))
    return Decimal(found["money"] or 0), int(found["tokens"] or 0)


def at_most(call: Call) -> Decimal | None:
    """Millionths of a dollar if every token is written that may be; None without a known price."""
    usage = Usage(input=tokens_in(call.system + call.prompt), output=call.max_output_tokens)
    return cost(call.provider, call.model, usage, on=timezone.now().date())


def tokens_at_most(call: Call) -> int:
    return tokens_in(call.system + call.prompt) + call.max_output_tokens
