"""Providers are found where they are configured, and keys go where their owner sends them."""

from pathlib import Path

from manymind.app.stock import described
from manymind.app.upstreams import Found, discover, reach
from manymind.config import Config
from manymind.providers import find
from tests.app.stage import KEY, configured, vendors


def found(config: Config, name: str) -> Found:
    return next(each for each in discover(config) if each.name == name)


def test_a_provider_is_ready_when_its_variable_is_set(tmp_path: Path) -> None:
    config = configured(tmp_path, XAI_API_KEY=KEY, OLLAMA_HOST="http://127.0.0.1:11434")
    assert {each.name for each in discover(config) if each.ready} == {"xai", "ollama"}
    assert found(config, "xai").note == "key from XAI_API_KEY"
    assert found(config, "openai").setting == "OPENAI_API_KEY"


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    assert not found(configured(tmp_path, XAI_API_KEY="  "), "xai").ready


def test_a_key_may_stand_in_a_variable_or_a_file_that_the_settings_name(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n")
    settings = """
    [providers.xai]
    key_env = "WORK_KEY"
    [providers.openai]
    key_file = "key"
    """
    config = configured(tmp_path, settings, WORK_KEY="from-variable", XAI_API_KEY="usual")
    assert found(config, "xai").settings.key == "from-variable"
    assert found(config, "xai").note == "key from WORK_KEY"
    assert found(config, "openai").settings.key == "from-file"
    assert found(config, "openai").note == "key from the settings file"


def test_a_provider_of_ones_own_is_a_few_lines(tmp_path: Path) -> None:
    settings = """
    [providers.acme]
    base_url = "https://acme.example/v1"
    dialect = "anthropic_messages"
    authors = ["acme", "acme-labs"]
    headers = { "x-team" = "light" }
    """
    acme = found(configured(tmp_path, settings, ACME_API_KEY=KEY), "acme")
    assert acme.ready
    assert acme.upstream.authors == ("acme", "acme-labs")
    assert acme.settings.headers == {"x-team": "light"}
    assert acme.note == "key from ACME_API_KEY, address from the settings file"


def test_what_a_provider_costs_can_be_said(tmp_path: Path) -> None:
    settings = """
    [providers.acme]
    base_url = "https://acme.example/v1"
    [providers.acme.prices."large-1"]
    input = "2.50"
    output = 10
    cached = 0.25
    context = 128_000
    max_output = 8_000
    [providers.acme.prices."*"]
    input = 0
    output = 0
    context = 32_000
    [providers.openai.prices."gpt-5"]
    input = 1
    output = 2
    """
    catalogue = described(configured(tmp_path, settings))
    large = catalogue.offer("acme/large-1")
    assert (large.context, large.max_output, large.known) == (128_000, 8_000, True)
    rates = large.prices[0].rates
    assert (rates.input, rates.cached, rates.output) == (25 * 10**9, 25 * 10**8, 10**11)
    other = catalogue.offer("acme/other")
    assert (other.context, other.prices[0].rates.input) == (32_000, 0)
    agreed = catalogue.offer("openai/gpt-5")
    assert agreed.prices[0].rates.output == 2 * 10**10
    assert agreed.context is not None


def test_every_vendors_own_model_for_teams_is_known_with_its_price(tmp_path: Path) -> None:
    catalogue = described(configured(tmp_path))
    for upstream in find().values():
        if upstream.model is not None:
            offer = catalogue.offer(f"{upstream.name}/{upstream.model}")
            assert offer.known, offer.key
            assert offer.prices, offer.key
            assert offer.context, offer.key


async def test_who_can_be_reached_is_found_out_by_asking(tmp_path: Path) -> None:
    async with vendors() as played:
        config = configured(
            tmp_path,
            VLLM_BASE_URL=f"{played.url}/v1",
            VLLM_API_KEY=KEY,
            OPENAI_BASE_URL=f"{played.url}/v1",
            OPENAI_API_KEY="wrong",
            OLLAMA_HOST="http://127.0.0.1:9",
        )
        problems = await reach(config)
    assert problems["vllm"] == ""
    assert "does not accept our key" in problems["openai"]
    assert problems["ollama"]
    assert problems.keys() == {"vllm", "openai", "ollama"}
