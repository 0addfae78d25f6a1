"""A worst case that is promised holds; where none can be promised, that is said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manymind.canon.items import Said
from manymind.canon.parts import File
from manymind.canon.requests import Function, HostedTool, Reasoning, UnreadTool
from manymind.canon.usage import Usage
from manymind.canon.values import Aside
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.money import dollars, ticks
from manymind.catalog.offers import Offer
from manymind.catalog.prices import Price, Rates, Tier
from manymind.ledger.pricing import CataloguePricing
from tests.world import FakeClock, a_request

TEAM = "xai/grok-4.20-multi-agent"
SMALL = Offer(
    provider="house",
    native="small",
    slug="house/small",
    context=8_000,
    prices=(
        Price(
            rates=Rates(input=ticks("1"), output=ticks("2")),
            tiers=(
                Tier(above=4_000, counts="total", rates=Rates(input=ticks("3"), output=ticks("4"))),
            ),
        ),
    ),
)
ENDLESS = Offer(provider="house", native="endless", slug="house/endless", prices=SMALL.prices)


def pricing(**ceilings: int) -> CataloguePricing:
    catalogue = Catalogue()
    catalogue.add(SMALL, ENDLESS)
    named = {name.replace("_", "/", 1): ceiling for name, ceiling in ceilings.items()}
    return CataloguePricing(catalogue, FakeClock(), ceilings=named)


@given(st.text(max_size=3000), st.integers(1, 3000), st.data())
def test_no_answer_costs_more_than_was_reserved_for_it(
    text: str, max_tokens: int, data: st.DataObject
) -> None:
    prices = pricing()
    worst = prices.worst("house/small", a_request(text, max_output_tokens=max_tokens))
    assert worst.bounded
    usage = Usage(
        input_tokens=data.draw(st.integers(0, len(text.encode()) + 40)),
        output_tokens=data.draw(st.integers(0, max_tokens)),
    )
    assert (prices.cost("house/small", usage) or 0) <= worst.ticks


def test_every_choice_that_is_asked_for_is_reserved() -> None:
    prices = pricing()
    one = prices.worst("house/small", a_request(max_output_tokens=100))
    four = prices.worst("house/small", a_request(max_output_tokens=100, n=4))
    assert (one.output_tokens, four.output_tokens) == (100, 400)
    assert four.ticks > one.ticks


def test_without_a_limit_the_window_bounds_both_sides() -> None:
    worst = pricing().worst("house/small", a_request("x" * 100_000))
    assert (worst.input_tokens, worst.output_tokens) == (8_000, 8_000)
    assert worst.ticks == 8_000 * 30_000 + 8_000 * 40_000


def test_a_file_that_cannot_be_seen_is_bounded_by_the_window() -> None:
    hidden = Said(role="user", parts=(File(file_id="file_1"),))
    worst = pricing().worst("house/small", a_request(items=(hidden,), max_output_tokens=1))
    assert (worst.input_tokens, worst.bounded) == (8_000, True)
    unlimited = pricing().worst("house/endless", a_request(items=(hidden,), max_output_tokens=1))
    assert (unlimited.bounded, unlimited.reason) == (
        False,
        "the request refers to content whose size is not known",
    )


SEARCH = HostedTool(tool="web_search", dialect="openai_responses", data={"type": "web_search"})


@pytest.mark.parametrize(
    ("offer", "fields", "reason"),
    [
        (TEAM, {"max_output_tokens": 10}, "hidden agents"),
        ("xai/grok-99", {"max_output_tokens": 10}, "price is not known"),
        ("house/endless", {}, "limits its output"),
        ("house/small", {"tools": (SEARCH,)}, "calls its tools"),
        ("house/small", {"tools": (UnreadTool(dialect="d", data={}),)}, "calls its tools"),
        ("house/small", {"service_tier": "priority"}, "`service_tier`"),
        ("house/small", {"aside": Aside("d", {"plugins": [], "top_a": 1})}, "`plugins`"),
    ],
)
def test_why_a_cost_cannot_be_promised_is_said(
    offer: str, fields: dict[str, Any], reason: str
) -> None:
    worst = pricing().worst(offer, a_request(**fields))
    assert not worst.bounded
    assert reason in worst.reason


@pytest.mark.parametrize(
    ("offer", "fields"),
    [
        ("house/endless", {"max_output_tokens": 10}),
        ("house/small", {"tools": (Function(name="f"),), "service_tier": "default"}),
        ("house/small", {"aside": Aside("d", {"top_a": 1, "min_p": 0.1})}),
        ("manymind/reader", {}),
        ("manymind/multi-agent", {"tools": (SEARCH,)}),
        ("ollama/llama3:8b", {}),
    ],
)
def test_the_ordinary_case_is_bounded(offer: str, fields: dict[str, Any]) -> None:
    worst = pricing().worst(offer, a_request(**fields))
    assert (worst.bounded, worst.reason) == (True, "")


def test_an_operator_can_promise_a_ceiling_for_each_effort() -> None:
    prices = pricing(**{"xai_grok-4.20-multi-agent": 7, "xai_grok-4.20-multi-agent@high": 9})
    plain = prices.worst(TEAM, a_request())
    high = prices.worst(TEAM, a_request(reasoning=Reasoning(effort="high")))
    assert (plain.ticks, plain.bounded) == (7, True)
    assert (high.ticks, high.bounded) == (9, True)


def test_a_cost_that_nobody_knows_is_not_nothing() -> None:
    assert pricing().cost("xai/grok-99", Usage(input_tokens=1)) is None
    assert pricing().cost("ollama/llama3:8b", Usage(input_tokens=1)) == 0
    assert pricing().cost("manymind/multi-agent", Usage(input_tokens=1)) is None


def test_a_price_changes_on_its_day() -> None:
    usage = Usage(input_tokens=300_000)
    offer = "openrouter/x-ai/grok-4.20"
    before, after = 1_792_367_999.0, 1_792_368_000.0  # either side of 19 October 2026, 0:00 UTC
    costs = [
        CataloguePricing(Catalogue(), FakeClock(today=today)).cost(offer, usage)
        for today in (before, after)
    ]
    assert [dollars(each or 0) for each in costs] == ["0.375", "0.75"]
