"""What a call costs: prices are data with a date and a source, and money is exact.

A price is in US dollars per million tokens, so tokens times price is a number of millionths of a
dollar. A model without a price has no cost: `None`, never zero, and pages have to say so.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal
from functools import lru_cache
from pathlib import Path

from campaigns.llm import Provider
from campaigns.llm.outcomes import Usage

MICROS = Decimal(1_000_000)
BYTES_PER_TOKEN = 3  # fewer than any tokenizer needs for prose: an estimate is rather too high

_FILE = Path(__file__).parent / "prices.json"
_SNAPSHOT = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8})$")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens, as `source` said on `read`.

    It counts from `since` on, and for calls of at most `up_to_input` tokens: longer ones are dearer
    at some providers, and no price is known for them here.
    """

    provider: Provider
    model: str
    input: Decimal
    cached: Decimal
    cache_written: Decimal
    output: Decimal
    since: date
    up_to_input: int | None
    read: date
    source: str


@dataclass(frozen=True, slots=True)
class Planned:
    """Calls of one kind: `prompt` is the text of a typical one, `answer` the tokens it may write."""

    provider: Provider
    model: str
    prompt: str
    answer: int
    calls: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """`cost` in millionths of a dollar covers the models that have a price; `unpriced` names the rest."""

    cost: Decimal
    input: int
    output: int
    unpriced: tuple[str, ...]


def cost(provider: Provider, model: str, usage: Usage, *, on: date) -> Decimal | None:
    """Millionths of a US dollar, exact; None where no price is known for this model and size."""
    if provider is Provider.SANDBOX:
        return Decimal(0)
    found = price(provider, model, on=on)
    if found is None or (found.up_to_input is not None and usage.input > found.up_to_input):
        return None
    plain = max(0, usage.input - usage.cached - usage.cache_written)
    return (
        plain * found.input
        + usage.cached * found.cached
        + usage.cache_written * found.cache_written
        + usage.output * found.output
    )


def price(provider: Provider, model: str, *, on: date) -> Price | None:
    """The latest price of this model that counts on this day. A dated snapshot costs what its model costs."""
    name = model.removeprefix("models/")
    for wanted in dict.fromkeys((name, _SNAPSHOT.sub("", name))):
        rows = [
            row for row in _prices() if (row.provider, row.model) == (provider, wanted) and row.since <= on
        ]
        if rows:
            return max(rows, key=lambda row: row.since)
    return None


def estimate(plans: Iterable[Planned], *, on: date) -> Estimate:
    """What these calls cost at most, with nothing cached and every answer as long as it may be."""
    total, read, written, unpriced = Decimal(0), 0, 0, []
    for plan in plans:
        usage = Usage(input=tokens_in(plan.prompt), output=plan.answer)
        one = cost(plan.provider, plan.model, usage, on=on)
        read += usage.input * plan.calls
        written += usage.output * plan.calls
        if one is None:
            unpriced.append(plan.model)
        else:
            total += one * plan.calls
    return Estimate(total, read, written, tuple(dict.fromkeys(unpriced)))


def tokens_in(text: str) -> int:
    """About as many tokens as this text has, rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def dollars(micros: Decimal) -> str:
    """For a page: cents, or as many digits as a smaller sum needs. Always rounded up."""
    amount = micros / MICROS
    step = Decimal("0.01") if amount == 0 or amount >= Decimal("0.01") else Decimal("0.0001")
    return f"${amount.quantize(step, rounding=ROUND_UP):,}"


@lru_cache(maxsize=1)
def _prices() -> tuple[Price, ...]:
    return tuple(_row(row) for row in json.loads(_FILE.read_text("utf-8")))


def _row(row: dict[str, str | int]) -> Price:
    up_to = row.get("up_to_input")
    return Price(
        provider=Provider(str(row["provider"])),
        model=str(row["model"]),
        input=Decimal(str(row["input"])),
        cached=Decimal(str(row["cached"])),
        cache_written=Decimal(str(row.get("cache_written", row["input"]))),
        output=Decimal(str(row["output"])),
        since=date.fromisoformat(str(row.get("from", "2020-01-01"))),
        up_to_input=int(up_to) if up_to is not None else None,
        read=date.fromisoformat(str(row["read"])),
        source=str(row["source"]),
    )
