"""Models are found by every name that people call them."""

import subprocess
import sys
from datetime import UTC, datetime
from tomllib import loads

import pytest
from msgspec import ValidationError, toml

from manymind.canon.usage import Usage
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.genai_feed import GenaiPrices
from manymind.catalog.listing import listing
from manymind.catalog.missing import missing
from manymind.catalog.offers import Offer
from manymind.catalog.overlay import Overlay, shipped
from manymind.catalog.prices import Price, Rates, cost, price_at

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ALL = ("openrouter", "xai", "openai", "anthropic", "ollama", "manymind")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(aliases={"smart": "anthropic/claude-opus-4.8", "team": "manymind/multi-agent"})


def keys(catalogue: Catalogue, name: str, *providers: str) -> list[str]:
    return [offer.key for offer in catalogue.find(name, providers or ALL)]


@pytest.mark.parametrize("name", ["x-ai/grok-4", "xai/grok-4", "grok-4"])
def test_a_model_is_offered_by_its_author_first_and_then_by_a_reseller(
    catalogue: Catalogue, name: str
) -> None:
    assert keys(catalogue, name) == ["xai/grok-4", "openrouter/x-ai/grok-4"]


def test_a_dated_deployment_is_the_model_that_a_reseller_knows_by_its_alias(
    catalogue: Catalogue,
) -> None:
    assert keys(catalogue, "xai/grok-4.20-multi-agent-0309") == [
        "xai/grok-4.20-multi-agent-0309",
        "openrouter/x-ai/grok-4.20-multi-agent",
    ]


@pytest.mark.parametrize(
    "name", ["claude-opus-4.8", "anthropic/claude-opus-4.8", "Claude-Opus-4-8", "smart"]
)
def test_every_provider_is_asked_in_its_own_spelling(catalogue: Catalogue, name: str) -> None:
    assert keys(catalogue, name) == [
        "anthropic/claude-opus-4-8",
        "openrouter/anthropic/claude-opus-4.8",
    ]


def test_a_provider_named_before_the_slash_that_resells_is_meant_alone(
    catalogue: Catalogue,
) -> None:
    assert keys(catalogue, "openrouter/x-ai/grok-4") == ["openrouter/x-ai/grok-4"]


def test_an_unlisted_date_of_a_model_has_the_price_of_that_model(catalogue: Catalogue) -> None:
    (offer, *_) = catalogue.find("claude-opus-4-8-20991231", ["anthropic"])
    assert offer.key == "anthropic/claude-opus-4-8-20991231"
    assert offer.prices == catalogue.offer("anthropic/claude-opus-4-8").prices


def test_a_variant_of_openrouter_goes_to_openrouter_alone(catalogue: Catalogue) -> None:
    assert keys(catalogue, "x-ai/grok-4.1-fast:free") == ["openrouter/x-ai/grok-4.1-fast:free"]
    (offer,) = catalogue.find("x-ai/grok-4:online", ALL)
    assert offer.key == "openrouter/x-ai/grok-4:online"
    assert offer.prices == (), "a search is paid beside the tokens, so this is another price"


def test_a_free_variant_costs_nothing(catalogue: Catalogue) -> None:
    (offer,) = catalogue.find("x-ai/grok-4.1-fast:free", ALL)
    price = price_at(offer.prices, NOW)
    assert price is not None
    assert cost(price, Usage(input_tokens=10**6, output_tokens=10**6)) == 0


def test_a_model_that_nobody_described_is_left_to_the_provider_that_was_named(
    catalogue: Catalogue,
) -> None:
    (offer,) = catalogue.find("xai/grok-99", ["xai"])
    assert (offer.key, offer.prices, offer.known) == ("xai/grok-99", (), False)
    (other,) = catalogue.find("brand/new", ["openai", "openrouter"])
    assert other.key == "openrouter/brand/new"


def test_a_model_on_our_own_machine_is_free_and_keeps_its_colon(catalogue: Catalogue) -> None:
    (offer,) = catalogue.find("ollama/llama3:8b", ALL)
    assert offer.native == "llama3:8b"
    assert offer.prices == (Price(),)


def test_our_own_house_serves_what_it_has_and_no_more(catalogue: Catalogue) -> None:
    assert keys(catalogue, "manymind/reader") == ["manymind/reader"]
    assert keys(catalogue, "team") == ["manymind/multi-agent"]
    assert keys(catalogue, "manymind/gpt-5.5") == []


@pytest.mark.parametrize("name", ["", "/", "//", "x-ai/", "/grok-4", ":", "x" * 100_000, "a/b/c/d"])
def test_no_name_is_so_odd_that_looking_it_up_fails(catalogue: Catalogue, name: str) -> None:
    catalogue.find(name, ALL)
    assert len(missing(catalogue, name, ALL).full) < 2000


def test_a_fine_tune_with_colons_stays_with_its_provider(catalogue: Catalogue) -> None:
    assert keys(catalogue, "openai/ft:gpt-4o:us::x", "openai") == ["openai/ft:gpt-4o:us::x"]


def test_models_found_at_run_time_take_their_place(catalogue: Catalogue) -> None:
    mine = Catalogue()
    mine.add(Offer(provider="ollama", native="qwen3:4b", slug="ollama/qwen3:4b", context=4096))
    assert keys(mine, "qwen3:4b", "ollama") == ["ollama/qwen3:4b"]
    assert mine.offer("ollama/qwen3:4b").context == 4096
    assert keys(catalogue, "qwen3:4b", "ollama") == []


def test_the_fault_for_a_model_without_its_provider_names_the_settings(
    catalogue: Catalogue,
) -> None:
    fault = missing(catalogue, "x-ai/grok-4", ["openai"])
    assert fault.full == (
        "No provider is configured for x-ai/grok-4. Set XAI_API_KEY or OPENROUTER_API_KEY."
    )
    assert (fault.status, fault.field) == (404, "model")


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("claude-sonnet-9", "ANTHROPIC_API_KEY"),
        ("GPT-9-mini", "OPENAI_API_KEY"),
        ("o3", "OPENAI_API_KEY"),
        ("grok-9", "XAI_API_KEY"),
    ],
)
def test_a_bare_name_whose_house_is_plain_asks_for_its_key(
    catalogue: Catalogue, name: str, setting: str
) -> None:
    fault = missing(catalogue, name, ["manymind/reader"])
    assert fault.full == (
        f"No provider is configured for {name}. Set {setting} or OPENROUTER_API_KEY."
    )
    assert "Set" not in missing(catalogue, name, ["openrouter", "openai", "xai"]).advice


def test_an_empty_name_is_called_empty(catalogue: Catalogue) -> None:
    assert missing(catalogue, "", ALL).message == "The model's name is empty."


def test_the_fault_for_a_slip_of_the_pen_names_what_was_meant(catalogue: Catalogue) -> None:
    fault = missing(catalogue, "manymind/multiagent", ["manymind"])
    assert fault.full == "No model manymind/multiagent. Did you mean manymind/multi-agent?"
    assert "openai/gpt-5.5" in missing(catalogue, "gpt-5.55", ["openai"]).advice


def test_the_fault_for_nonsense_names_what_there_is(catalogue: Catalogue) -> None:
    fault = missing(catalogue, "zzz", ["openai", "manymind"])
    assert "manymind, openai" in fault.advice
    variant = missing(catalogue, "x-ai/grok-4:free", ["xai"])
    assert "only OpenRouter serves" in variant.message


def test_only_what_is_served_is_suggested(catalogue: Catalogue) -> None:
    fault = missing(catalogue, "manymind/multi-agents", ["manymind/reader", "ollama"])
    assert "multi-agent " not in fault.advice
    assert "manymind, ollama" in fault.advice


def test_a_name_longer_than_any_is_served_by_nobody(catalogue: Catalogue) -> None:
    assert keys(catalogue, "brand/" + "x" * 250) != []
    assert keys(catalogue, "brand/" + "x" * 251) == []


def test_a_listing_has_one_row_for_a_model_and_the_authors_own_price(
    catalogue: Catalogue,
) -> None:
    rows = {row.id: row for row in listing(catalogue, ALL, NOW)}
    grok = rows["x-ai/grok-4"]
    assert (grok.name, grok.owner, grok.context) == ("xAI: Grok 4", "x-ai", 256_000)
    assert (grok.prompt_price, grok.completion_price, grok.cached_price) == (
        "0.000003",
        "0.000015",
        "0.00000075",
    )
    assert grok.created == 1752019200
    assert grok.inputs == ("text", "image")
    team = rows["x-ai/grok-4.20-multi-agent"]
    assert (team.prompt_price, team.completion_price) == ("0.00000125", "0.0000025")
    assert team.context == 2_000_000
    assert len(rows) > 350
    assert not [name for name in rows if name.startswith("~") or name.endswith(":batch")]


def test_a_listing_of_one_model_of_ours_lists_no_other(catalogue: Catalogue) -> None:
    rows = listing(catalogue, ["manymind/reader"], NOW)
    assert [row.id for row in rows] == ["manymind/reader"]
    assert rows[0].prompt_price == "0"


def test_every_row_of_the_overlay_is_dated_and_sourced() -> None:
    overlay = shipped()
    for row in (*overlay.offer, *overlay.fees):
        assert row.source
        assert row.checked.year >= 2026


def test_an_overlay_changes_what_it_names_and_leaves_the_rest() -> None:
    overlay = toml.decode(
        """
        [[offer]]
        provider = "house"
        native = "one"
        context = 5
        source = "here"
        checked = 2026-11-21
        [[fees]]
        provider = "house"
        tools = { web_search = "5" }
        source = "here"
        checked = 2026-11-21
        """,
        type=Overlay,
    )
    one = Offer(
        provider="house",
        native="1",
        slug="house/1",
        aliases=("one",),
        max_output=7,
        prices=(Price(rates=Rates(input=3)),),
    )
    (laid,) = overlay.laid_over("house", [one])
    assert (laid.native, laid.context, laid.max_output) == ("1", 5, 7)
    assert laid.prices[0].rates == Rates(input=3)
    assert cost(laid.prices[0], Usage(tools={"web_search": 1})) == 50_000_000


@pytest.mark.parametrize("wrong", ["price = 3", "checked = 'soon'", "colour = 'red'"])
def test_a_mistake_in_an_overlay_is_refused(wrong: str) -> None:
    text = f"[[offer]]\nprovider='a'\nnative='b'\nsource='c'\n{wrong}\n"
    assert loads(text)
    with pytest.raises(ValidationError):
        toml.decode(text, type=Overlay)


def test_the_price_data_are_not_read_before_someone_asks_for_a_model() -> None:
    program = (
        "import sys, manymind.catalog.catalogue as c, manymind.catalog.missing, "
        "manymind.catalog.listing\n"
        "mine = c.Catalogue(); mine.find('manymind/reader', ['manymind', 'ollama'])\n"
        "assert 'genai_prices' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_unlisted_spelling_is_worked_out_once() -> None:
    feed = GenaiPrices()
    meant = feed.match("anthropic", "claude-sonnet-4-5-20250929")
    assert meant is not None
    assert feed.match("anthropic", "claude-sonnet-4-5-20250929") is meant
