"""The whole program as an operator runs it for others: with keys that may do less than all, and
simulated vendors that count what came to them."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from msgspec import Struct

from manymind.server.simulated import Visit
from tests.flows.stage import Stage, on_stage

OPERATOR_KEY = "sk-operator-71c2"

FREE = "vllm/sim-echo"
"""A model that costs nothing here."""


class Told(Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Keyed:
    def __init__(self, stage: Stage, session: aiohttp.ClientSession) -> None:
        self.stage = stage
        self.session = session

    @property
    def arrived(self) -> list[Visit]:
        """The questions that came to a vendor; lists of models are none."""
        return [visit for visit in self.stage.simulated.visits if visit.method == "POST"]

    async def key(self, **rights: object) -> str:
        """A new key with these rights."""
        said = {"name": "test", "rights": rights}
        made = await self.post("/v1/manage/keys", said, OPERATOR_KEY)
        assert made.status == 201, made.text
        return made.json["key"]

    async def post(self, path: str, body: object, key: str, **headers: str) -> Told:
        given = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        dashed = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.session.post(
            self.stage.url + path, data=data, headers={**given, **dashed}
        ) as reply:
            return Told(reply.status, reply.headers, await reply.read())

    async def get(self, path: str, key: str) -> Told:
        headers = {"authorization": f"Bearer {key}"}
        async with self.session.get(self.stage.url + path, headers=headers) as reply:
            return Told(reply.status, reply.headers, await reply.read())


@asynccontextmanager
async def keyed(folder: Path, settings: str = "") -> AsyncGenerator[Keyed]:
    environment = {"MANYMIND_API_KEY": OPERATOR_KEY}
    async with (
        on_stage(folder, settings=settings, environment=environment) as stage,
        aiohttp.ClientSession() as session,
    ):
        yield Keyed(stage, session)


class Door(Struct, frozen=True):
    """One way to ask, in the words of one dialect."""

    name: str
    streamed: bool = False

    def path(self, model: str) -> str:
        if self.name == "gemini":
            verb = "streamGenerateContent?alt=sse" if self.streamed else "generateContent"
            return f"/v1beta/models/{model}:{verb}"
        paths = {"chat": "/chat/completions", "responses": "/responses", "messages": "/messages"}
        return f"/v1{paths[self.name]}"

    def body(self, model: str, text: str = "Say hello.", **more: Any) -> dict[str, object]:
        if self.name == "gemini":
            return {"contents": [{"role": "user", "parts": [{"text": text}]}], **more}
        streamed = {"stream": True} if self.streamed else {}
        if self.name == "responses":
            return {"model": model, "input": text, "store": False, **streamed, **more}
        capped = {"max_tokens": 30} if self.name == "messages" else {}
        messages = [{"role": "user", "content": text}]
        return {"model": model, "messages": messages, **capped, **streamed, **more}

    def tool(self) -> dict[str, Any]:
        """A wish for a search on the web, which a server would make."""
        tools: dict[str, list[dict[str, object]]] = {
            "chat": [{"type": "web_search"}],
            "responses": [{"type": "web_search"}],
            "messages": [{"type": "web_search_20250305", "name": "web_search"}],
            "gemini": [{"google_search": {}}],
        }
        return {"tools": tools[self.name]}

    def output(self, tokens: int) -> dict[str, Any]:
        if self.name == "gemini":
            return {"generationConfig": {"maxOutputTokens": tokens}}
        names = {"chat": "max_completion_tokens", "responses": "max_output_tokens"}
        return {names.get(self.name, "max_tokens"): tokens}

    def fault(self, told: Told) -> str:
        """The words of a refusal, where a client of this dialect looks for them."""
        error = told.json["error"]
        assert isinstance(error, dict)
        if self.name == "messages":
            assert told.json["type"] == "error"
        return str(error["message"])  # pyright: ignore[reportUnknownArgumentType] # as the wire has it


DOORS = [
    Door(name, streamed)
    for name in ("chat", "responses", "messages", "gemini")
    for streamed in (False, True)
]
