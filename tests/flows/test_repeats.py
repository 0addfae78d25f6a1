"""The same question of the same key is answered once more, for nothing; through the whole program,
on both databases."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import text

from tests.flows.keyed_stage import DOORS, FREE, OPERATOR_KEY, Door, Keyed, Told, keyed
from tests.server.socketing import talking

CHAT = "/v1/chat/completions"
NAMES = [f"{door.name}-{'streamed' if door.streamed else 'whole'}" for door in DOORS]
PRICED = """
[providers.openai.prices."*"]
input = "1"
output = "1"
context = 100_000
max_output = 1_000
"""
PAID = "openai/sim-echo"
"""A model whose answers cost something."""


def on(url: str, more: str = "") -> str:
    return f"[store]\nurl = {json.dumps(url)}\n{PRICED}{more}"


async def ask(
    house: Keyed, door: Door, key: str, words: str = "Say hello.", **headers: str
) -> Told:
    told = await house.post(door.path(PAID), door.body(PAID, words), key, **headers)
    assert told.status == 200, told.text
    return told


async def rows(house: Keyed) -> list[tuple[Any, ...]]:
    """What the ledger says: basis, ticks, tokens."""
    with anyio.fail_after(10):
        while True:
            async with house.stage.house.stored.database.reading() as connection:
                found = await connection.execute(
                    text("SELECT basis, ticks, input_tokens FROM attempts ORDER BY at")
                )
                listed = [tuple(row) for row in found.all()]
            if any(row[0] == "cache" for row in listed):
                return listed
            await anyio.sleep(0.05)


async def test_every_dialect_streamed_and_whole_is_answered_once_more(
    tmp_path: Path,
    url: str,
) -> None:
    async with keyed(tmp_path, on(url)) as house:
        key = await house.key(caches=True)
        told: list[Told] = []
        for whole, streamed in zip(DOORS[::2], DOORS[1::2], strict=True):
            before = len(house.arrived)
            first = await ask(house, whole, key, whole.name, x_manymind_cache="true")
            assert first.headers["x-manymind-cache"] == "miss"
            told = [
                await ask(house, door, key, whole.name, x_openrouter_cache="true")
                for door in (whole, streamed, whole)
            ]
            assert len(house.arrived) == before + 1
            assert [each.headers["x-manymind-cache"] for each in told] == ["hit"] * 3
            assert all(whole.name in each.text for each in told)
            name = "responseId" if whole.name == "gemini" else "id"
            assert len({str(each.json[name]) for each in (first, told[0], told[2])}) == 3


async def test_a_hit_costs_nothing_and_the_ledger_says_so(tmp_path: Path, url: str) -> None:
    async with keyed(tmp_path, on(url)) as house:
        key = await house.key(caches=True)
        first = await ask(house, Door("chat"), key)
        again = await ask(house, Door("chat"), key)
        assert first.json["usage"]["cost"] > 0
        assert again.json["usage"]["cost"] == 0
        assert again.json["usage"]["total_tokens"] == 0
        assert again.json["id"] != first.json["id"]
        words = [each.json["choices"][0]["message"]["content"] for each in (first, again)]
        assert words[0] == words[1] == "Say hello."
        assert int(again.headers["x-manymind-cache-age"]) >= 0
        found = await rows(house)
        assert found[-1] == ("cache", 0, 0)
        assert found[0][1] > 0


async def test_nobody_gets_what_another_asked(tmp_path: Path) -> None:
    async with keyed(tmp_path, PRICED) as house:
        one, other = await house.key(caches=True), await house.key(caches=True)
        await ask(house, Door("chat"), one)
        told = await ask(house, Door("chat"), other)
        assert told.headers["x-manymind-cache"] == "miss"
        assert len(house.arrived) == 2


async def test_callers_and_keys_decide(tmp_path: Path) -> None:
    async with keyed(tmp_path, PRICED) as house:
        plain, caching = await house.key(), await house.key(caches=True)
        for _ in range(2):
            told = await ask(house, Door("chat"), plain)
            assert "x-manymind-cache" not in told.headers
        assert len(house.arrived) == 2
        for status in ("miss", "hit"):
            told = await ask(house, Door("chat"), plain, x_openrouter_cache="true")
            assert told.headers["x-manymind-cache"] == status
        await ask(house, Door("chat"), caching)
        told = await ask(house, Door("chat"), caching, x_openrouter_cache="false")
        assert "x-manymind-cache" not in told.headers
        told = await ask(house, Door("chat"), caching, x_openrouter_cache_clear="true")
        assert told.headers["x-manymind-cache"] == "miss"
        told = await ask(house, Door("chat"), caching)
        assert told.headers["x-manymind-cache"] == "hit"
        for header, value in (
            ("x_manymind_cache", "perhaps"),
            ("x_openrouter_cache_ttl", "0"),
            ("x_openrouter_cache_ttl", "soon"),
        ):
            told = await house.post(CHAT, Door("chat").body(PAID), caching, **{header: value})
            assert told.status == 400, told.text


async def test_what_is_not_to_be_stored_is_not_kept_unless_asked_for(tmp_path: Path) -> None:
    async with keyed(tmp_path, PRICED) as house:
        key = await house.key(caches=True)
        for _ in range(2):  # The body says store: false.
            told = await ask(house, Door("responses"), key)
            assert "x-manymind-cache" not in told.headers
        async with house.stage.house.stored.database.reading() as connection:
            kept = (await connection.execute(text("SELECT count(*) FROM repeats"))).scalar_one()
        assert kept == 0
        for status in ("miss", "hit"):
            told = await ask(house, Door("responses"), key, x_manymind_cache="true")
            assert told.headers["x-manymind-cache"] == status


async def test_what_differs_is_asked_and_what_only_names_the_asker_is_not(tmp_path: Path) -> None:
    async with keyed(tmp_path, PRICED) as house:
        key = await house.key(caches=True)

        async def status(**more: Any) -> str:
            told = await house.post(CHAT, Door("chat").body(PAID, **more), key)
            assert told.status == 200, told.text
            return told.headers["x-manymind-cache"]

        assert await status(temperature=0.5) == "miss"
        assert await status(temperature=0.6) == "miss"
        assert await status(temperature=0.5, user="ann", metadata={"a": "b"}) == "hit"
        assert await status(temperature=0.5, prompt_cache_key="x") == "hit"
        assert await status(temperature=0.5, response_format={"type": "text"}) == "miss"
        assert await status(temperature=0.5, max_completion_tokens=9) == "miss"


async def test_what_is_not_whole_is_not_kept(tmp_path: Path) -> None:
    async with keyed(tmp_path, PRICED) as house:
        key = await house.key(caches=True)
        for model in (f"{PAID};fault=400", f"{PAID};cut=3", f"{PAID};unfinished=3"):
            for _ in range(2):
                before = len(house.arrived)
                await house.post(CHAT, Door("chat", streamed=True).body(model), key)
                assert len(house.arrived) > before
        short = Door("chat").body(PAID, "many words " * 20, max_completion_tokens=2)
        for _ in range(2):
            told = await house.post(CHAT, short, key)
            assert told.headers["x-manymind-cache"] == "miss"


async def test_one_of_many_who_ask_at_once_asks(tmp_path: Path) -> None:
    async with keyed(tmp_path, PRICED) as house:
        key = await house.key(caches=True)
        body = Door("chat").body(f"{PAID};latency=0.5")
        heard: list[Told] = []

        async def one() -> None:
            heard.append(await house.post(CHAT, body, key))

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(one)
        assert sorted(each.headers["x-manymind-cache"] for each in heard) == ["hit"] * 7 + ["miss"]
        assert len(house.arrived) == 1


async def test_an_answer_that_is_stored_is_stored_again_under_its_own_id(tmp_path: Path) -> None:
    async with keyed(tmp_path, PRICED) as house:
        key = await house.key(caches=True)
        body = {"model": PAID, "input": "Say hello."}
        first, again = [await house.post("/v1/responses", body, key) for _ in range(2)]
        assert again.headers["x-manymind-cache"] == "hit"
        assert again.json["id"] != first.json["id"]
        for told in (first, again):
            found = await house.get(f"/v1/responses/{told.json['id']}", key)
            assert found.status == 200, found.text


async def test_a_socket_is_answered_once_more_too(tmp_path: Path) -> None:
    async with keyed(tmp_path, PRICED) as house:
        key = await house.key(caches=True)
        headers = {"Authorization": f"Bearer {key}", "x-manymind-cache": "true"}
        async with talking(house.stage.url, additional_headers=headers) as talker:
            for _ in range(2):
                event = await talker.ask("Say hello.", model=PAID)
                assert event["type"] == "response.completed"
        assert len(house.arrived) == 1


async def test_the_operator_can_forbid_it(tmp_path: Path) -> None:
    async with keyed(tmp_path, PRICED + "[cache]\nenabled = false\n") as house:
        for _ in range(2):
            told = await ask(house, Door("chat"), OPERATOR_KEY, x_manymind_cache="true")
            assert "x-manymind-cache" not in told.headers
        assert len(house.arrived) == 2


@pytest.mark.parametrize("door", [DOORS[0], DOORS[5]], ids=["chat", "messages"])
async def test_a_key_with_rates_hears_how_they_stand(tmp_path: Path, door: Door) -> None:
    async with keyed(tmp_path) as house:
        key = await house.key(requests_per_minute=3, tokens_per_minute=1_000_000)
        body = door.body(FREE, **door.output(20))
        told = await house.post(door.path(FREE), body, key)
        assert told.status == 200, told.text
        if door.name == "messages":
            names = ("anthropic-ratelimit-{}-limit", "anthropic-ratelimit-{}-remaining")
            assert told.headers["anthropic-ratelimit-tokens-reset"].endswith("Z"), told.headers
        else:
            names = ("x-ratelimit-limit-{}", "x-ratelimit-remaining-{}")
            assert told.headers["x-ratelimit-reset-requests"].endswith("s")
        limit, remaining = (told.headers[name.format("requests")] for name in names)
        assert (limit, remaining) in (("3", "2"), ("3", "3"))
        assert int(told.headers[names[1].format("tokens")]) <= 1_000_000
        plain = await house.post(door.path(FREE), door.body(FREE), await house.key())
        assert not [name for name in plain.headers if "ratelimit" in name.lower()]
        for _ in range(3):
            told = await house.post(door.path(FREE), body, key)
        assert told.status in (200, 429)
        if told.status == 429:
            assert told.headers[names[1].format("requests")] == "0"
            assert int(told.headers["retry-after"]) >= 1
