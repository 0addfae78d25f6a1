"""The whole program in front of an upstream that says whatever a test wants."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
from msgspec import Struct

from manymind.app.house import House, open_house
from manymind.config import Flags, load
from manymind.ledger.allotments import Purse
from tests.world import Application, serving

KEY = "sk-canary-4c19aa72"
"""The upstream key; it must never be seen anywhere but at the upstream."""

Json: TypeAlias = dict[str, Any]


class Visit(Struct, frozen=True, kw_only=True):
    """What came to the upstream."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def json(self) -> Json:
        return json.loads(self.body)


class Said(Struct, frozen=True, kw_only=True):
    """What the upstream answers: a body, or pieces of one that come as they are made."""

    body: bytes = b""
    pieces: AsyncIterator[bytes] | None = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


Answers: TypeAlias = Callable[[Visit], Said | bytes]


class Upstream:
    """Answers every POST as the test says, and has no list of models."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.visits: list[Visit] = []
        self.hung_up = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = tuple(
            (name.decode(), value.decode("latin-1")) for name, value in scope["headers"]
        )
        if scope["method"] != "POST":
            await self._reply(receive, send, Said(status=404))
            return
        visit = Visit(path=scope["raw_path"].decode(), headers=headers, body=body)
        self.visits.append(visit)
        answer = self._answers(visit)
        said = Said(body=answer) if isinstance(answer, bytes) else answer
        await self._reply(receive, send, said)

    async def _reply(self, receive: Any, send: Any, said: Said) -> None:
        """Stops once nobody listens: a server does not say so to who only sends."""
        await send(_head(said))
        gone = asyncio.ensure_future(receive())
        async for piece in said.pieces or _nothing():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)
            if gone.done():
                self.hung_up += 1
                return
        gone.cancel()
        await send({"type": "http.response.body", "body": said.body, "more_body": False})


def _head(said: Said) -> Json:
    kind = "application/json" if said.body[:1] == b"{" else "text/event-stream"
    headers = [("content-type", kind), *said.headers]
    lines = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": said.status, "headers": lines}


async def _nothing() -> AsyncIterator[bytes]:
    for piece in ():
        yield piece


class Heard(Struct, frozen=True, kw_only=True):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        return json.loads(self.body)


class Stage(Struct, frozen=True, kw_only=True):
    url: str
    house: House
    upstream: Upstream
    session: aiohttp.ClientSession

    async def post(self, path: str, body: Json | bytes, **headers: str) -> Heard:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(
            self.url + path, data=data, headers={"content-type": "application/json", **named}
        ) as reply:
            return Heard(
                status=reply.status,
                headers={name.lower(): value for name, value in reply.headers.items()},
                body=await reply.read(),
            )


@asynccontextmanager
async def facing(
    folder: Path,
    answers: Answers,
    *,
    settings: str = "",
    environment: Mapping[str, str] | None = None,
    played: Application | None = None,
    purses: list[Purse] | None = None,
) -> AsyncGenerator[Stage]:
    """Our server, and every vendor played by one hostile upstream, or by `played`. `purses`
    gathers what each request was allotted."""
    upstream = Upstream(answers)
    allotted = [] if purses is None else purses
    file = folder / "manymind.toml"
    file.write_text(settings)
    async with serving(played or upstream) as base:
        seen = {
            "HOME": str(folder),
            "XAI_API_KEY": KEY,
            "XAI_BASE_URL": f"{base}/v1",
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": f"{base}/v1",
            "OPENROUTER_API_KEY": KEY,
            "OPENROUTER_BASE_URL": f"{base}/v1",
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": base,
            "VLLM_BASE_URL": f"{base}/v1",
            **(environment or {}),
        }
        config = load(Flags(config=file, data=folder / "data"), seen)
        async with (
            open_house(config, None, allotted.append) as house,
            serving(house.application) as url,
            aiohttp.ClientSession() as session,
        ):
            yield Stage(url=url, house=house, upstream=upstream, session=session)


def chat_reply(text: str = "Yes.", **more: object) -> bytes:
    message = {"role": "assistant", "content": text}
    reply: Json = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-5.4-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    return json.dumps(reply | more).encode()


def responses_reply(text: str = "Yes.", **more: object) -> bytes:
    part: Json = {"type": "output_text", "text": text, "annotations": []}
    reply: Json = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": "gpt-5.4-mini",
        "output": [
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [part],
            }
        ],
        "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15},
    }
    return json.dumps(reply | more).encode()


def messages_reply(text: str = "Yes.", **more: object) -> bytes:
    reply: Json = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }
    return json.dumps(reply | more).encode()


def replied(visit: Visit) -> bytes:
    """An honest answer, in the dialect that was spoken."""
    if visit.path.endswith("/chat/completions"):
        return chat_reply()
    return responses_reply() if visit.path.endswith("/responses") else messages_reply()


def sse(*events: Json | str) -> bytes:
    """A stream of these events, each under its own type where it has one."""
    lines: list[str] = []
    for event in events:
        if isinstance(event, dict) and "type" in event:
            lines.append(f"event: {event['type']}")
        data = event if isinstance(event, str) else json.dumps(event)
        lines.append(f"data: {data}\n")
    return ("\n".join(lines) + "\n").encode()


FRONTS: Mapping[str, tuple[str, Callable[[str], Json]]] = {
    "chat": (
        "/v1/chat/completions",
        lambda model: {"model": model, "messages": [{"role": "user", "content": "Hello"}]},
    ),
    "responses": ("/v1/responses", lambda model: {"model": model, "input": "Hello"}),
    "messages": (
        "/v1/messages",
        lambda model: {
            "model": model,
            "max_tokens": 100,
            "messages": [{"role": "user", "content": "Hello"}],
        },
    ),
}
