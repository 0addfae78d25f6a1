"""A client of our sockets, and servers for it to call."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from manymind.canon.ports import Provider
from manymind.server.connection import Connection
from tests.server.stage import Terms, application
from tests.world import serving

Event = dict[str, Any]

ENDS = ("response.completed", "response.incomplete", "response.failed", "error")


class Talker:
    """Takes turns on one socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **fields: object) -> None:
        body = {"type": "response.create", "model": "acme/small", **fields}
        await self.socket.send(json.dumps(body))

    async def hear(self) -> Event:
        return json.loads(await self.socket.recv())

    async def rest(self) -> list[Event]:
        """The events up to the end of the turn."""
        events = [await self.hear()]
        while events[-1]["type"] not in ENDS:
            events.append(await self.hear())
        return events

    async def ask(self, words: object, **fields: object) -> Event:
        """A whole turn that nothing is stored of elsewhere; its last event."""
        await self.send(**{"input": words, "store": False, **fields})
        return (await self.rest())[-1]


def text(event: Event) -> str:
    """What was said in the answer that this event ends."""
    assert event["type"] == "response.completed", event
    return "".join(
        part["text"]
        for item in event["response"]["output"]
        if item["type"] == "message"
        for part in item["content"]
    )


@asynccontextmanager
async def talking(url: str, path: str = "/v1/responses", **options: Any) -> AsyncGenerator[Talker]:
    where = url.replace("http:", "ws:", 1) + path
    async with connect(where, proxy=None, **options) as socket:
        yield Talker(socket)


@asynccontextmanager
async def talk(
    provider: Provider, terms: Terms | None = None, http: type[Connection] = Connection
) -> AsyncGenerator[Talker]:
    """One client of a server with this provider behind it."""
    async with serving(application(provider, terms), http=http) as url, talking(url) as talker:
        yield talker
