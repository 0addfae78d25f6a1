"""The lines of a bill add up to it, whatever the price looks like."""

from hypothesis import given
from hypothesis import strategies as st

from manymind.canon.usage import Usage
from manymind.catalog.arithmetic import lines, total
from manymind.catalog.prices import Price, Rates, Tier, cost

counts = st.integers(-3, 3_000_000)
ticks = st.integers(0, 10**12)
maybe = st.none() | ticks
rates = st.builds(
    Rates,
    input=ticks,
    cached=maybe,
    written=maybe,
    written_long=maybe,
    output=ticks,
    reasoning=maybe,
)
tiers = st.builds(
    Tier, above=st.integers(0, 2_000_000), rates=rates, counts=st.sampled_from(["input", "total"])
)
names = st.sampled_from(["web_search", "x_search", "code"])
prices = st.builds(
    Price,
    rates=rates,
    tiers=st.lists(tiers, max_size=3).map(tuple),
    request=ticks,
    tools=st.dictionaries(names, ticks),
)
usages = st.builds(
    Usage,
    input_tokens=counts,
    cached_tokens=counts,
    cache_written_tokens=counts,
    cache_written_long_tokens=counts,
    output_tokens=counts,
    reasoning_tokens=counts,
    tools=st.dictionaries(names, st.integers(-1, 50)),
)


@given(prices, usages)
def test_the_lines_of_a_bill_add_up_to_its_sum(price: Price, usage: Usage) -> None:
    found = lines(price, usage)
    assert (None if found is None else total(found)) == cost(price, usage)


def test_a_line_says_what_how_many_and_at_which_rate() -> None:
    price = Price(rates=Rates(input=12_500 * 10**6, cached=2_000 * 10**6, output=25_000 * 10**6))
    usage = Usage(input_tokens=11_014, cached_tokens=8_448, output_tokens=3_159)
    found = lines(price, usage)
    assert found is not None
    assert [(line.what, line.quantity) for line in found] == [
        ("input", 2_566),
        ("cached", 8_448),
        ("output", 3_159),
    ]
    assert total(found) == 127_946_000
