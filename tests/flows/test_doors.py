"""Whatever door it comes to, a key that may use one model may use that under each of its names,
and no other under any."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.flows.keyed_stage import DOORS, OPERATOR_KEY, Door, Keyed, keyed
from tests.server.socketing import talking

SETTINGS = """
[aliases]
"ours" = "{own}"
"theirs" = "{other}"
[routes.ours]
models = ["{own}"]
[routes.theirs]
models = ["{other}"]
[presets.ours]
model = "{own}"
[presets.theirs]
model = "{other}"
[presets.by_route]
model = "route/theirs"
[providers.openai.prices."sim-embed"]
input = "0.02"
output = 0
"""

LONG = "one two three four " * 500
TALK = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": LONG}]

Ask = Callable[[Keyed, str, str], Awaitable[int]]
"""Asks a model with a key, and gives the status of what comes."""


def asking(door: Door) -> Ask:
    async def ask(house: Keyed, model: str, key: str) -> int:
        return (await house.post(door.path(model), door.body(model), key)).status

    return ask


def posting(path: str, **body: object) -> Ask:
    async def ask(house: Keyed, model: str, key: str) -> int:
        named = path.replace("MODEL", model)
        inner = body if "MODEL" in path else {"model": model, **body}
        return (await house.post(named, inner, key)).status

    return ask


def on_a_socket(**more: object) -> Ask:
    async def ask(house: Keyed, model: str, key: str) -> int:
        bearer = {"authorization": f"Bearer {key}"}
        async with talking(house.stage.url, additional_headers=bearer) as talker:
            event = await talker.ask("Hello", model=model, **more)
        return 200 if event["type"] == "response.completed" else event["status"]

    return ask


GEMINI = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
SAID = [{"role": "user", "content": "Hello"}]
ASKS: dict[str, Ask] = {
    **{f"{door.name}-{'streamed' if door.streamed else 'whole'}": asking(door) for door in DOORS},
    "openrouter": posting("/api/v1/chat/completions", messages=SAID),
    "cloudflare": posting("/client/v4/accounts/a/ai/run", input={"input": "Hello"}),
    "compact-short": posting("/v1/responses/compact", input="Hello"),
    "compact-long": posting("/v1/responses/compact", input=TALK),
    "input-tokens": posting("/v1/responses/input_tokens", input="Hello"),
    "count-tokens": posting("/v1/messages/count_tokens", messages=SAID),
    "google-count": posting("/v1beta/models/MODEL:countTokens", **GEMINI),
    "socket": on_a_socket(),
    "socket-warm": on_a_socket(generate=False),
    "embeddings": posting("/v1/embeddings", input="Hello"),
    "openrouter-embeddings": posting("/api/v1/embeddings", input="Hello"),
}


@pytest.mark.parametrize("name", ASKS)
async def test_a_key_of_one_model_asks_that_and_no_other_at_every_door(
    tmp_path: Path, name: str
) -> None:
    ask, vectors = ASKS[name], "embeddings" in name
    own, other = (
        ("openai/sim-embed", "gemini/sim-embed") if vectors else ("vllm/sim-echo", "xai/sim-echo")
    )
    async with keyed(tmp_path, SETTINGS.format(own=own, other=other)) as house:
        key = await house.key(models=[own])
        for model in (own, "ours", f"{own}:nitro", "route/ours", "dynamic/ours", "@preset/ours"):
            assert await ask(house, model, key) == 200, model
        arrived = len(house.arrived)
        refused = ("theirs", f"{other}:nitro", "route/theirs", "@preset/theirs", "@preset/by_route")
        for model in (other, *refused):
            assert await ask(house, model, key) == 403, model
        for model in ("manymind/none", "route/none", "@preset/none"):
            assert await ask(house, model, key) == 404, model
            assert await ask(house, model, OPERATOR_KEY) == 404, model
        assert len(house.arrived) == arrived


async def test_routes_are_for_those_keys_that_may_ask_them_at_every_door(tmp_path: Path) -> None:
    vectors = [name for name in ASKS if "embeddings" in name]
    settings = SETTINGS.format(own="openai/sim-embed", other="vllm/sim-echo")
    async with keyed(tmp_path, settings) as house:
        ours = await house.key(routes=["ours"])
        theirs = await house.key(routes=["theirs"])
        for name, ask in ASKS.items():
            route, good, bad = (
                ("ours", ours, theirs) if name in vectors else ("theirs", theirs, ours)
            )
            assert await ask(house, f"route/{route}", good) == 200, name
            assert await ask(house, f"route/{route}", bad) == 404, name


async def test_vectors_by_a_route_are_booked_on_it_under_its_caps(tmp_path: Path) -> None:
    settings = (
        '[routes.vectors]\nmodels = ["openai/sim-embed", "gemini/sim-embed"]\n'
        "max_prompt_tokens = 20\n"
        '[providers.openai.prices."sim-embed"]\ninput = "0.02"\noutput = 0\n'
    )
    async with keyed(tmp_path, settings) as house:
        told = await house.post(
            "/v1/embeddings", {"model": "route/vectors", "input": "Hello"}, OPERATOR_KEY
        )
        assert (told.status, told.headers["x-manymind-route"]) == (200, "vectors")
        rows = await house.get("/v1/manage/logs?route=vectors", OPERATOR_KEY)
        assert [row["slug"] for row in rows.json["data"]] == ["openai/sim-embed"]
        told = await house.post(
            "/v1/embeddings", {"model": "route/vectors", "input": LONG}, OPERATOR_KEY
        )
        assert told.status == 400
        assert "20 maximum of the route vectors" in told.text


async def test_a_key_with_a_cap_on_its_output_compacts_under_it(tmp_path: Path) -> None:
    async with keyed(tmp_path, SETTINGS.format(own="vllm/sim-echo", other="xai/sim-echo")) as house:
        key = await house.key(max_output_tokens=50)
        body = {"model": "route/ours", "input": TALK}
        told = await house.post("/v1/responses/compact", body, key)
        assert told.status == 200, told.text
        assert house.arrived[-1].body["max_tokens"] == 50
