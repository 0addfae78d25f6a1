"""A call that fits a budget is not refused because it was measured in bytes."""

from pathlib import Path

import openai
import pytest
from openai import AsyncOpenAI

from manymind.catalog.catalogue import Catalogue
from manymind.ledger.pricing import CataloguePricing
from manymind.ledger.tightening import Tightening
from tests.flows.stage import on_stage
from tests.world import FakeClock, a_request

PROSE = "The lamp at Grey Point was electrified in nineteen thirty-one. " * 1000
OFFER = "openai/gpt-4o"


@pytest.fixture
def pricing() -> CataloguePricing:
    return CataloguePricing(Catalogue(), FakeClock())


async def test_counted_prose_is_a_quarter_of_its_bytes(pricing: CataloguePricing) -> None:
    request = a_request(PROSE, max_output_tokens=10)
    quick = pricing.worst(OFFER, request)
    closer = await Tightening(pricing, lambda offer: offer)(OFFER, request, quick)
    assert closer.input_tokens * 3 < quick.input_tokens
    assert closer.ticks * 3 < quick.ticks
    assert closer.output_tokens == quick.output_tokens


@pytest.mark.parametrize("offer", ["xai/grok-4", "anthropic/claude-sonnet-4-5", "vllm/gpt-4o"])
async def test_without_a_public_vocabulary_bytes_stay_the_bound(
    pricing: CataloguePricing, offer: str
) -> None:
    request = a_request(PROSE, max_output_tokens=10)
    quick = pricing.worst(offer, request)
    assert await Tightening(pricing, lambda each: each)(offer, request, quick) is quick


async def test_what_cannot_be_counted_exactly_is_bounded_by_its_bytes(
    pricing: CataloguePricing,
) -> None:
    request = a_request("\ud800" * 1000, max_output_tokens=10)
    quick = pricing.worst(OFFER, request)
    closer = await Tightening(pricing, lambda offer: offer)(OFFER, request, quick)
    assert closer.input_tokens >= 3000


async def test_a_budget_between_the_two_bounds_is_enough(tmp_path: Path) -> None:
    """What the vendor would answer matters little here: it was asked."""
    terms = '[providers.openai.prices."gpt-4o"]\ninput = "10"\noutput = "0"\nmax_output = 100\n'
    async with (
        on_stage(tmp_path, settings=terms) as stage,
        AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client,
    ):
        for dollars, refused in (("0.05", True), ("0.25", False)):
            with pytest.raises(openai.APIStatusError) as caught:
                await client.responses.create(
                    model="openai/gpt-4o", input=PROSE, extra_body={"max_cost_usd": float(dollars)}
                )
            assert (caught.value.status_code == 402) is refused
