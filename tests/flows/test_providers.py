"""Every vendor's file against a real socket: found by its variable, at its path, with its key
where it wants it, in its dialect; and its models have prices."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from manymind import dialects
from manymind.app.upstreams import Found, discover
from manymind.canon.embeddings import EmbedRequest
from manymind.canon.items import Called
from manymind.canon.requests import Function, Request
from manymind.catalog.catalogue import Catalogue
from manymind.config import Flags, load
from manymind.egress.trusted import Trusted
from manymind.providers import build, find, models
from manymind.providers.embedding import embedder
from manymind.server.simulated import Simulated, Visit, fingerprint
from tests.server.simulating import PARAMETERS
from tests.world import a_desk, a_request, listener, serving

KEY = "sk-canary-5d20"
BEARER = ("authorization", f"Bearer {fingerprint(KEY)}")


class Way(Struct, frozen=True):
    """Where a dialect is spoken, and the header that bears the key there."""

    path: str
    header: tuple[str, str] = BEARER
    streamed: str = ""


def under(path: str, *names: str) -> dict[str, Way]:
    paths = {
        "openai_chat": "/chat/completions",
        "openai_responses": "/responses",
        "anthropic_messages": "/messages",
    }
    return {name: Way(path + paths[name]) for name in names}


def shown_as(header: str) -> tuple[str, str]:
    return header, fingerprint(KEY)


CHAT, RESPONSES, MESSAGES, GEMINI = (
    "openai_chat",
    "openai_responses",
    "anthropic_messages",
    "gemini",
)
WAYS: Mapping[str, dict[str, Way]] = {
    "anthropic": {MESSAGES: Way("/v1/messages", shown_as("x-api-key"))},
    "azure": {
        RESPONSES: Way("/openai/v1/responses", shown_as("api-key")),
        CHAT: Way("/openai/v1/chat/completions", shown_as("api-key")),
    },
    "bedrock": {
        **under("/openai/v1", CHAT, RESPONSES),
        MESSAGES: Way("/anthropic/v1/messages"),
    },
    "cerebras": under("/v1", CHAT),
    "cloudflare": under("/v1", CHAT, RESPONSES),
    "cohere": under("/compatibility/v1", CHAT),
    "deepseek": {
        **under("/v1", CHAT),
        MESSAGES: Way("/anthropic/v1/messages", shown_as("x-api-key")),
    },
    "fireworks": under("/inference/v1", CHAT, MESSAGES, RESPONSES),
    "gemini": {
        GEMINI: Way(
            "/v1beta/models/{}:generateContent",
            shown_as("x-goog-api-key"),
            "/v1beta/models/{}:streamGenerateContent",
        ),
        CHAT: Way("/v1beta/openai/chat/completions"),
    },
    "groq": under("/openai/v1", CHAT, RESPONSES),
    "llamacpp": under("/v1", CHAT),
    "lmstudio": under("/v1", CHAT),
    "minimax": {
        MESSAGES: Way("/anthropic/v1/messages"),
        **under("/v1", CHAT, RESPONSES),
    },
    "mistral": under("/v1", CHAT),
    "moonshot": {
        **under("/v1", CHAT, RESPONSES),
        MESSAGES: Way("/anthropic/v1/messages"),
    },
    "nvidia": under("/v1", CHAT),
    "ollama": under("/v1", CHAT),
    "openai": under("/v1", RESPONSES, CHAT),
    "openrouter": under("/v1", CHAT, RESPONSES, MESSAGES),
    "perplexity": under("/v1", RESPONSES),
    "qwen": {
        **under("/compatible-mode/v1", CHAT),
        MESSAGES: Way("/apps/anthropic/v1/messages", shown_as("x-api-key")),
    },
    "together": under("/v1", CHAT),
    "vllm": under("/v1", CHAT),
    "voyage": {},
    "xai": under("/v1", RESPONSES, CHAT, MESSAGES),
    "zai": {
        **under("/api/paas/v4", CHAT),
        MESSAGES: Way("/api/anthropic/v1/messages"),
    },
}
"""The first is what a request in a dialect that the vendor does not speak goes out in."""

EMBEDDING = {
    "azure": "/openai/v1/embeddings",
    "cloudflare": "/v1/embeddings",
    "cohere": "/compatibility/v1/embeddings",
    "fireworks": "/inference/v1/embeddings",
    "gemini": "/v1beta/openai/embeddings",
    "llamacpp": "/v1/embeddings",
    "lmstudio": "/v1/embeddings",
    "mistral": "/v1/embeddings",
    "ollama": "/v1/embeddings",
    "openai": "/v1/embeddings",
    "openrouter": "/v1/embeddings",
    "qwen": "/compatible-mode/v1/embeddings",
    "together": "/v1/embeddings",
    "vllm": "/v1/embeddings",
    "voyage": "/v1/embeddings",
}

KNOWN = {
    "azure": "text-embedding-3-small",
    "bedrock": "amazon.nova-lite-v1:0",
    "cerebras": "gpt-oss-120b",
    "cloudflare": "@cf/baai/bge-m3",
    "cohere": "command-r-plus",
    "deepseek": "deepseek-v4-flash",
    "fireworks": "deepseek-v3p2",
    "gemini": "gemini-2.5-flash",
    "groq": "llama-3.1-8b-instant",
    "minimax": "MiniMax-M2.7",
    "mistral": "mistral-large-2512",
    "moonshot": "kimi-k2.6",
    "openai": "text-embedding-3-small",
    "perplexity": "perplexity/sonar",
    "together": "openai/gpt-oss-120b",
    "voyage": "voyage-4",
    "zai": "GLM-4.7",
}
"""A model of each vendor whose prices the feed has."""


class Stage(Struct, frozen=True):
    found: Found
    simulated: Simulated
    client: Trusted

    async def ask(self, request: Request) -> tuple[Visit, list[object]]:
        provider = build(self.found.upstream, self.found.settings, self.client, dialects.find())
        heard, say = listener()
        await provider.run(request, say, a_desk())
        return self.simulated.visits[-1], [heard.answer.text, *heard.answer.items]


@asynccontextmanager
async def vendor(name: str, folder: Path) -> AsyncGenerator[Stage]:
    """A vendor as its file has it, played by the simulation at another address."""
    upstream = find()[name]
    simulated = Simulated(key=KEY)
    client = Trusted()
    async with serving(simulated) as url:
        environment = {
            "HOME": str(folder),
            upstream.credentials[0].variable: KEY,
            upstream.address_variables[-1]: url,
        }
        config = load(Flags(data=folder / "data"), environment)
        found = next(each for each in discover(config) if each.name == name)
        assert found.ready, found.note
        yield Stage(found, simulated, client)
        await client.aclose()


def test_every_file_is_tried() -> None:
    assert WAYS.keys() == find().keys()
    assert EMBEDDING.keys() == {name for name, each in find().items() if each.embeds}


SPOKEN = [(name, dialect) for name, ways in WAYS.items() for dialect in ways]


@pytest.mark.parametrize(("name", "dialect"), SPOKEN)
async def test_a_vendor_is_asked_at_its_path_with_its_key_in_its_dialect(
    tmp_path: Path, name: str, dialect: str
) -> None:
    way = WAYS[name][dialect]
    async with vendor(name, tmp_path) as stage:
        asked = replace(
            a_request("2 and 3"), model="sim-adder", dialect=dialect, max_output_tokens=50
        )
        visit, answer = await stage.ask(asked)
        assert answer[0] == "2 + 3 = 5"
        assert visit.path == way.path.format("sim-adder")
        header, value = way.header
        assert visit.headers[header] == value
        assert KEY not in str(visit.headers)
        others = {"authorization", "x-api-key", "x-goog-api-key", "api-key"} - {header}
        assert not others & visit.headers.keys()
        if dialect == MESSAGES:
            assert visit.headers["anthropic-version"] == "2023-06-01"
        streamed, again = await stage.ask(replace(asked, stream=True))
        assert again[0] == answer[0]
        assert streamed.path == (way.streamed or way.path).format("sim-adder")
        weather = Function(name="weather", parameters=PARAMETERS)
        for stream in (False, True):
            calling = replace(asked, model="sim-caller", tools=(weather,), stream=stream)
            _, called = await stage.ask(calling)
            calls = [item for item in called if isinstance(item, Called)]
            assert [each.name for each in calls] == ["weather"]


@pytest.mark.parametrize("name", [name for name, ways in WAYS.items() if ways])
async def test_a_request_in_a_strange_dialect_goes_the_preferred_way(
    tmp_path: Path, name: str
) -> None:
    async with vendor(name, tmp_path) as stage:
        asked = replace(a_request("4"), model="sim-adder", dialect="esperanto")
        visit, answer = await stage.ask(asked)
        preferred = next(iter(WAYS[name].values()))
        assert (visit.path, answer[0]) == (preferred.path.format("sim-adder"), "4 = 4")


@pytest.mark.parametrize("name", EMBEDDING)
async def test_a_vendor_of_vectors_is_asked_at_its_path(tmp_path: Path, name: str) -> None:
    async with vendor(name, tmp_path) as stage:
        asks = embedder(stage.found.upstream, stage.found.settings, stage.client)
        assert asks is not None
        vectors = await asks.embed(EmbedRequest(model="sim-embed", inputs=("a", "b")), a_desk())
        assert len(vectors.vectors) == 2
        visit = stage.simulated.visits[-1]
        assert visit.path == EMBEDDING[name]
        header = shown_as("api-key") if name == "azure" else BEARER
        assert visit.headers[header[0]] == header[1]


@pytest.mark.parametrize("name", [name for name, each in find().items() if each.listing])
async def test_a_vendors_models_are_listed_with_its_key(tmp_path: Path, name: str) -> None:
    async with vendor(name, tmp_path) as stage:
        listed = await models(stage.found.upstream, stage.found.settings, stage.client)
        assert "sim-echo" in {each.id for each in listed}


async def test_what_a_vendor_refuses_is_left_out_and_told(tmp_path: Path) -> None:
    async with vendor("mistral", tmp_path) as stage:
        asked = replace(
            a_request("1"),
            model="sim-adder",
            dialect=CHAT,
            stream=True,
            seed=7,
            user="u",
            logprobs=True,
            max_output_tokens=9,
        )
        visit, _ = await stage.ask(asked)
        assert visit.body["random_seed"] == 7 and visit.body["max_tokens"] == 9
        sent = {"seed", "user", "logprobs", "stream_options", "max_completion_tokens"}
        assert not sent & visit.body.keys()


def test_vendors_models_have_prices_and_one_is_known_to_the_tick() -> None:
    catalogue = Catalogue()
    for name, model in KNOWN.items():
        offer = catalogue.offer(f"{name}/{model}")
        assert offer.known and offer.prices, offer.key
    rates = catalogue.offer("gemini/gemini-2.5-flash").prices[0].rates
    assert (rates.input, rates.output) == (3 * 10**9, 25 * 10**9)
