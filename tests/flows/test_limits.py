"""What a key, a route, a tenant or the server does not allow is refused before anything leaves:
in the caller's dialect, with the number, the limit and whose it is."""

from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.flows.keyed_stage import DOORS, FREE, OPERATOR_KEY, Door, Keyed, keyed
from tests.server.socketing import talking

SETTINGS = """
[aliases]
"innocent" = "openai/gpt-4o"
"openai/gpt-4o-mini" = "anthropic/claude-sonnet-4.5"
[routes.short]
models = ["vllm/sim-echo"]
max_prompt_tokens = 100
max_output_tokens = 40
[routes.other]
models = ["vllm/sim-echo"]
"""

LONG = "one two three four " * 500

TALK = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": LONG}]

NAMES = [f"{door.name}-{'streamed' if door.streamed else 'whole'}" for door in DOORS]


@pytest.mark.parametrize("door", DOORS, ids=NAMES)
async def test_each_dialect_hears_each_refusal_and_nothing_leaves(
    tmp_path: Path, door: Door
) -> None:
    async with keyed(tmp_path, SETTINGS) as house:
        small = await house.key(max_prompt_tokens=200)
        told = await house.post(door.path(FREE), door.body(FREE, LONG), small)
        assert told.status == 400
        assert "at least 2,000 tokens" in door.fault(told)
        assert "200 maximum of this key" in door.fault(told)

        told = await house.post(
            door.path("route/short"), door.body("route/short", LONG), OPERATOR_KEY
        )
        assert told.status == 400
        assert "100 maximum of the route short" in door.fault(told)
        assert "routes.short.max_prompt_tokens" in door.fault(told)

        bound = await house.key(models=["vllm/*"], routes=["short"], tools=["file_search"])
        for model in ("openai/gpt-4o", "innocent", "openai/gpt-4o-mini"):
            told = await house.post(door.path(model), door.body(model), bound)
            assert told.status == 403, told.text
            assert f"This key may not use {model}" in door.fault(told)
        told = await house.post(door.path("route/other"), door.body("route/other"), bound)
        assert told.status == 404
        assert "No route other is open to this key" in door.fault(told)
        told = await house.post(door.path(FREE), door.body(FREE, **door.tool()), bound)
        assert told.status == 403
        assert "the tool web_search" in door.fault(told)

        brief = await house.key(max_output_tokens=64)
        told = await house.post(door.path(FREE), door.body(FREE, **door.output(65)), brief)
        assert told.status == 400
        assert "65; the limit of this key is 64" in door.fault(told)
        assert house.arrived == []

        told = await house.post(door.path("route/short"), door.body("route/short"), bound)
        assert told.status == 200, told.text
        assert len(house.arrived) == 1


async def test_an_answer_without_a_limit_gets_that_of_its_key(tmp_path: Path) -> None:
    async with keyed(tmp_path, SETTINGS) as house:
        brief = await house.key(max_output_tokens=64)
        wishes: list[dict[str, Any]] = [{}, {"n": 4}, {"max_completion_tokens": 10}]
        for body in wishes:
            told = await house.post("/v1/chat/completions", Door("chat").body(FREE, **body), brief)
            assert told.status == 200, told.text
        told = await house.post(
            "/v1/chat/completions", Door("chat").body("route/short"), OPERATOR_KEY
        )
        assert told.status == 200, told.text
        sent = [
            visit.body.get("max_completion_tokens", visit.body.get("max_tokens"))
            for visit in house.arrived
        ]
        assert sent == [64, 16, 10, 40]


async def test_no_list_of_models_is_a_way_around(tmp_path: Path) -> None:
    async with keyed(tmp_path, SETTINGS) as house:
        bound = await house.key(models=["vllm/*"])
        body = Door("chat").body(FREE, models=["openai/gpt-4o"])
        told = await house.post("/api/v1/chat/completions", body, bound)
        assert told.status == 403, told.text
        body = Door("chat").body(FREE, models=["route/other"])
        told = await house.post("/api/v1/chat/completions", body, OPERATOR_KEY)
        assert told.status == 400
        assert "cannot stand in a list of models" in told.text
        assert house.arrived == []


async def test_a_key_can_be_kept_to_one_route(tmp_path: Path) -> None:
    async with keyed(tmp_path, SETTINGS) as house:
        bound = await house.key(models=["route/short"], routes=["short"])
        for model, status in (("route/short", 200), ("dynamic/short", 200), (FREE, 403)):
            told = await house.post("/v1/chat/completions", Door("chat").body(model), bound)
            assert told.status == status, told.text


async def test_the_lowest_limit_on_a_prompt_holds(tmp_path: Path) -> None:
    settings = SETTINGS + "[limits]\nprompt_tokens = 300\ntenant_prompt_tokens = { owner = 250 }\n"
    async with keyed(tmp_path, settings) as house:
        told = await house.post("/v1/messages", Door("messages").body(FREE, LONG), OPERATOR_KEY)
        assert "250 maximum of this tenant" in told.text
        wide = await house.key(max_prompt_tokens=10_000)
        told = await house.post("/v1/messages", Door("messages").body(FREE, LONG), wide)
        assert "250 maximum of this tenant" in told.text
        narrow = await house.key(max_prompt_tokens=20)
        told = await house.post("/v1/messages", Door("messages").body(FREE, LONG), narrow)
        assert "20 maximum of this key" in told.text
        assert house.arrived == []


async def test_what_has_no_words_is_counted(tmp_path: Path) -> None:
    """A long number has one word and two thousand bytes; only counting tells which it is."""
    async with keyed(tmp_path, SETTINGS) as house:
        small = await house.key(max_prompt_tokens=200)
        digits = "31415926535897932384" * 100
        for model, how in (("openai/gpt-4o", "at least "), ("anthropic/claude-opus-4.5", "about ")):
            told = await house.post("/v1/chat/completions", Door("chat").body(model, digits), small)
            assert told.status == 400, told.text
            assert how in told.text
            assert "200 maximum of this key" in told.text
        assert house.arrived == []
        few = "hello " * 100  # More bytes than the limit, and fewer tokens.
        told = await house.post("/v1/chat/completions", Door("chat").body(FREE, few), small)
        assert told.status == 200, told.text


async def test_what_was_said_before_counts_too(tmp_path: Path) -> None:
    async with keyed(tmp_path, SETTINGS) as house:
        small = await house.key(max_prompt_tokens=200)
        text = "hello " * 120
        first = await house.post("/v1/responses", {"model": FREE, "input": text}, small)
        assert first.status == 200, first.text
        again = {"model": FREE, "input": text, "previous_response_id": first.json["id"]}
        told = await house.post("/v1/responses", again, small)
        assert told.status == 400, told.text
        assert "200 maximum of this key" in told.text
        assert len(house.arrived) == 1


async def test_so_many_at_once_and_no_more(tmp_path: Path) -> None:
    slow = f"{FREE};hang=1"
    async with keyed(tmp_path) as house:
        one = await house.key(concurrency=1)
        other = await house.key(concurrency=1)
        async with anyio.create_task_group() as group:
            group.start_soon(house.post, "/v1/chat/completions", Door("chat").body(slow), one)
            while not house.arrived:
                await anyio.sleep(0.01)
            for door in DOORS:
                told = await house.post(door.path(FREE), door.body(FREE), one)
                assert told.status == 429, told.text
                assert "1 requests of this key are under way" in door.fault(told)
                assert "may have 1 at once" in door.fault(told)
                assert told.headers["retry-after"] == "1"
            assert len(house.arrived) == 1
            told = await house.post("/v1/chat/completions", Door("chat").body(FREE), other)
            assert told.status == 200
            group.cancel_scope.cancel()  # The caller hangs up.
        for model, status in (
            (FREE, 200),
            (f"{FREE};fault=400", 400),
            ("vllm/sim-nobody", 404),
            (f"{FREE};cut=3", 502),
            (FREE, 200),
        ):
            with anyio.fail_after(20):
                told = await _until_free(house, model, one)
            assert told == status


async def _until_free(house: Keyed, model: str, key: str) -> int:
    while True:
        told = await house.post("/v1/chat/completions", Door("chat").body(model), key)
        if told.status != 429:
            return told.status
        await anyio.sleep(0.02)


async def test_vectors_have_the_same_limits(tmp_path: Path) -> None:
    settings = '[providers.openai.prices."sim-embed"]\ninput = "0.02"\noutput = 0\n'
    async with keyed(tmp_path, settings) as house:
        bound = await house.key(models=["vllm/*"])
        body = {"model": "openai/sim-embed", "input": "hello"}
        told = await house.post("/v1/embeddings", body, bound)
        assert told.status == 403, told.text
        small = await house.key(max_prompt_tokens=200)
        many = {"model": "openai/sim-embed", "input": ["one two three four five"] * 100}
        told = await house.post("/v1/embeddings", many, small)
        assert told.status == 400, told.text
        assert "200 maximum of this key" in told.text
        numbers = {"model": "openai/sim-embed", "input": [[1] * 150, [2] * 150]}
        told = await house.post("/v1/embeddings", numbers, small)
        assert "at least 300 tokens" in told.text
        assert house.arrived == []
        told = await house.post("/v1/embeddings", body, small)
        assert told.status == 200, told.text


async def test_counting_and_compacting_have_the_same_limits(tmp_path: Path) -> None:
    async with keyed(tmp_path, SETTINGS) as house:
        bound = await house.key(models=["vllm/*"], max_prompt_tokens=200)
        for path, body in (
            ("/v1/messages/count_tokens", Door("messages").body("openai/gpt-4o")),
            ("/v1/responses/input_tokens", {"model": "openai/gpt-4o", "input": "hello"}),
            ("/v1/responses/compact", {"model": "openai/gpt-4o", "input": TALK}),
        ):
            told = await house.post(path, body, bound)
            assert told.status == 403, told.text
        for path, body in (
            ("/v1/messages/count_tokens", Door("messages").body(FREE, LONG)),
            ("/v1/responses/input_tokens", {"model": FREE, "input": LONG}),
            ("/v1/responses/compact", {"model": FREE, "input": TALK}),
        ):
            told = await house.post(path, body, bound)
            assert told.status == 400, told.text
            assert "200 maximum of this key" in told.text
        told = await house.post(
            "/v1/messages/count_tokens", Door("messages").body("route/short"), OPERATOR_KEY
        )
        assert told.status == 200, told.text
        assert house.arrived == []


async def test_a_socket_has_the_same_limits(tmp_path: Path) -> None:
    async with keyed(tmp_path, SETTINGS) as house:
        small = await house.key(max_prompt_tokens=200, models=["vllm/*"])
        headers = {"Authorization": f"Bearer {small}"}
        async with talking(house.stage.url, additional_headers=headers) as talker:
            event = await talker.ask(LONG, model=FREE)
            assert event["type"] == "error"
            assert event["status"] == 400
            assert "200 maximum of this key" in event["error"]["message"]
            event = await talker.ask("hello", model="openai/gpt-4o")
            assert event["status"] == 403
            assert house.arrived == []
            event = await talker.ask("hello", model=FREE)
            assert event["type"] == "response.completed"
