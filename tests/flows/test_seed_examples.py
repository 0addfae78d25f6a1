"""The five example requests of the hosted multi-agent model: same keys, same types, same ticks."""

import json
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from manymind.server.simulated import Simulated
from tests.flows.seed_shapes import EXAMPLES, MODEL, Example, Json, chat_reply, reply
from tests.flows.stage import KEY, on_stage

ACCOUNT = "/client/v4/accounts/0123456789abcdef/ai"
NAMED = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


def shape(value: Any) -> object:
    """The keys and types of a value at every level; one entry for each form in an array."""
    if isinstance(value, dict):
        return {str(k): shape(v) for k, v in cast("Json", value).items()}
    if isinstance(value, list):
        each = cast("list[object]", value)
        forms = {json.dumps(shape(one), sort_keys=True) for one in each}
        return [json.loads(form) for form in sorted(forms)]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


async def post(url: str, path: str, body: Json) -> Json:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + path, json=body) as answered,
    ):
        assert answered.status == 200, await answered.text()
        return await answered.json()


def priced(body: Json) -> object:
    usage = body["usage"]
    assert isinstance(usage, dict)
    return usage["cost_in_usd_ticks"]  # pyright: ignore[reportUnknownVariableType] # JSON


@NAMED
@pytest.mark.parametrize("path", [f"{ACCOUNT}/v1/chat/completions", f"{ACCOUNT}/v1/responses"])
async def test_on_cloudflares_paths_the_reply_is_the_seeds(
    tmp_path: Path, example: Example, path: str
) -> None:
    told = reply(example)
    simulated = Simulated(key=KEY, replies={MODEL: told})
    async with on_stage(tmp_path, simulated=simulated) as stage:
        heard = await post(stage.url, path, {"model": f"xai/{MODEL}", **example.request})
    assert shape(heard) == shape(told)
    assert priced(heard) == example.ticks
    assert heard["output"] == told["output"]
    assert heard["model"] == MODEL


@NAMED
async def test_in_cloudflares_envelope_too(tmp_path: Path, example: Example) -> None:
    told = reply(example)
    async with on_stage(tmp_path, simulated=Simulated(key=KEY, replies={MODEL: told})) as stage:
        body: Json = {"model": f"xai/{MODEL}", "input": example.request}
        heard = await post(stage.url, f"{ACCOUNT}/run", body)
    assert (heard["success"], heard["errors"]) == (True, [])
    assert shape(heard["result"]) == shape(told)


@NAMED
async def test_on_our_own_path_nothing_of_it_is_missing(tmp_path: Path, example: Example) -> None:
    told = {name: value for name, value in reply(example).items() if name != "gatewayMetadata"}
    async with on_stage(tmp_path, simulated=Simulated(key=KEY, replies={MODEL: told})) as stage:
        heard = await post(stage.url, "/v1/responses", {"model": f"xai/{MODEL}", **example.request})
    assert priced(heard) == example.ticks
    assert heard["output"] == told["output"]
    assert {name: shape(heard[name]) for name in told if name != "usage"} == {
        name: shape(value) for name, value in told.items() if name != "usage"
    }


@NAMED
async def test_an_upstream_that_does_not_price_is_priced_by_us(
    tmp_path: Path, example: Example
) -> None:
    told = reply(example)
    usage = told["usage"]
    assert isinstance(usage, dict)
    del usage["cost_in_usd_ticks"]
    async with on_stage(tmp_path, simulated=Simulated(key=KEY, replies={MODEL: told})) as stage:
        heard = await post(stage.url, "/v1/responses", {"model": f"xai/{MODEL}", **example.request})
    assert priced(heard) == example.ticks


@NAMED
@pytest.mark.parametrize("path", [f"{ACCOUNT}/v1/chat/completions", "/v1/responses"])
async def test_an_upstream_of_chat_completions_alone_carries_what_it_can(
    tmp_path: Path, example: Example, path: str
) -> None:
    simulated = Simulated(key=KEY, replies={MODEL: chat_reply(example)})
    settings = '[providers.xai]\ndialect = "openai_chat"\n'
    async with on_stage(tmp_path, settings=settings, simulated=simulated) as stage:
        heard = await post(stage.url, path, {"model": f"xai/{MODEL}", **example.request})
    told = reply(example)
    cloudflares = {"gatewayMetadata", "user"} if path == "/v1/responses" else set[str]()
    assert set(told) - set(heard) == cloudflares
    # Chat Completions counts no searches, so that they cannot be in the bill.
    assert priced(heard) == example.ticks - example.searches * 50_000_000
