"""What the tests of the simulated provider share: its bodies, and a plain client."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import aiohttp
import msgspec
from msgspec import Struct

from manymind.server.simulated import Simulated
from tests.world import serving

Json: TypeAlias = dict[str, Any]

PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
}
PARAMETERS: Json = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)


class Came(Struct, frozen=True):
    """A reply as it came over the wire."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def json(self) -> Json:
        return msgspec.json.decode(self.data, type=dict[str, Any])

    @property
    def events(self) -> list[Json]:
        """The events of a stream, without the end mark of Chat Completions."""
        lines = [line for line in self.data.decode().split("\n") if line.startswith("data: ")]
        written = [line.removeprefix("data: ") for line in lines]
        return [msgspec.json.decode(data) for data in written if data != "[DONE]"]


class Client:
    """Posts to the three doors of one simulated provider."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def ask(
        self, house: str, model: str, text: str = "Hello there", /, **fields: Any
    ) -> Came:
        return await self.post(PATHS[house], body(house, model, text) | fields)

    async def post(self, path: str, sent: Json | bytes, **headers: str) -> Came:
        data = sent if isinstance(sent, bytes) else msgspec.json.encode(sent)
        own = {"content-type": "application/json", "anthropic-version": "2023-06-01"}
        if "messages" not in path:
            del own["anthropic-version"]
        request = self.session.post(
            self.url + path, data=data, headers=own | headers, allow_redirects=False
        )
        async with request as reply:
            names = {name.lower(): value for name, value in reply.headers.items()}
            return Came(reply.status, names, await reply.read())

    async def get(self, path: str, **headers: str) -> Came:
        async with self.session.get(self.url + path, headers=headers) as reply:
            return Came(reply.status, {}, await reply.read())


@asynccontextmanager
async def simulating(simulated: Simulated | None = None) -> AsyncGenerator[Client]:
    """A client of a simulated provider that runs while the block does."""
    async with (
        serving(simulated or Simulated()) as url,
        aiohttp.ClientSession() as session,
    ):
        yield Client(url, session)


def body(house: str, model: str, text: str) -> Json:
    """The smallest request that says `text`."""
    if house == "responses":
        return {"model": model, "input": text}
    said = [{"role": "user", "content": text}]
    if house == "messages":
        return {"model": model, "max_tokens": 1000, "messages": said}
    return {"model": model, "messages": said}


def tool(house: str) -> Json:
    """The same function, declared as each vendor wants it."""
    if house == "messages":
        return {"name": "weather", "input_schema": PARAMETERS}
    function = {"name": "weather", "description": "Tells it.", "parameters": PARAMETERS}
    if house == "responses":
        return {"type": "function", "strict": True, **function}
    return {"type": "function", "function": function}


def text_of(house: str, reply: Json) -> str:
    """The words of a whole reply."""
    if house == "chat":
        return reply["choices"][0]["message"]["content"]
    if house == "messages":
        return "".join(block["text"] for block in reply["content"] if block["type"] == "text")
    return "".join(
        part["text"]
        for item in reply["output"]
        if item["type"] == "message"
        for part in item["content"]
    )
