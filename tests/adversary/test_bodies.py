"""What callers send may be large, or many, or crowded; the server stays up for the others."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.adversary.stage import FRONTS, Json, Stage, facing, replied

MODEL = "vllm/any"
CELLS = (b"[],", b"{},", b'"a",', b'{"a":1},', b"1,")


def _crowd(cell: bytes) -> bytes:
    cells = (cell * (4_000_000 // len(cell))).rstrip(b",")
    head = b'{"model":"vllm/any","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"x":['
    return head + cells + b"]}"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
async def test_a_body_of_a_million_tiny_values_is_refused_before_it_is_unfolded(
    tmp_path: Path, path: str
) -> None:
    async with facing(tmp_path, replied) as stage:
        for cell in CELLS:
            begun = time.perf_counter()
            heard = await stage.post(path, _crowd(cell))
            assert heard.status == 400
            assert b"1,000,000 values" in heard.body
            assert time.perf_counter() - begun < 3
        run = "/client/v4/accounts/a/ai/run/vllm/any"
        assert (await stage.post(run, _crowd(b"[],"))).status == 400


async def test_marks_inside_a_text_are_no_values(tmp_path: Path) -> None:
    text = "[{,}]\\n\\u005b" * 400_000
    body = f'{{"model":"vllm/any","messages":[{{"role":"user","content":"{text}"}}]}}'
    async with facing(tmp_path, replied) as stage:
        assert (await stage.post("/v1/chat/completions", body.encode())).status == 200


def _large(megabytes: int) -> Json:
    words = "x" * megabytes * 1_000_000
    return {"model": MODEL, "messages": [{"role": "user", "content": words}]}


async def _asked(stage: Stage, megabytes: int) -> int:
    heard = await stage.post(FRONTS["chat"][0], _large(megabytes))
    if heard.status == 503:
        assert heard.headers["retry-after"] == "5"
        assert b"server.body_total_mb" in heard.body
    return heard.status


async def test_bodies_that_do_not_fit_into_memory_together_are_asked_to_come_again(
    tmp_path: Path,
) -> None:
    async with facing(tmp_path, replied, settings="[server]\nbody_total_mb = 8\n") as stage:
        statuses = await asyncio.gather(*(_asked(stage, 3) for _ in range(8)))
        assert set(statuses) == {200, 503}
        assert await _asked(stage, 3) == 200, "what was held is given back"
        assert await _asked(stage, 20) == 200, "whoever is alone is let in"


async def test_a_caller_who_goes_away_in_the_middle_gives_its_room_back(tmp_path: Path) -> None:
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n"
        "content-length: 7000000\r\n\r\n"
    )
    async with facing(tmp_path, replied, settings="[server]\nbody_total_mb = 8\n") as stage:
        address = stage.url.removeprefix("http://")
        host, _, port = address.partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.format(address).encode() + b"x" * 6_900_000)
        await writer.drain()
        await asyncio.sleep(0.3)
        assert await _asked(stage, 3) == 503
        writer.close()
        await asyncio.sleep(0.3)
        assert await _asked(stage, 3) == 200
