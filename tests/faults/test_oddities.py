"""Providers that leave out, add and repeat what they should not: the answer comes all the same."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.fronts import FRONTS, PROMPT, Heard, call
from tests.faults.stage import UPSTREAMS, facing, model
from tests.faults.wire import at

SAME = {
    "chat": "openai by chat",
    "responses": "openai by responses",
    "messages": "anthropic",
    "gemini": "gemini",
}
"""Upstreams that speak the dialect of the front, each."""

USAGE = {
    "chat": ("usage", "total_tokens"),
    "responses": ("usage", "total_tokens"),
    "messages": ("usage", "output_tokens"),
    "gemini": ("usageMetadata", "totalTokenCount"),
}
INSIDE = {
    "chat": ("choices", 0, "message"),
    "responses": ("output", 0, "content", 0),
    "messages": ("content", 0),
    "gemini": ("candidates", 0, "content", "parts", 0),
}
"""Where the text of a whole reply lies."""


@pytest.mark.matrix(keep=24)
@pytest.mark.parametrize("oddity", ["unknown", "usage=0", "fault=500;retry_after=0;times=1"])
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_an_oddity_does_not_spoil_the_answer(
    tmp_path: Path, front: str, upstream: str, oddity: str
) -> None:
    face = FRONTS[front]
    async with facing(tmp_path, upstream) as stage:
        for stream in (False, True):
            named = model(upstream, f"{oddity};seed={int(stream)}")
            assert await face.ask(stage.url, named, stream=stream) == PROMPT


@pytest.mark.matrix(keep=9)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_usage_that_the_provider_left_out_is_estimated(
    tmp_path: Path, front: str, upstream: str
) -> None:
    face = FRONTS[front]
    async with facing(tmp_path, upstream) as stage:
        heard = await call(face, stage.url, model(upstream, "usage=0"), stream=False)
        counted = at(heard.json, *USAGE[front])
        assert isinstance(counted, int)
        assert counted > 0


@pytest.mark.matrix(keep=9)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_an_answer_without_content_is_an_empty_answer(
    tmp_path: Path, front: str, upstream: str
) -> None:
    face, named = FRONTS[front], model(upstream, "empty")
    async with facing(tmp_path, upstream) as stage:
        whole, streamed = await asyncio.gather(
            face.ask(stage.url, named, stream=False), face.ask(stage.url, named, stream=True)
        )
        assert (whole, streamed) == ("", "")


@pytest.mark.parametrize(("front", "upstream"), SAME.items())
async def test_a_field_nobody_has_heard_of_passes_through_at_every_level(
    tmp_path: Path, front: str, upstream: str
) -> None:
    face = FRONTS[front]
    async with facing(tmp_path, upstream) as stage:

        async def ask(*, stream: bool) -> Heard:
            return await call(face, stage.url, model(upstream, "unknown"), stream=stream)

        whole, streamed = await ask(stream=False), await ask(stream=True)
    for place in ((), INSIDE[front], USAGE[front][:1]):
        assert at(whole.json, *place, "x_unheard_of", "depth") == 1, place
    sent = [message.json for message in streamed.messages if message.data != "[DONE]"]
    planted = [at(each, "x_unheard_of", "depth") for each in sent]
    assert planted == [1] * len(sent)
    assert b"surprise" in streamed.body, "an event of an unknown kind goes on as well"
