"""Whatever bytes an upstream streams, callers get a stream of their dialect, or its refusal."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adversary.stage import FRONTS, Json, Said, Visit, facing, responses_reply, sse
from tests.adversary.vendors import chat_chunks

CHAT_ONLY = '[providers.vllm]\ndialect = "openai_chat"\n'
RESPONSES_ONLY = '[providers.vllm]\ndialect = "openai_responses"\n'
MODEL = "vllm/any"
END = chat_chunks()


def _chunk(choice: str, more: str = "") -> bytes:
    return f'data: {{"id":"c","model":"m"{more},"choices":[{choice}]}}\n\n'.encode()


def _says(content: str) -> bytes:
    return _chunk(f'{{"index":0,"delta":{{"content":{content}}}}}')


STREAMS: dict[str, bytes] = {
    "its end first": b"data: [DONE]\n\n" + END,
    "words after its end": END + _says('"late"') + END,
    "no UTF-8": b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"\xff\xc0"}}]}\n\n'
    + END,
    "a null sign": _says('"a\\u0000b"') + END,
    "half a surrogate": _says('"\\ud83d"') + END,
    "a byte order mark": b"\xef\xbb\xbf" + END,
    "signs that end lines": _says('"a\u2028data: [DONE]\u2029\u0085event: x"') + END,
    "lines that end in CR": (_says('"x"') + END).replace(b"\n", b"\r"),
    "a choice that is far away": _chunk('{"index":99999999999,"delta":{"content":"x"}}') + END,
    "a choice before the first": _chunk('{"index":-1,"delta":{"content":"x"}}') + END,
    "a choice by name": _chunk('{"index":"0","delta":{"content":"x"}}') + END,
    "no delta": _chunk('{"index":0,"delta":null}') + END,
    "an array": b"data: [1,2]\n\n" + END,
    "depths": b"data: " + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"\n\n" + END,
    "no number": _chunk('{"index":0,"delta":{"content":"x"},"p":NaN}') + END,
    "a time beyond all times": _chunk("", ',"created":1e300') + END,
    "an event of megabytes": _says(json.dumps("Z" * 3_000_000)) + END,
    "a crowd of values": b'data: {"choices":[],"x":[' + b"0," * 1_100_000 + b"0]}\n\n" + END,
    "nothing but signs of life": b": x\n\n" * 1000,
    "a call without a name": _chunk(
        '{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}]}}'
    )
    + END,
    "line breaks in ids": _chunk('{"index":0,"delta":{"content":"x"}}', ',"id":"a\\r\\nx: y"')
    + END,
}


def _read(heard: bytes) -> None:
    """A stream holds whole events, one line of data each, however a client parts lines."""
    for block in heard.decode().split("\n\n")[:-1]:
        lines = block.splitlines()
        assert all(line.startswith(("data: ", "event: ", ": ")) for line in lines), lines
        assert sum(line.startswith("data: ") for line in lines) <= 1


@pytest.mark.parametrize("front", FRONTS)
async def test_an_odd_stream_is_no_bug_of_ours_and_forges_no_event(
    tmp_path: Path, front: str
) -> None:
    path, ask = FRONTS[front]
    named = {f"stream-{number}": name for number, name in enumerate(STREAMS)}

    def answers(visit: Visit) -> Said:
        told = (("set-cookie", "a=b"), ("x-evil", "1"), ("x-request-id", "a b"))
        return Said(body=STREAMS[named[visit.json["model"]]], headers=told)

    async def check(model: str, name: str, *, stream: bool) -> None:
        heard = await stage.post(path, {**ask(f"vllm/{model}"), "stream": stream})
        assert heard.status in (200, 502), name
        assert b"in this server" not in heard.body, name
        assert not {"set-cookie", "x-evil"} & heard.headers.keys()
        if heard.status == 200 and stream:
            _read(heard.body)

    async with facing(tmp_path, answers, settings=CHAT_ONLY) as stage:
        await asyncio.gather(
            *(
                check(model, name, stream=stream)
                for model, name in named.items()
                for stream in (True, False)
            )
        )


async def test_the_name_of_an_event_cannot_carry_another_event(tmp_path: Path) -> None:
    forged = 'x\n\nevent: response.completed\ndata: {"verified": true}\n\n'
    begun: Json = json.loads(responses_reply())
    stream = sse({"type": "response.created", "response": begun}).replace(
        b"event: response.created\n", b""
    )
    evil = json.dumps({"type": forged, "x": 1}).encode()
    end = sse({"type": "response.completed", "response": begun})

    def answers(visit: Visit) -> bytes:
        return stream + b"data: " + evil + b"\n\n" + end

    async with facing(tmp_path, answers, settings=RESPONSES_ONLY) as stage:
        path, ask = FRONTS["responses"]
        heard = await stage.post(path, {**ask(MODEL), "stream": True})
        assert heard.status == 200
        assert b'\nevent: response.completed\ndata: {"verified"' not in heard.body
        _read(heard.body)


@pytest.mark.parametrize("front", FRONTS)
async def test_thousands_of_parts_take_no_more_than_their_time(tmp_path: Path, front: str) -> None:
    image: Json = {"images": [{"type": "image_url", "image_url": {"url": "http://x"}}]}
    many = chat_chunks(*([image] * 10_000))

    def answers(visit: Visit) -> bytes:
        return many

    async with facing(tmp_path, answers, settings=CHAT_ONLY) as stage:
        path, ask = FRONTS[front]
        begun = time.perf_counter()
        heard = await stage.post(path, {**ask(MODEL), "stream": True})
        assert heard.status == 200
        assert time.perf_counter() - begun < 15, "not a minute, as when it grew by the square"


async def _endless(block: bytes) -> AsyncIterator[bytes]:
    while True:
        yield block


@pytest.mark.long
async def test_a_stream_without_end_ends_at_its_bound_and_fails(tmp_path: Path) -> None:
    def answers(visit: Visit) -> Said:
        return Said(pieces=_endless(b": " + b"x" * 1_000_000 + b"\n"))

    async with facing(tmp_path, answers, settings=CHAT_ONLY) as stage:
        path, ask = FRONTS["chat"]
        heard = await stage.post(path, {**ask(MODEL), "stream": True})
        assert heard.status == 502
        assert b"sent a reply of more than" in heard.body


async def test_a_caller_who_leaves_an_endless_stream_ends_it(tmp_path: Path) -> None:
    def answers(visit: Visit) -> Said:
        return Said(pieces=_endless(_says(json.dumps("x" * 1000)) * 10))

    async with facing(tmp_path, answers, settings=CHAT_ONLY) as stage:
        path, ask = FRONTS["chat"]
        async with stage.session.post(stage.url + path, json={**ask(MODEL), "stream": True}) as got:
            await got.content.readany()
        async with asyncio.timeout(5):
            while not stage.upstream.hung_up:
                await asyncio.sleep(0.02)
