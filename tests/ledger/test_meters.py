"""What an attempt is charged, however it ends."""

import pytest
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import fold
from manymind.canon.events import (
    Began,
    Chunk,
    Ended,
    Happened,
    Opened,
    Spent,
    Wire,
    Wrote,
    spoken,
)
from manymind.canon.items import Said
from manymind.canon.ports import Worst
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.offers import Offer
from manymind.catalog.prices import MILLION, Price, Rates
from manymind.ledger.meters import OfferMeter, metering
from manymind.ledger.pricing import CataloguePricing
from tests.world import FakeClock, Heard, a_request, listener

PRICED = Offer(
    provider="house",
    native="m",
    slug="house/m",
    context=1000,
    prices=(Price(rates=Rates(input=10 * MILLION, output=20 * MILLION)),),
)
ASKED = a_request("hello", max_output_tokens=50)
BEGAN = Began(id="r", model="m")
USED = Usage(input_tokens=100, output_tokens=10)


class Known(Struct, frozen=True):
    """A stake that has been worked out."""

    request: Request
    worst: Worst


def a_meter(offer: str = "house/m", request: Request = ASKED) -> tuple[OfferMeter, Worst, Heard]:
    catalogue = Catalogue()
    catalogue.add(PRICED)
    pricing = CataloguePricing(catalogue, FakeClock())
    heard, say = listener()
    worst = pricing.worst(offer, request)
    meter = metering(pricing)(offer, Known(request, worst), say)
    assert isinstance(meter, OfferMeter)
    return meter, worst, heard


def words(text: str) -> tuple[Happened, ...]:
    return (Opened(item="a", value=Said(role="assistant")), Wrote(item="a", text=text))


async def test_a_counted_answer_is_charged_by_its_counts_and_says_so() -> None:
    meter, _, heard = a_meter()
    await meter(spoken(BEGAN, *words("hi"), Spent(usage=USED), Ended()))
    bill = meter.bill()
    assert (bill.ticks, bill.basis) == (100 * 10 + 10 * 20, "usage")
    assert heard.answer.usage == replace(USED, cost=1200)


async def test_the_wire_stays_beside_a_chunk_whose_cost_was_filled_in() -> None:
    meter, _, heard = a_meter()
    wire = Wire("openai_chat", {"usage": {"novel": 1}})
    await meter(Chunk((Spent(usage=USED),), wire))
    assert heard[0].wire is wire


async def test_what_the_provider_says_it_charged_counts_where_it_is_more() -> None:
    for reported, owed in ((5000, 5000), (7, 1200), (None, 1200)):
        meter, _, _ = a_meter()
        used = replace(USED, reported_cost=reported)
        await meter(spoken(BEGAN, Spent(usage=used), Ended()))
        assert meter.bill().ticks == owed


async def test_an_answer_without_a_count_is_charged_its_whole_reservation() -> None:
    meter, worst, heard = a_meter()
    wire = Wire("openai_chat", {})
    await meter(Chunk((BEGAN, *words("four"), Ended()), wire))
    bill = meter.bill()
    assert (bill.ticks, bill.basis) == (worst.ticks, "reservation")
    usage = heard.answer.usage
    assert usage is not None
    assert (usage.estimated, usage.output_tokens, usage.cost) == (True, 1, worst.ticks)
    assert heard[0].wire is None, "the message on the wire holds no such count"


async def test_a_stream_that_is_cut_is_charged_for_the_prompt_and_what_arrived() -> None:
    meter, worst, _ = a_meter()
    await meter(spoken(BEGAN, *words("twelve bytes")))
    bill = meter.bill()
    assert (bill.ticks, bill.basis) == (worst.input_tokens * 10 + 12 * 20, "arrived")
    assert bill.ticks < worst.ticks


async def test_a_cut_stream_that_counted_its_prompt_is_charged_for_that_prompt() -> None:
    meter, _, _ = a_meter()
    first = Usage(input_tokens=30, output_tokens=1)
    await meter(spoken(BEGAN, Spent(usage=first), *words("abc")))
    assert meter.bill().ticks == 30 * 10 + 3 * 20


async def test_a_cut_stream_costs_no_more_than_was_reserved() -> None:
    meter, worst, _ = a_meter()
    await meter(spoken(BEGAN, *words("x" * 5000)))
    assert meter.bill().ticks == worst.ticks


async def test_what_never_began_costs_nothing_unless_words_came() -> None:
    meter, _, _ = a_meter()
    assert meter.bill(unbilled=True).ticks == 0
    await meter(spoken(BEGAN, *words("words")))
    assert meter.bill(unbilled=True).ticks > 0


async def test_a_team_pays_nothing_itself_and_its_own_sum_stands() -> None:
    meter, _, heard = a_meter("manymind/multi-agent")
    used = Usage(input_tokens=10**6, cost=777)
    await meter(spoken(BEGAN, Spent(usage=used), Ended()))
    assert (meter.bill().ticks, meter.bill().basis) == (0, "inner")
    assert heard.answer.usage == used


async def test_the_counts_of_an_agent_within_are_left_alone() -> None:
    meter, _, heard = a_meter()
    await meter(spoken(BEGAN, Spent(voice="agent-1", usage=USED), Spent(usage=USED), Ended()))
    assert fold(heard, "agent-1").usage == USED
    assert meter.bill().ticks == 1200


@pytest.mark.parametrize("usage", [USED, None])
async def test_a_model_of_unknown_price_has_an_unknown_cost(usage: Usage | None) -> None:
    meter, _, heard = a_meter("xai/grok-99")
    spent = () if usage is None else (Spent(usage=usage),)
    await meter(spoken(BEGAN, *spent, Ended()))
    told = heard.answer.usage
    assert told is not None
    assert told.cost is None
    assert meter.bill().ticks == 0


async def test_a_local_model_is_free_however_it_ends() -> None:
    meter, _, _ = a_meter("ollama/llama3:8b", a_request("hello"))
    await meter(spoken(BEGAN, *words("abc")))
    assert meter.bill().ticks == 0
    await meter(spoken(Ended()))
    assert meter.bill().ticks == 0
