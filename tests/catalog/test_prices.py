"""What is owed for a usage, to the tick."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manymind.canon.usage import Usage
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.money import dollars, ticks
from manymind.catalog.prices import (
    MILLION,
    Price,
    Rates,
    Tier,
    ceiling,
    cost,
    price_at,
    prices_of_day,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def price_of(key: str) -> Price:
    price = price_at(Catalogue().offer(key).prices, NOW)
    assert price is not None
    return price


@pytest.mark.parametrize("key", ["xai/grok-4.20-multi-agent-0309", "xai/grok-4.20-multi-agent"])
@pytest.mark.parametrize(
    ("tokens_in", "cached", "tokens_out", "reasoning", "searches", "owed"),
    [
        (11014, 8448, 3159, 2704, 0, 127946000),
        (3682, 3264, 2319, 2230, 0, 69728000),
        (16886, 11648, 6443, 6288, 0, 249846000),
        (12473, 9600, 2560, 2384, 0, 119112500),
        (98165, 43072, 8087, 7740, 21, 2026981500),
    ],
)
def test_a_real_bill_of_the_multi_agent_model_reproduces_to_the_tick(
    key: str,
    tokens_in: int,
    cached: int,
    tokens_out: int,
    reasoning: int,
    searches: int,
    owed: int,
) -> None:
    usage = Usage(
        input_tokens=tokens_in,
        cached_tokens=cached,
        output_tokens=tokens_out,
        reasoning_tokens=reasoning,
        tools={"web_search": searches, "x_search": 0, "code_interpreter": 0, "mcp": 0},
    )
    assert cost(price_of(key), usage) == owed


@pytest.mark.parametrize(
    "key", ["xai/grok-4.20-multi-agent", "openrouter/x-ai/grok-4.20-multi-agent"]
)
@pytest.mark.parametrize(
    ("tokens_in", "tokens_out", "owed"),
    [
        (25_000, 2_000, "0.03625"),
        (400_000, 8_000, "0.52"),
        (900_000, 12_000, "1.155"),
        (1_900_000, 20_000, "2.425"),
        (2_000_000, 50_000, "2.625"),
    ],
)
def test_the_multi_agent_model_is_flat_up_to_its_whole_window(
    key: str, tokens_in: int, tokens_out: int, owed: str
) -> None:
    usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
    amount = cost(price_of(key), usage)
    assert amount is not None
    assert dollars(amount) == owed


@pytest.mark.parametrize("key", ["xai/grok-4", "xai/grok-4-0709", "openrouter/x-ai/grok-4"])
@pytest.mark.parametrize(
    ("tokens_in", "tokens_out", "factor"),
    [
        (127_999, 0, 1),
        (128_000, 0, 1),
        (128_001, 0, 2),
        (100_000, 27_999, 1),
        (100_000, 28_000, 1),
        (100_000, 28_001, 2),
        (0, 128_000, 1),
        (0, 128_001, 2),
    ],
)
def test_grok_4_doubles_once_the_total_is_more_than_128000_tokens(
    key: str, tokens_in: int, tokens_out: int, factor: int
) -> None:
    usage = Usage(input_tokens=tokens_in, cached_tokens=tokens_in // 2, output_tokens=tokens_out)
    fresh = tokens_in - tokens_in // 2
    plain = fresh * 30_000 + (tokens_in // 2) * 7_500 + tokens_out * 150_000
    assert cost(price_of(key), usage) == factor * plain


@pytest.mark.parametrize("key", ["xai/grok-4.3", "openrouter/x-ai/grok-4.3"])
def test_a_tier_of_the_feed_counts_the_prompt_alone_and_has_one_edge_at_all_providers(
    key: str,
) -> None:
    last_cheap = 200_000
    price = price_of(key)
    cheap = cost(price, Usage(input_tokens=last_cheap, output_tokens=1_000_000))
    dear = cost(price, Usage(input_tokens=last_cheap + 1, output_tokens=1_000_000))
    assert cheap == last_cheap * 12_500 + 1_000_000 * 25_000
    assert dear == (last_cheap + 1) * 25_000 + 1_000_000 * 50_000


def test_a_fraction_of_a_tick_is_rounded_up_once_at_the_end() -> None:
    price = Price(rates=Rates(input=ticks("0.00003"), output=ticks("0.00003")))
    assert cost(price, Usage(input_tokens=1, output_tokens=1)) == 1
    assert cost(price, Usage(input_tokens=2, output_tokens=1)) == 1
    assert cost(price, Usage(input_tokens=2, output_tokens=2)) == 2
    assert cost(price, Usage()) == 0


def test_a_tool_whose_fee_is_unknown_makes_the_cost_unknown() -> None:
    price = Price(rates=Rates(input=1), tools={"web_search": 50_000_000 * MILLION})
    assert cost(price, Usage(tools={"web_search": 2})) == 100_000_000
    assert cost(price, Usage(tools={"web_search": 2, "dowsing": 1})) is None
    assert cost(price, Usage(tools={"dowsing": 0})) == 0


def test_every_search_of_anthropic_costs_a_cent() -> None:
    price = price_of("anthropic/claude-haiku-4-5")
    assert cost(price, Usage(tools={"web_search": 3})) == ticks("0.03")


def test_a_cache_that_keeps_for_an_hour_is_dearer_to_fill() -> None:
    price = price_of("anthropic/claude-haiku-4-5")
    written = Usage(input_tokens=1000, cache_written_tokens=1000)
    kept = Usage(input_tokens=1000, cache_written_tokens=1000, cache_written_long_tokens=1000)
    assert cost(price, written) == 1000 * 12_500
    assert cost(price, kept) == 1000 * 20_000


def test_nonsense_counts_of_an_upstream_never_make_money() -> None:
    price = Price(rates=Rates(input=MILLION, cached=MILLION // 2, output=2 * MILLION))
    assert cost(price, Usage(input_tokens=-5, output_tokens=-7, cached_tokens=-1)) == 0
    assert cost(price, Usage(input_tokens=10, cached_tokens=30)) == 15
    assert cost(price, Usage(output_tokens=10, reasoning_tokens=30)) == 60


def test_a_price_holds_from_its_date_and_between_its_hours() -> None:
    first, second = Price(request=1), Price(request=2, since=date(2026, 10, 19))
    night = Price(request=3, hours=(time(22), time(6)))
    prices = (first, second, night)
    assert price_at((first, second), datetime(2026, 10, 18, 23, 59, tzinfo=UTC)) is first
    assert price_at((first, second), datetime(2026, 10, 19, tzinfo=UTC)) is second
    assert price_at(prices, datetime(2026, 10, 20, 21, 59, tzinfo=UTC)) is second
    assert price_at(prices, datetime(2026, 10, 20, 22, tzinfo=UTC)) is night
    assert price_at(prices, datetime(2026, 10, 20, 5, 59, tzinfo=UTC)) is night
    assert price_at(prices, datetime(2026, 10, 20, 6, tzinfo=UTC)) is second
    assert price_at((), NOW) is None
    assert prices_of_day(prices, datetime(2026, 10, 20, 12, tzinfo=UTC)) == (second, night)


rate = st.integers(0, 10**7).map(lambda units: units * 997)
rates = st.builds(
    Rates,
    input=rate,
    cached=st.none() | rate,
    written=st.none() | rate,
    written_long=st.none() | rate,
    output=rate,
    reasoning=st.none() | rate,
)
tiers = st.lists(
    st.builds(
        Tier, above=st.integers(0, 5000), rates=rates, counts=st.sampled_from(["input", "total"])
    ),
    max_size=3,
).map(tuple)
prices = st.builds(Price, rates=rates, tiers=tiers, request=rate)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    tokens_in, tokens_out = draw(st.integers(0, 4000)), draw(st.integers(0, 4000))
    cached = draw(st.integers(0, tokens_in))
    written = draw(st.integers(0, tokens_in - cached))
    return Usage(
        input_tokens=tokens_in,
        cached_tokens=cached,
        cache_written_tokens=written,
        cache_written_long_tokens=draw(st.integers(0, written)),
        output_tokens=tokens_out,
        reasoning_tokens=draw(st.integers(0, tokens_out)),
    )


@given(prices, usages(), st.integers(0, 3000), st.integers(0, 3000))
def test_no_usage_within_the_bounds_costs_more_than_the_ceiling(
    price: Price, usage: Usage, more_in: int, more_out: int
) -> None:
    owed = cost(price, usage)
    most = ceiling(
        price, usage.input_tokens + more_in, usage.output_tokens + more_out, long_cache=True
    )
    assert owed is not None
    assert 0 <= owed <= most


@given(usages(), rates)
def test_a_cost_is_the_exact_sum_rounded_up(usage: Usage, each: Rates) -> None:
    owed = cost(Price(rates=each), usage)
    cached = each.input if each.cached is None else each.cached
    written = each.input if each.written is None else each.written
    kept = written if each.written_long is None else each.written_long
    thought = each.output if each.reasoning is None else each.reasoning
    long = usage.cache_written_long_tokens
    fresh = usage.input_tokens - usage.cached_tokens - usage.cache_written_tokens
    exact = Fraction(
        fresh * each.input
        + usage.cached_tokens * cached
        + (usage.cache_written_tokens - long) * written
        + long * kept
        + (usage.output_tokens - usage.reasoning_tokens) * each.output
        + usage.reasoning_tokens * thought,
        MILLION,
    )
    assert owed is not None
    assert 0 <= owed - exact < 1


@given(st.integers(0, 10**16))
def test_dollars_are_written_without_loss(amount: int) -> None:
    written = dollars(amount)
    assert ticks(written) == amount
    assert "E" not in written
    assert Decimal(written) * 10**10 == amount


@pytest.mark.parametrize("text", ["", "free", "-1", "NaN", "Infinity", "1e400", "1,5", "$1"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        ticks(text)
