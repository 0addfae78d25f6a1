"""The house opens with whatever is there, and says which setting is wrong where it cannot."""

from pathlib import Path

import pytest
from openai import AsyncOpenAI

from manymind.app.house import READER, TEAM, open_house
from manymind.canon.faults import Fault, OverBudget
from manymind.config import ConfigError
from manymind.ledger.allotments import Purse
from manymind.policy.keys import Caller
from tests.app.stage import KEY, configured, vendors
from tests.world import a_request, listener, serving

OWNER = Caller(id="owner")


async def test_without_any_key_the_team_runs_on_the_reader(tmp_path: Path) -> None:
    async with open_house(configured(tmp_path)) as house:
        assert (house.team.leader, house.team.agent) == (READER, READER)
        assert not any(found.ready for found in house.found)
        heard, say = listener()
        await house.gateway.answer(OWNER, a_request("Hello", model=TEAM), say, key="1")
        assert heard.answer.status == "completed"


async def test_with_a_key_the_team_runs_on_that_vendors_model(tmp_path: Path) -> None:
    config = configured(tmp_path, XAI_API_KEY=KEY)
    async with open_house(config) as house:
        assert house.team.leader == "xai/grok-4.20"


@pytest.mark.parametrize(
    ("keys", "vendor"),
    [
        (("OPENROUTER_API_KEY", "ANTHROPIC_API_KEY", "XAI_API_KEY", "OPENAI_API_KEY"), "xai"),
        (("GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"), "openai"),
        (("GEMINI_API_KEY", "ANTHROPIC_API_KEY", "DEEPSEEK_API_KEY"), "anthropic"),
        (("OPENROUTER_API_KEY", "GEMINI_API_KEY", "COHERE_API_KEY"), "gemini"),
        (("OPENROUTER_API_KEY", "DEEPSEEK_API_KEY"), "openrouter"),
        (("MISTRAL_API_KEY", "DEEPSEEK_API_KEY"), "deepseek"),
    ],
)
async def test_of_several_vendors_the_team_runs_on_the_first_of_a_known_order(
    tmp_path: Path, keys: tuple[str, ...], vendor: str
) -> None:
    config = configured(tmp_path, **dict.fromkeys(keys, KEY))
    async with open_house(config) as house:
        assert house.team.leader.partition("/")[0] == vendor


async def test_a_vendor_goes_before_a_server_of_ones_own(tmp_path: Path) -> None:
    async with vendors() as played:
        config = configured(
            tmp_path, VLLM_BASE_URL=f"{played.url}/v1", VLLM_API_KEY=KEY, ANTHROPIC_API_KEY=KEY
        )
        async with open_house(config) as house:
            assert house.team.leader == "anthropic/claude-sonnet-4-5"


async def test_the_team_runs_on_what_a_server_of_ones_own_serves(tmp_path: Path) -> None:
    async with vendors() as played:
        config = configured(tmp_path, VLLM_BASE_URL=f"{played.url}/v1", VLLM_API_KEY=KEY)
        async with open_house(config) as house:
            assert house.team.leader.startswith("vllm/sim-")


async def test_a_server_that_is_down_leaves_the_team_to_the_reader(tmp_path: Path) -> None:
    config = configured(tmp_path, OLLAMA_HOST="http://127.0.0.1:9")
    async with open_house(config) as house:
        assert house.team.leader == READER


@pytest.mark.parametrize(
    ("settings", "leader", "agent"),
    [
        ('leader = "openai/gpt-5"', "openai/gpt-5", "openai/gpt-5"),
        ('agent = "openai/gpt-5"', "openai/gpt-5", "openai/gpt-5"),
        ('leader = "openai/gpt-5"\nagent = "manymind/reader"', "openai/gpt-5", READER),
    ],
)
async def test_roles_are_those_of_the_settings(
    tmp_path: Path, settings: str, leader: str, agent: str
) -> None:
    config = configured(tmp_path, f"[team]\n{settings}", OPENAI_API_KEY=KEY)
    async with open_house(config) as house:
        assert (house.team.leader, house.team.agent) == (leader, agent)


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ('team.leader = "x-ai/grok-4"', r"team\.leader: .*Set XAI_API_KEY"),
        ('team.agent = "manymind/redaer"', r"team\.agent: .*Did you mean manymind/reader"),
        ('team.leader = "manymind/multi-agent"', r"team\.leader is .* a team itself"),
        ("limits.team_cost_usd = -1", r"limits\.team_cost_usd is -1"),
        ("limits.request_cost_usd = 'nan'", r"limits\.request_cost_usd is "),
        ('ceilings."xai/x" = -2', r"ceilings\.xai/x is -2"),
        ('server.host = "0.0.0.0"', r"Set MANYMIND_API_KEY"),
        ('corpus.folders = ["absent"]', r"corpus\.folders: .*absent"),
        ('providers.acme.dialect = "openai_chat"', r"providers\.acme has no base_url"),
        ('providers.manymind.base_url = "http://a"', r"providers\.manymind is our own"),
        ('providers.openai.dialect = "morse"', r"providers\.openai\.dialect is morse"),
        ('providers.openai.base_url = "ftp://a"', "openai is not an http or https address"),
        ('providers.openai.key_file = "absent"', r"providers\.openai\.key_file is .*absent"),
        (
            '[providers.acme]\nbase_url = "http://a/v1"\nprices."*" = {input = -1, output = 0}',
            r"providers\.acme\.prices\.\*\.input is -1",
        ),
    ],
)
async def test_a_setting_that_cannot_be_kept_is_named(
    tmp_path: Path, settings: str, setting: str
) -> None:
    with pytest.raises(ConfigError, match=setting):
        async with open_house(configured(tmp_path, settings)):
            pass


async def test_an_alias_leads_to_its_model(tmp_path: Path) -> None:
    config = configured(tmp_path, '[aliases]\n"x-ai/old" = "manymind/reader"')
    async with open_house(config) as house:
        heard, say = listener()
        await house.gateway.answer(OWNER, a_request("Hello", model="x-ai/old"), say, key="1")
        assert heard.answer.model == READER


async def test_models_are_listed_with_those_of_ones_own_servers(tmp_path: Path) -> None:
    async with vendors() as played:
        config = configured(tmp_path, VLLM_BASE_URL=f"{played.url}/v1", VLLM_API_KEY=KEY)
        async with (
            open_house(config) as house,
            serving(house.application) as url,
            AsyncOpenAI(base_url=f"{url}/v1", api_key="none") as client,
        ):
            listed = await client.models.list()
    assert {TEAM, READER, "vllm/sim-echo"} <= {model.id for model in listed.data}


async def test_a_limit_of_the_operator_binds_whoever_sets_none(tmp_path: Path) -> None:
    settings = """
    [limits]
    request_cost_usd = "0.01"
    [providers.vllm.prices."*"]
    input = 2
    output = 10
    context = 8000
    """
    async with vendors() as played:
        config = configured(tmp_path, settings, VLLM_BASE_URL=f"{played.url}/v1", VLLM_API_KEY=KEY)
        async with open_house(config) as house:
            _, say = listener()
            dear = a_request("Hello", model="vllm/sim-echo")
            with pytest.raises(OverBudget, match=r"\$0\.01 is left"):
                await house.gateway.answer(OWNER, dear, say, key="1")
            cheap = a_request("Hello", model="vllm/sim-echo", max_output_tokens=20)
            await house.gateway.answer(OWNER, cheap, say, key="2")
    assert len(played.simulated.visits) == 2  # Of which one was for the list of models.


async def test_whoever_watches_sees_what_is_spent(tmp_path: Path) -> None:
    settings = '[providers.vllm.prices."*"]\ninput = 2\noutput = 10\n'
    purses: list[Purse] = []
    async with vendors() as played:
        config = configured(tmp_path, settings, VLLM_BASE_URL=f"{played.url}/v1", VLLM_API_KEY=KEY)
        async with open_house(config, allotted=purses.append) as house:
            heard, say = listener()
            asked = a_request("Hello there", model="vllm/sim-echo")
            await house.gateway.answer(OWNER, asked, say, key="1")
    usage = heard.answer.usage
    assert usage is not None
    assert [purse.spent for purse in purses] == [usage.cost]
    assert usage.cost == 2 * 20_000 + 2 * 100_000


async def test_the_indexing_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("The tower is high.")
    (tmp_path / "notes" / "b.bin").write_bytes(bytes(range(256)))
    told: list[str] = []
    async with open_house(configured(tmp_path, 'corpus.folders = ["notes"]'), told.append):
        pass
    assert told == ["1 document on the shelves", "  left out: b.bin: It is not text."]


async def test_no_fault_shows_the_key(tmp_path: Path) -> None:
    async with vendors() as played:
        config = configured(
            tmp_path, OPENAI_BASE_URL=f"{played.url}/v1", OPENAI_API_KEY=f"{KEY}-wrong"
        )
        async with open_house(config) as house:
            _, say = listener()
            asked = a_request("Hello", model="openai/sim-echo")
            with pytest.raises(Fault) as fault:
                await house.gateway.answer(OWNER, asked, say, key="1")
    assert KEY not in fault.value.full
