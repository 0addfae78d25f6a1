"""What the tests of Chat streams share: a provider's stream read, and a caller's stream told."""

import json
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from manymind.canon.events import Began, Chunk, Happened, spoken
from manymind.canon.requests import Request
from manymind.dialects.mirror import Message, View
from manymind.dialects.openai_chat import DIALECT
from manymind.dialects.sse import Parser

GOLDEN = Path(__file__).parents[1] / "golden"
PLAIN = Request(model="m", dialect="openai_chat", stream=True)
ASKED = replace(PLAIN, stream_usage=True)


def listen(*sent: object) -> list[Chunk]:
    """What a reader makes of these data, in JSON unless they are text already."""
    reader = DIALECT.reader()
    said = [one if isinstance(one, str) else json.dumps(one) for one in sent]
    return [*(reader.feed(Message(one)) for one in said), reader.end()]


def golden(name: str) -> list[Chunk]:
    reader, parser = DIALECT.reader(), Parser()
    messages = parser.feed((GOLDEN / name).read_bytes()) + parser.end()
    return [*(reader.feed(message) for message in messages), reader.end()]


def delta(choice: int = 0, **fields: object) -> dict[str, Any]:
    return {"id": "c1", "model": "m", "choices": [{"index": choice, "delta": fields}]}


def finish(reason: str, choice: int = 0) -> dict[str, Any]:
    said: dict[str, Any] = {"index": choice, "delta": {}, "finish_reason": reason}
    return {"id": "c1", "model": "m", "choices": [said]}


def tell(chunks: list[Chunk], asked: Request = ASKED, house: str = "openai") -> list[Any]:
    """The data that a caller gets."""
    writer = DIALECT.writer(asked, View(house=house, created=5))
    lines = [line for chunk in chunks for line in writer.write(chunk)]
    assert all(line.startswith(b"data: ") and line.endswith(b"\n\n") for line in lines)
    data = [line[6:-2] for line in lines]
    return [one.decode() if one == b"[DONE]" else json.loads(one) for one in data]


def kinds(chunks: list[Chunk]) -> list[str]:
    return [type(event).__name__ for chunk in chunks for event in chunk.events]


def from_elsewhere(*events: Happened) -> list[Chunk]:
    began = Began(id="resp_1", model="team", created=9)
    return [spoken(event) for event in (began, *events)]
