"""A provider that fails in the middle of its answer: no caller may take that for a success."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.fronts import FRONTS, PROMPT, SDK_ERRORS, advises, call
from tests.faults.stage import HASTY, UPSTREAMS, facing, model
from tests.faults.wire import text_at
from tests.flows.stage import KEY

MISHAPS = ("cut=8", "unfinished=8", "malformed=8", "error=8")


@pytest.mark.matrix(keep=20)
@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_a_stream_that_breaks_never_ends_as_a_success(
    tmp_path: Path, front: str, upstream: str, mishap: str
) -> None:
    face, named = FRONTS[front], model(upstream, mishap)
    async with facing(tmp_path, upstream) as stage:
        heard = await call(face, stage.url, named, stream=True)
        assert heard.status == 200
        message = face.broken(heard.messages)
        assert advises(message), message
        assert KEY not in heard.body.decode()
        with pytest.raises(SDK_ERRORS):
            await face.ask(stage.url, named, stream=True)
        assert stage.simulated.visited <= 3, "a stream that has begun is not tried again"


@pytest.mark.matrix(keep=6)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_a_stream_that_falls_silent_is_ended_by_the_deadline(
    tmp_path: Path, front: str, upstream: str
) -> None:
    face, named = FRONTS[front], model(upstream, "stall=8")
    async with facing(tmp_path, upstream, HASTY) as stage:
        heard = await call(face, stage.url, named, stream=True)
        assert heard.status == 200
        assert "time" in face.broken(heard.messages)
        assert [visit.outcome for visit in stage.simulated.visits if visit.model] == ["hung_up"]


@pytest.mark.matrix(keep=8)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_a_cut_at_any_event_is_a_failure_or_else_the_whole_answer(
    tmp_path: Path, front: str, upstream: str
) -> None:
    """Only after the last word that matters may a cut go unnoticed; then nothing is missing."""
    face = FRONTS[front]

    async def one(url: str, cut: int) -> bool:
        named = model(upstream, f"cut={cut}")
        try:
            return await face.ask(url, named, stream=True) == PROMPT
        except SDK_ERRORS:
            return False

    async with facing(tmp_path, upstream) as stage:
        whole = await asyncio.gather(*(one(stage.url, cut) for cut in range(3, 40)))
    assert not any(whole[:10])
    assert whole[-1]
    assert whole == sorted(whole), "from some event on the answer is whole"


@pytest.mark.matrix(keep=6)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_a_whole_reply_that_is_cut_or_spoilt_is_a_502(
    tmp_path: Path, front: str, upstream: str
) -> None:
    face = FRONTS[front]
    async with facing(tmp_path, upstream) as stage:
        for mishap in ("cut=40", "malformed"):
            heard = await call(face, stage.url, model(upstream, mishap), stream=False)
            assert heard.status == 502
            message, _ = face.refused(heard)
            assert text_at({"m": message}, "m")
