"""Vectors through the whole program, by OpenAI's own SDK: relayed, paid for, and falling back."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import openai
import pytest
from openai import AsyncOpenAI

from manymind.server.simulated import Simulated, Visit, fingerprint
from manymind.server.simulated.vectors import vector
from tests.flows.stage import KEY, Stage, on_stage

PRICED = """
[providers.openai.prices."sim-embed"]
input = "0.02"
output = 0
[providers.openai.prices."sim-embed;usage=0"]
input = "0.02"
output = 0
[providers.openai.prices."sim-embed;hang=1"]
input = "0.02"
output = 0
"""
TICKS_A_TOKEN = 200


@asynccontextmanager
async def asking(
    folder: Path, settings: str = PRICED, **environment: str
) -> AsyncGenerator[tuple[AsyncOpenAI, Stage]]:
    async with (
        on_stage(folder, settings=settings, environment=environment) as stage,
        AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="x", max_retries=0) as client,
    ):
        yield client, stage


async def post(stage: Stage, path: str, body: Any) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(stage.url + path, json=body) as reply,
    ):
        return reply.status, await reply.json()


def tried(stage: Stage) -> list[Visit]:
    """What was asked for vectors; servers at home are asked for their models, too."""
    return [visit for visit in stage.simulated.visits if visit.path.endswith("/embeddings")]


def cost(reply: Any) -> int:
    return reply.usage.model_extra["cost_in_usd_ticks"]


async def test_texts_come_back_as_vectors_with_their_cost(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, stage):
        asked = ["one", "two words", "one"]
        packed = await client.embeddings.create(model="openai/sim-embed", input=asked)
        assert [each.embedding for each in packed.data] == [list(vector(text)) for text in asked]
        assert (packed.model, packed.usage.prompt_tokens) == ("sim-embed", 4)
        assert cost(packed) == 4 * TICKS_A_TOKEN
        plain = await client.embeddings.create(
            model="openai/sim-embed", input="one", encoding_format="float", dimensions=4, user="u"
        )
        assert plain.data[0].embedding == list(vector("one", 4))
        ids = await client.embeddings.create(model="openai/sim-embed", input=[[1, 2], [3]])
        assert len(ids.data) == 2
        sent = tried(stage)
        assert [visit.path for visit in sent] == ["/v1/embeddings"] * 3
        assert sent[0].headers["authorization"] == f"Bearer {fingerprint(KEY)}"
        assert (sent[0].body["encoding_format"], sent[1].body["user"]) == ("base64", "u")


@pytest.mark.parametrize(
    "path", ["/v1/embeddings", "/api/v1/embeddings", "/client/v4/accounts/any/ai/v1/embeddings"]
)
async def test_every_house_gives_vectors(tmp_path: Path, path: str) -> None:
    async with asking(tmp_path) as (_, stage):
        status, reply = await post(stage, path, {"model": "openai/sim-embed", "input": "a"})
        assert (status, reply["data"][0]["embedding"]) == (200, list(vector("a")))
        status, refused = await post(stage, path, {"model": "openai/sim-embed", "input": []})
        assert (status, refused["error"]["param"]) == (400, "input")


async def test_a_request_that_may_cost_too_much_is_not_sent(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, stage):
        dear = {"max_cost_usd": 0.0000001}
        with pytest.raises(openai.APIStatusError) as caught:
            await client.embeddings.create(
                model="openai/sim-embed", input="x" * 1000, extra_body=dear
            )
        assert caught.value.status_code == 402
        assert not tried(stage)
        fits = {"max_cost_usd": 0.0001}
        reply = await client.embeddings.create(
            model="openai/sim-embed", input=["x" * 1000], extra_body=fits
        )
        assert cost(reply) == TICKS_A_TOKEN
        assert "max_cost_usd" not in tried(stage)[0].body
        with pytest.raises(openai.APIStatusError, match="unheard_of"):
            await client.embeddings.create(
                model="openai/sim-embed", input="x", extra_body={**fits, "unheard_of": 1}
            )


async def test_the_operators_cap_holds_here_too(tmp_path: Path) -> None:
    capped = PRICED + '[limits]\nrequest_cost_usd = "0.0000001"\n'
    async with asking(tmp_path, capped) as (client, stage):
        with pytest.raises(openai.APIStatusError) as caught:
            await client.embeddings.create(model="openai/sim-embed", input="x" * 1000)
        assert caught.value.status_code == 402
        assert not tried(stage)


async def test_where_nobody_counted_the_whole_reservation_is_charged(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _):
        reply = await client.embeddings.create(model="openai/sim-embed;usage=0", input="four")
        assert cost(reply) == (4 + 32) * TICKS_A_TOKEN


SHARED = """
[providers.cohere.prices."sim-embed;seed=1"]
input = 1
output = 0
[providers.openai.prices."sim-embed;seed=1"]
input = "0.02"
output = 0
"""


@pytest.mark.parametrize("given", ["a", [1]])
async def test_another_provider_of_the_model_stands_in(tmp_path: Path, given: Any) -> None:
    dead = {"COHERE_API_KEY": KEY, "COHERE_BASE_URL": "http://127.0.0.1:9"}
    async with asking(tmp_path, SHARED, **dead) as (client, stage):
        reply = await client.embeddings.create(model="sim-embed;seed=1", input=given)
        assert cost(reply) == TICKS_A_TOKEN
        assert [visit.path for visit in tried(stage)] == ["/v1/embeddings"]


async def test_what_one_provider_cannot_take_another_is_asked_for(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, stage):
        with pytest.raises(openai.BadRequestError) as caught:
            await client.embeddings.create(model="vllm/sim-embed", input=[1, 2])
        assert caught.value.param == "input"
        assert not tried(stage)
        free = await client.embeddings.create(model="vllm/sim-embed", input="a")
        assert cost(free) == 0
        assert tried(stage)[0].body["encoding_format"] == "float"


@pytest.mark.parametrize(
    ("model", "raised"),
    [
        ("openai/sim-embed;fault=400", openai.BadRequestError),
        ("openai/sim-embed;fault=401", openai.InternalServerError),
        ("openai/sim-embed;fault=429;retry_after=60", openai.RateLimitError),
        ("openai/sim-embed;malformed=1", openai.InternalServerError),
        ("openai/sim-embed;html=1", openai.InternalServerError),
        ("openai/sim-embed;redirect=1", openai.InternalServerError),
        ("openai/sim-embed;cut=20", openai.InternalServerError),
        ("nobody/at-all", openai.NotFoundError),
        ("manymind/reader", openai.NotFoundError),
        ("anthropic/claude-sonnet-4-5", openai.NotFoundError),
    ],
)
async def test_what_goes_wrong_is_told_in_openais_form(
    tmp_path: Path, model: str, raised: type[openai.APIStatusError]
) -> None:
    async with asking(tmp_path, "") as (client, _):
        with pytest.raises(raised) as caught:
            await client.embeddings.create(model=model, input="a canary")
        assert caught.value.body
        assert KEY not in str(caught.value) and "canary" not in str(caught.value)


async def test_a_passing_fault_is_tried_again(tmp_path: Path) -> None:
    async with asking(tmp_path, "") as (client, stage):
        reply = await client.embeddings.create(
            model="openai/sim-embed;fault=503;times=1", input="a"
        )
        assert reply.data[0].embedding == list(vector("a"))
        assert next(visit.status for visit in tried(stage)) == 503


async def test_a_caller_who_leaves_takes_the_call_along(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, stage):
        with pytest.raises(openai.APITimeoutError):
            await client.with_options(timeout=0.5).embeddings.create(
                model="openai/sim-embed;hang=1", input="a"
            )
        for _ in range(100):
            if stage.simulated.hangups:
                break
            await anyio.sleep(0.02)
        assert len(stage.simulated.hangups) == 1


async def test_a_vendor_of_vectors_alone_needs_no_dialect(tmp_path: Path) -> None:
    simulated = Simulated(key=KEY)
    async with on_stage(
        tmp_path, simulated=simulated, environment={"VOYAGE_API_KEY": KEY}
    ) as stage:
        listed = {each.name: each.ready for each in stage.house.found}
        assert listed["voyage"]
