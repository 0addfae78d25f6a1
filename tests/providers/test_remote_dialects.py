"""Remote providers with the real dialects on real sockets: what each vendor sees and says."""

from typing import Any

import msgspec
import pytest

from manymind.canon.faults import Fault, RateLimited, UpstreamBroken, UpstreamRefused
from manymind.canon.requests import Request
from manymind.dialects import find as find_dialects
from manymind.egress.trusted import Trusted
from manymind.providers import Settings, build, find
from tests.egress.stage import Play, Visit, plain, theatre
from tests.providers.vendors import ANSWERS
from tests.world import Heard, a_desk, a_request, listener

KEY = "sk-canary-1357913579"
DIALECTS = find_dialects()


async def vendor(visit: Visit) -> None:
    """Answers each path in its dialect, whole or streamed as the body asks."""
    while True:
        body = msgspec.json.decode(await visit.hear(), type=dict[str, Any])
        whole, stream = ANSWERS[visit.heads[-1].split()[1]]
        kind = "text/event-stream" if body.get("stream") else "application/json"
        reply = stream if body.get("stream") else whole
        await visit.say(plain(reply, "200 OK", f"content-type: {kind}"))


def refusing(status: str, body: bytes) -> Play:
    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.say(plain(body, status, "retry-after: 3"))

    return play


async def converse(
    name: str, request: Request, play: Play = vendor
) -> tuple[Heard, str, dict[str, Any]]:
    """What was heard, and the head and the body that the vendor was sent."""
    async with theatre(play) as house:
        client = Trusted()
        upstream = find()[name]
        base = house.url if name in ("anthropic", "ollama") else f"{house.url}/v1"
        provider = build(upstream, Settings(base_url=base, key=KEY), client, DIALECTS)
        heard, say = listener()
        try:
            await provider.run(request, say, a_desk())
        finally:
            await client.aclose()
        visit = house.visits[0]
        return heard, visit.heads[0], msgspec.json.decode(visit.bodies[0], type=dict[str, Any])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("name", "dialect", "path"),
    [
        ("xai", None, "/v1/responses"),
        ("xai", "openai_chat", "/v1/chat/completions"),
        ("xai", "anthropic_messages", "/v1/messages"),
        ("openai", "openai_responses", "/v1/responses"),
        ("openai", "openai_chat", "/v1/chat/completions"),
        ("openai", "anthropic_messages", "/v1/responses"),
        ("anthropic", "openai_chat", "/v1/messages"),
        ("anthropic", "anthropic_messages", "/v1/messages"),
        ("openrouter", None, "/v1/chat/completions"),
        ("openrouter", "openai_responses", "/v1/responses"),
        ("openrouter", "anthropic_messages", "/v1/messages"),
        ("ollama", "openai_responses", "/v1/chat/completions"),
        ("vllm", "anthropic_messages", "/v1/chat/completions"),
    ],
)
async def test_each_vendor_is_asked_and_heard_in_its_own_words(
    name: str, dialect: str | None, path: str, stream: bool
) -> None:
    request = a_request("Say hello.", model="m", dialect=dialect, stream=stream)
    heard, head, body = await converse(name, request)
    answer = heard.answer
    assert (answer.text, answer.status) == ("Hello", "completed")
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (3, 2)
    assert head.startswith(f"POST {path} HTTP/1.1\r\n")
    assert body["model"] == "m"
    assert bool(body.get("stream")) is stream
    assert head.count(KEY) == 1


async def test_a_multi_agent_model_is_asked_on_responses_alone() -> None:
    request = a_request(model="grok-4.20-multi-agent-0309", dialect="openai_chat")
    _, head, _ = await converse("xai", request)
    assert head.startswith("POST /v1/responses ")


@pytest.mark.parametrize(
    ("name", "dialect", "cap"),
    [
        ("openai", "openai_chat", "max_completion_tokens"),
        ("openai", "openai_responses", "max_output_tokens"),
        ("ollama", "openai_chat", "max_tokens"),
        ("ollama", "openai_responses", "max_tokens"),
        ("anthropic", "openai_chat", "max_tokens"),
    ],
)
async def test_a_cap_on_output_has_the_name_that_the_vendor_knows(
    name: str, dialect: str, cap: str
) -> None:
    _, _, body = await converse(name, a_request(dialect=dialect, max_output_tokens=77))
    assert body[cap] == 77
    assert {"max_tokens", "max_completion_tokens", "max_output_tokens"} & body.keys() == {cap}


async def test_claude_is_greeted_as_its_vendor_asks() -> None:
    _, head, _ = await converse("anthropic", a_request())
    assert f"x-api-key: {KEY}\r\n" in head
    assert "anthropic-version: 2023-06-01\r\n" in head
    assert "authorization" not in head


async def test_what_a_stream_used_is_always_asked_for() -> None:
    for wanted in (None, False):
        request = a_request(dialect="openai_chat", stream=True, stream_usage=wanted)
        _, _, body = await converse("openai", request)
        assert body["stream_options"] == {"include_usage": True}


ECHO = msgspec.json.encode(
    {
        "type": "error",
        "error": {"type": "api_error", "code": "x", "message": f"Bad key {KEY}."},
    }
)


@pytest.mark.parametrize("name", ["xai", "openai", "anthropic", "openrouter", "ollama"])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 No", UpstreamRefused),
        ("429 No", RateLimited),
        ("500 No", UpstreamBroken),
        ("418 No", Fault),
        ("302 No", UpstreamBroken),
    ],
)
@pytest.mark.parametrize("body", [ECHO, b"", b"<html>" + KEY.encode(), b"\xff\xfe{", b"[" * 50_000])
async def test_a_refusal_is_a_plain_fault_without_the_key(
    name: str, status: str, kind: type[Fault], body: bytes
) -> None:
    with pytest.raises(kind) as caught:
        await converse(name, a_request(), refusing(status, body))
    fault = caught.value
    assert fault.upstream == name
    assert KEY not in f"{fault.full}{fault!r}{fault.field}"
    assert "<html" not in fault.full
    if status.startswith("429"):
        assert fault.retry_after == 3


@pytest.mark.parametrize("name", ["xai", "anthropic", "openrouter"])
async def test_a_stream_cut_anywhere_never_ends_as_a_success(name: str) -> None:
    paths = {"xai": "/v1/responses", "anthropic": "/v1/messages"}
    _, stream = ANSWERS[paths.get(name, "/v1/chat/completions")]
    for end in range(0, len(stream) - 120, 37):

        async def cut(visit: Visit, end: int = end) -> None:
            await visit.hear()
            await visit.say(b"HTTP/1.1 200 OK\r\n\r\n" + stream[:end])

        with pytest.raises(UpstreamBroken):
            await converse(name, a_request(stream=True), cut)


@pytest.mark.parametrize("name", ["xai", "anthropic", "openrouter"])
@pytest.mark.parametrize(
    "noise",
    [
        b"data: {}\n\n",
        b"data: []\n\n",
        b"data: 1\n\n",
        b'data: {"type":7}\n\n',
        b'data: {"choices":[{"delta":{"content":7}}]}\n\n',
        b"data: " + b"[" * 100_000 + b"\n\n",
        b"event: message_start\ndata: \xff\n\n",
        b'data: {"type":"content_block_delta","index":9,"delta":{"type":"text_delta"}}\n\n',
        b'data: {"type":"response.output_text.delta","item_id":"x","output_index":4}\n\n',
        b'{"id":1}',
        b'{"choices":7,"output":7,"content":7}',
    ],
)
async def test_nonsense_from_a_vendor_is_a_fault_and_nothing_else(name: str, noise: bytes) -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.say(plain(noise))

    with pytest.raises(Fault):
        await converse(name, a_request(stream=True), play)
