"""A provider that fails before its first word: the caller gets the right status, in its own
dialect, with what happened and what to do."""

import asyncio
from pathlib import Path

import anthropic
import openai
import pytest
from google.genai.errors import ClientError, ServerError

from tests.faults.fronts import FRONTS, SDK_ERRORS, Front, Heard, advises, call, status_of
from tests.faults.stage import HASTY, UPSTREAMS, facing, model
from tests.flows.stage import KEY

AT_ONCE = "retry_after=0"
"""The upstream says that it may be asked again at once, so that retries take no time."""

MISHAPS = {
    "fault=400": (400,),
    "fault=401": (502,),
    "fault=402": (502,),
    "fault=403": (502,),
    "fault=404": (404,),
    f"fault=408;{AT_ONCE}": (504,),
    "fault=409": (409,),
    "fault=413": (413,),
    "fault=422": (400,),
    "fault=429;retry_after=31": (429,),
    f"fault=500;{AT_ONCE}": (502,),
    f"fault=503;{AT_ONCE}": (503,),
    f"fault=504;{AT_ONCE}": (504,),
    f"fault=529;{AT_ONCE}": (503,),
    "window=1": (400,),
    "html": (502,),
    "redirect": (502,),
    "cut=0": (502,),
    "malformed=1": (502,),
    "error=0": (502, 503),
}
"""What an upstream does, and what its callers then get."""

CODES = {
    400: ("invalid_request", "invalid_request_error"),
    404: ("not_found", "not_found_error"),
    409: ("conflict", "conflict_error"),
    413: ("request_too_large", "request_too_large"),
    429: ("rate_limit_exceeded", "rate_limit_error"),
    502: ("upstream_error", "api_error"),
    503: ("overloaded", "overloaded_error"),
    504: ("timeout", "timeout_error"),
}
OWN_CODES = {
    "window=1": "context_length_exceeded",
    "fault=401": "upstream_unauthorized",
    "fault=402": "upstream_unauthorized",
    "fault=403": "upstream_unauthorized",
}
"""Where OpenAI's dialects say more than the status does."""

SDK_STATUSES: dict[int, tuple[type[Exception], ...]] = {
    400: (openai.BadRequestError, anthropic.BadRequestError, ClientError),
    404: (openai.NotFoundError, anthropic.NotFoundError, ClientError),
    409: (openai.ConflictError, anthropic.ConflictError, ClientError),
    413: (openai.APIStatusError, anthropic.RequestTooLargeError, ClientError),
    429: (openai.RateLimitError, anthropic.RateLimitError, ClientError),
    502: (openai.InternalServerError, anthropic.InternalServerError, ServerError),
    503: (openai.InternalServerError, anthropic.ServiceUnavailableError, ServerError),
    504: (openai.InternalServerError, anthropic.DeadlineExceededError, ServerError),
}


def check(front: Front, heard: Heard, mishap: str, statuses: tuple[int, ...]) -> None:
    """The status, the shape and the words of a refusal."""
    assert heard.status in statuses, heard.body
    message, code = front.refused(heard)
    own, anthropics = CODES[heard.status]
    codes = {anthropics} if front.name == "messages" else {OWN_CODES.get(mishap, own)}
    if heard.status == 502 and mishap == "cut=0":
        codes.add("stream_cut")
    assert code in codes
    assert heard.status < 429 or advises(message), message
    assert message.endswith((".", "]"))
    assert heard.headers["x-request-id"].startswith("req_")
    assert heard.headers["content-type"] == "application/json"
    assert (heard.headers.get("retry-after") == "31") == ("retry_after=31" in mishap)
    assert KEY not in heard.body.decode()
    assert KEY not in str(heard.headers)


@pytest.mark.matrix(keep=40)
@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_a_mishap_before_the_first_word_has_its_status_in_every_dialect(
    tmp_path: Path, front: str, upstream: str, mishap: str
) -> None:
    face, named = FRONTS[front], model(upstream, mishap)
    async with facing(tmp_path, upstream) as stage:
        whole, streamed, *raised = await asyncio.gather(
            call(face, stage.url, named, stream=False),
            call(face, stage.url, named, stream=True),
            _raised(face, stage.url, named, stream=False),
            _raised(face, stage.url, named, stream=True),
        )
        check(face, whole, mishap, MISHAPS[mishap])
        check(face, streamed, mishap, MISHAPS[mishap])
        for error in raised:
            assert isinstance(error, SDK_STATUSES[status_of(error)]), error


@pytest.mark.matrix(keep=6)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_a_silent_provider_is_a_504_when_the_time_is_over(
    tmp_path: Path, front: str, upstream: str
) -> None:
    face, named = FRONTS[front], model(upstream, "hang")
    async with facing(tmp_path, upstream, HASTY) as stage:
        for heard in await asyncio.gather(
            call(face, stage.url, named, stream=False),
            call(face, stage.url, named, stream=True),
        ):
            check(face, heard, "hang", (504,))
        assert all(visit.outcome == "hung_up" for visit in stage.simulated.visits if visit.model)


@pytest.mark.matrix(keep=9)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("front", FRONTS)
async def test_a_key_that_the_provider_refuses_is_the_operators_matter(
    tmp_path: Path, front: str, upstream: str
) -> None:
    face, named, wrong = FRONTS[front], model(upstream, ""), "sk-canary-wrong-key-19"
    variable = f"{upstream.partition(' ')[0].upper()}_API_KEY"
    async with facing(tmp_path, upstream, environment={variable: wrong}) as stage:
        for stream in (False, True):
            heard = await call(face, stage.url, named, stream=stream)
            assert heard.status == 502
            message, _ = face.refused(heard)
            assert "operator" in message
            assert wrong not in str(heard)


async def _raised(face: Front, url: str, named: str, *, stream: bool) -> Exception:
    with pytest.raises(SDK_ERRORS) as raised:
        await face.ask(url, named, stream=stream)
    return raised.value
