"""What is listed is described: its price, its window, and where both are known from."""

from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version

import pytest

from manymind.canon.usage import Usage
from manymind.catalog import families
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.genai import SOURCE
from manymind.catalog.listing import Row, listing
from manymind.catalog.offers import Offer
from manymind.catalog.prices import MILLION, Price, Rates, Tier, cost, price_at
from manymind.catalog.sellers import SELLERS
from manymind.catalog.tariffs import tariff

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVERYONE = tuple(seller.name for seller in SELLERS)
CATALOGUE = Catalogue()
ROWS: dict[str, Row] = {row.id: row for row in listing(CATALOGUE, EVERYONE, NOW)}
VENDORS = tuple(seller.name for seller in SELLERS if seller.feed)
TIERED: tuple[tuple[str, Price, Tier], ...] = tuple(
    (offer.key, price, tier)
    for name in VENDORS
    for offer in CATALOGUE.shelf(name).offers
    for price in offer.prices
    for tier in price.tiers
)


def test_more_than_400_models_are_listed_each_with_its_price_and_its_window() -> None:
    described = [row for row in ROWS.values() if row.tariff is not None and row.context]
    assert len(described) > 400
    assert {name for name in ROWS if ROWS[name] not in described} == {"manymind/multi-agent"}


def test_every_price_of_a_listed_model_is_dated_and_names_its_source() -> None:
    priced = [offer for row in ROWS.values() for offer in row.offers if offer.prices]
    assert len(priced) > 400
    undated = [
        offer.key
        for offer in priced
        if offer.priced_by is None or not offer.priced_by.name or offer.priced_by.checked is None
    ]
    assert undated == []


def test_the_date_of_the_feed_is_that_of_the_version_that_is_installed() -> None:
    assert SOURCE.name == f"genai-prices {version('genai-prices')}"


def test_every_rule_of_a_family_names_its_source_and_fits_a_model() -> None:
    blank = [
        Offer(provider=seller.name, native=offer.native, slug=f"{author}{offer.native}")
        for seller in SELLERS
        for author in ("" if seller.resells else f"{seller.authors[0]}/",)
        for offer in CATALOGUE.shelf(seller.name).offers
    ]
    shipped = families.shipped()
    for family in shipped.family:
        alone = families.Families(parameters=shipped.parameters, family=(family,))
        assert family.source
        assert family.parameters is None or family.parameters in shipped.parameters
        told = [offer for offer in alone.described(blank) if offer.described_by]
        assert told or "gpt-6.2" in family.models[0], family.models


@pytest.mark.parametrize(
    ("name", "inputs", "outputs", "most", "parameter"),
    [
        ("openai/gpt-5", ("text", "image", "file"), ("text",), 128_000, "reasoning_effort"),
        ("openai/gpt-4o", ("text", "image", "file"), ("text",), 16_384, "temperature"),
        ("anthropic/claude-opus-4.8", ("text", "image", "file"), ("text",), 128_000, "tools"),
        ("google/gemini-2.5-pro", ("text", "image", "file", "audio", "video"), ("text",), 65_536,
         "structured_outputs"),
        ("x-ai/grok-4", ("text", "image"), ("text",), None, "tools"),
    ],
)  # fmt: skip
def test_a_model_has_modalities_parameters_and_a_longest_answer(
    name: str, inputs: tuple[str, ...], outputs: tuple[str, ...], most: int | None, parameter: str
) -> None:
    row = ROWS[name]
    assert (row.inputs, row.outputs, row.max_output) == (inputs, outputs, most)
    assert parameter in row.parameters


def test_reasoning_of_grok_4_cannot_be_set_switched_off_or_shown() -> None:
    for offer in ROWS["x-ai/grok-4"].offers:
        assert {"reasoning.effort", "reasoning.enabled", "reasoning.summary"} <= {
            *offer.unsupported
        }
        assert not {"reasoning", "reasoning_effort"} & {*offer.parameters}


@pytest.mark.parametrize(
    "key", ["anthropic/claude-opus-4-8", "openrouter/anthropic/claude-opus-4.8"]
)
def test_a_dot_and_a_dash_are_one_to_a_family(key: str) -> None:
    assert "temperature" in CATALOGUE.offer(key).unsupported


def test_a_variant_may_answer_longer_than_its_model() -> None:
    rules = families.Families(
        family=(families.Family(models=("a/b",), source="here", context=9, max_output=3),)
    )
    plain, longer = rules.described(
        Offer(provider="openrouter", native=name, slug=name) for name in ("a/b", "a/b:extended")
    )
    assert (plain.context, plain.max_output) == (9, 3)
    assert (longer.context, longer.max_output) == (None, None)


def test_knowledge_and_retirement_are_dated() -> None:
    assert CATALOGUE.offer("openai/gpt-5").knowledge == "2024-09-30"
    assert CATALOGUE.offer("openai/gpt-5").retires == date(2026, 12, 11)
    assert CATALOGUE.offer("openrouter/openai/gpt-5").retires is None, "OpenRouter has not said so"


@pytest.mark.parametrize(
    ("key", "retires"),
    [
        ("openai/gpt-image-1.5", date(2026, 12, 1)),
        ("anthropic/claude-3-haiku", date(2026, 4, 20)),
        ("anthropic/claude-sonnet-4-5", date(2026, 11, 30)),
        ("gemini/gemini-2.0-flash", date(2026, 6, 1)),
        ("gemini/gemini-2.5-pro", date(2026, 12, 1)),
        ("gemini/gemini-2.5-flash-lite", None),
        ("openrouter/anthropic/claude-sonnet-4.5", None),
    ],
)
def test_a_model_is_retired_by_who_says_so_and_by_nobody_else(
    key: str, retires: date | None
) -> None:
    assert CATALOGUE.offer(key).retires == retires


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ("anthropic/claude-opus-4-6", 128_000),
        ("anthropic/claude-sonnet-4-6", 128_000),
        ("anthropic/claude-sonnet-4-5", 64_000),
        ("openai/o1", 100_000),
        ("openai/o1-mini", None),
        ("openai/gpt-4-32k", None),
        ("gemini/gemini-2.5-flash-preview-tts", None),
    ],
)
def test_the_longest_answer_is_said_only_where_its_maker_says_it(
    key: str, most: int | None
) -> None:
    assert CATALOGUE.offer(key).max_output == most


def test_what_the_feed_and_others_disagree_on_is_settled_with_a_source() -> None:
    """The window of the multi-agent model, the model that OpenRouter's list lacks, and what the
    feed has no word for at all."""
    for key in ("xai/grok-4.20-multi-agent", "openrouter/x-ai/grok-4.20-multi-agent"):
        assert CATALOGUE.offer(key).context == 2_000_000
    for key in ("xai/grok-4", "openrouter/x-ai/grok-4"):
        offer = CATALOGUE.offer(key)
        assert (offer.known, offer.context, offer.inputs) == (True, 256_000, ("text", "image"))
        assert offer.parameters
        assert offer.priced_by is not None
        assert offer.priced_by.checked is not None
        assert all(source.name.startswith("https://") for source in offer.described_by)


def test_what_its_maker_has_retired_is_not_listed_as_his() -> None:
    day = datetime(2026, 12, 11, tzinfo=UTC)
    before = {row.id for row in listing(CATALOGUE, ["openai"], day - timedelta(days=1))}
    after = {row.id for row in listing(CATALOGUE, ["openai"], day)}
    assert "openai/gpt-5" in before - after
    assert CATALOGUE.find("openai/gpt-5", ["openai"]), "it can be asked for, and its maker refuses"


def test_what_another_house_makes_is_not_sold_by_the_gemini_api() -> None:
    assert not [name for name in ROWS if name.startswith("google/claude")]


@pytest.mark.parametrize("name", ["x-ai/grok-4.20-multi-agent"])
def test_every_offer_of_a_model_stands_in_its_row(name: str) -> None:
    assert [offer.provider for offer in ROWS[name].offers] == ["xai", "openrouter"]
    assert {offer.context for offer in ROWS[name].offers} == {2_000_000}


def test_there_are_tiers_to_be_tested() -> None:
    assert len(TIERED) > 50


@pytest.mark.parametrize(
    ("key", "price", "tier"),
    TIERED,
    ids=[f"{key}-{tier.above}-{number}" for number, (key, _, tier) in enumerate(TIERED)],
)
def test_a_tier_begins_with_the_token_after_its_edge(key: str, price: Price, tier: Tier) -> None:
    below = max(
        (each for each in price.tiers if each.above < tier.above),
        key=lambda each: each.above,
        default=None,
    )
    cheap = price.rates if below is None else below.rates
    for tokens, rates in (
        (tier.above - 1, cheap),
        (tier.above, cheap),
        (tier.above + 1, tier.rates),
    ):
        owed = cost(price, Usage(input_tokens=tokens))
        assert owed == -(-(tokens * rates.input + price.request) // MILLION), (key, tokens)
        if tier.counts == "input":
            output = cost(price, Usage(input_tokens=tokens, output_tokens=1_000_000))
            more = rates.output * 1_000_000
            assert output == -(-(tokens * rates.input + price.request + more) // MILLION)


def test_a_tariff_says_what_changes_beyond_an_edge_and_between_hours() -> None:
    told = tariff(CATALOGUE.offer("xai/grok-4").prices, NOW)
    assert told is not None and told.overrides is not None
    assert (told.prompt, told.completion, told.web_search) == ("0.000003", "0.000015", "0.005")
    (change,) = told.overrides
    assert (change.min_prompt_tokens, change.prompt, change.completion) == (
        128_000,
        "0.000006",
        "0.00003",
    )
    hourly = [
        offer.prices
        for name in VENDORS
        for offer in CATALOGUE.shelf(name).offers
        if any(price.hours for price in offer.prices)
    ]
    assert hourly
    for prices in hourly:
        told = tariff(prices, NOW)
        assert told is not None
        assert any(change.utc_start is not None for change in told.overrides or ())


def test_a_tariff_of_another_day_has_that_days_price() -> None:
    prices = (
        Price(rates=Rates(input=10**10)),
        Price(rates=Rates(input=10**9), since=date(2026, 6, 1)),
    )
    before = tariff(prices, datetime(2026, 5, 31, tzinfo=UTC))
    after = tariff(prices, datetime(2026, 6, 1, tzinfo=UTC))
    assert before is not None and after is not None
    assert (before.prompt, after.prompt) == ("0.000001", "0.0000001")
    assert price_at(prices, NOW) == prices[1]
