"""Money is exact, a price has its date and its source, and an unknown model has no cost."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from campaigns import prices
from campaigns.llm import Provider
from campaigns.llm.outcomes import Usage
from campaigns.prices import Planned, cost, dollars, estimate, price, tokens_in

DAY = date(2026, 11, 23)
LATER = date(2027, 1, 1)


@pytest.mark.parametrize(
    ("provider", "model", "usage", "micros"),
    [
        (Provider.OPENAI, "gpt-5-mini", Usage(input=1000, output=200), "650"),
        (Provider.OPENAI, "gpt-5-mini", Usage(input=1000, cached=400, output=200, reasoning=150), "560"),
        (Provider.OPENAI, "gpt-5-mini-2025-08-07", Usage(input=1000, output=200), "650"),
        (Provider.OPENAI, "gpt-6-luna", Usage(input=1000, cached=500, cache_written=300, output=1), "63.0"),
        (Provider.OPENAI, "gpt-5-nano", Usage(input=3, output=1), "0.55"),
        (
            Provider.ANTHROPIC,
            "claude-haiku-4-5",
            Usage(input=105, cached=60, cache_written=5, output=50),
            "302.25",
        ),
        (Provider.ANTHROPIC, "claude-haiku-4-5-20251001", Usage(output=1), "5"),
        (Provider.GOOGLE, "models/gemini-2.5-flash", Usage(input=10, output=10), "28"),
        (Provider.SANDBOX, "templates", Usage(input=10, output=10), "0"),
        (Provider.OPENAI, "gpt-5-mini", Usage(), "0"),
        (Provider.OPENAI, "gpt-5-mini", Usage(input=1, cached=5), "0.125"),
    ],
)
def test_a_call_costs_its_tokens_to_the_last_digit(provider, model, usage, micros):
    assert cost(provider, model, usage, on=DAY) == Decimal(micros)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        (Provider.OPENAI, "gpt-99"),
        (Provider.OPENAI, "claude-haiku-4-5"),
        (Provider.OPENAI, "gpt-5-mini-tuned"),
        (Provider.COMPATIBLE, "gpt-5-mini"),
        (Provider.OPENAI, ""),
    ],
)
def test_an_unknown_model_has_no_cost(provider, model):
    assert cost(provider, model, Usage(input=1, output=1), on=DAY) is None


def test_a_call_beyond_the_size_that_a_price_is_for_has_no_cost():
    assert cost(Provider.ANTHROPIC, "claude-haiku-5-5", Usage(input=100_000), on=DAY) == 10_000
    assert cost(Provider.ANTHROPIC, "claude-haiku-5-5", Usage(input=100_001), on=DAY) is None


def test_a_price_that_changes_changes_on_its_day():
    usage = Usage(input=1_000_000)

    assert cost(Provider.GOOGLE, "gemini-3.8-flash", usage, on=LATER - timedelta(days=1)) == 750_000
    assert cost(Provider.GOOGLE, "gemini-3.8-flash", usage, on=LATER) == 1_500_000


def test_every_price_has_a_date_a_source_and_sense():
    rows = json.loads(prices._FILE.read_text("utf-8"))
    keys = [(row["provider"], row["model"], row.get("from")) for row in rows]

    assert len(set(keys)) == len(keys)
    for row in prices._prices():
        assert row.source.startswith("https://")
        assert date(2026, 1, 1) <= row.read <= date(2026, 12, 31)
        assert 0 < row.cached <= row.input < row.output
        assert row.input <= row.cache_written <= 2 * row.input
    assert {row.provider for row in prices._prices()} == {
        Provider.OPENAI,
        Provider.ANTHROPIC,
        Provider.GOOGLE,
    }


def test_an_estimate_adds_up_and_names_what_it_does_not_know():
    plans = [
        Planned(Provider.OPENAI, "gpt-5-mini", "x" * 3000, 200, 10),
        Planned(Provider.COMPATIBLE, "local", "x" * 300, 100, 10),
        Planned(Provider.COMPATIBLE, "local", "x" * 300, 100, 1),
        Planned(Provider.SANDBOX, "templates", "x" * 300, 100, 10),
    ]

    total = estimate(plans, on=DAY)

    assert total.cost == 6500
    assert total.unpriced == ("local",)
    assert (total.input, total.output) == (12_100, 4_100)
    assert estimate([], on=DAY).cost == 0


@pytest.mark.parametrize(
    ("text", "most"), [("", 0), ("word " * 100, 200), ("Грузия " * 100, 600), ("\ud800", 1)]
)
def test_tokens_are_rather_over_than_under_estimated(text, most):
    assert len(text.split()) <= tokens_in(text) <= most


@pytest.mark.parametrize(
    ("micros", "shown"),
    [
        *(("0", "$0.00"), ("6500", "$0.0065"), ("1", "$0.0001"), ("10000", "$0.01")),
        *(("10001", "$0.02"), ("1234567890", "$1,234.57")),
    ],
)
def test_a_sum_on_a_page_is_never_rounded_down(micros, shown):
    assert dollars(Decimal(micros)) == shown


def test_a_price_can_be_shown_with_its_source():
    found = price(Provider.OPENAI, "gpt-5-mini", on=DAY)

    assert found is not None
    assert (found.read, found.source) == (date(2026, 11, 5), "https://developers.openai.com/api/docs/pricing")
