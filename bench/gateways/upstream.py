"""The simulated upstream: Chat Completions on bare protocols, much faster than what is measured.

    python -m bench.gateways.upstream PORT

The model's name says how it answers: whole and at once, in chunks at a steady pace, or in chunks
as fast as they are taken.
"""

import asyncio
import re
import sys
from typing import cast

import msgspec
import uvloop

from bench.gateways.wire import ANSWER, BIG_BYTES, FLOOD, WORDS, length

FIRST_SECONDS, EACH_SECONDS = 0.02, 0.005
FLOOD_CHUNKS, FLOOD_BATCH = 400_000, 64
ROOM_BYTES = 2**16

_STREAM = re.compile(rb'"stream" *: *true')
_USAGE = {"prompt_tokens": 20, "completion_tokens": 18, "total_tokens": 38}


def _reply(status: str, body: bytes) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode() + body


def _whole() -> bytes:
    message = {"role": "assistant", "content": ANSWER, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return msgspec.json.encode(
        {
            "id": "chatcmpl-bench0001",
            "object": "chat.completion",
            "created": 1_760_000_000,
            "model": "bench-plain",
            "choices": [choice],
            "usage": _USAGE,
        }
    )


def _event(data: bytes) -> bytes:
    event = b"data: " + data + b"\n\n"
    return f"{len(event):x}\r\n".encode() + event + b"\r\n"


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _event(
        msgspec.json.encode(
            {
                "id": "chatcmpl-bench0001",
                "object": "chat.completion.chunk",
                "created": 1_760_000_000,
                "model": "bench-paced",
                "choices": [choice],
            }
        )
    )


REPLY = _reply("200 OK", _whole())
SHORT = _reply("400 Bad Request", b'{"error":{"message":"The body came in part."}}')
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
OPENING = HEAD + _chunk({"role": "assistant", "content": ""})
SPEECH = tuple(_chunk({"content": word}) for word in WORDS)
_SPENT: dict[str, object] = {
    "id": "chatcmpl-bench0001",
    "object": "chat.completion.chunk",
    "created": 1_760_000_000,
    "model": "bench-paced",
    "choices": [],
    "usage": _USAGE,
}
CLOSING = (
    _chunk({}, "stop") + _event(msgspec.json.encode(_SPENT)) + _event(b"[DONE]") + b"0\r\n\r\n"
)
TORRENT = SPEECH[0] * FLOOD_BATCH


class Answering(asyncio.BufferedProtocol):
    """One connection. A body that outgrows its room is counted, not kept."""

    _sink = memoryview(bytearray(2**20))

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = bytearray(ROOM_BYTES)
        self._view = memoryview(self._room)
        self._filled = 0
        self._wanted = 0
        self._left = 0
        self._pressed = False
        self._usual = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # What uvloop gives is no subclass of `Transport`, but does all that one does.
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view[self._filled :] if self._filled < ROOM_BYTES else self._sink

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        if self._filled == len(self._usual) and self._room.startswith(self._usual):
            self._filled = self._wanted = 0
            self._transport.write(REPLY)  # The very same question as before, to the last byte.
            return
        if not self._wanted:
            end = self._room.find(b"\r\n\r\n", 0, min(self._filled, ROOM_BYTES))
            if end < 0:
                return
            self._wanted = end + 4 + (length(self._room, end) or 0)
        if self._filled >= self._wanted:
            self._answer(self._wanted)
            self._filled = self._wanted = 0

    def _answer(self, size: int) -> None:
        if ROOM_BYTES < size < BIG_BYTES:
            self._transport.write(SHORT)
        elif size >= BIG_BYTES:
            self._transport.write(REPLY)
        elif not _STREAM.search(self._room, 0, size):
            self._usual = bytes(self._view[:size])
            self._transport.write(REPLY)
        elif self._room.find(FLOOD.encode(), 0, size) >= 0:
            self._transport.write(OPENING)
            self._left = FLOOD_CHUNKS // FLOOD_BATCH
            self._flood()
        else:
            self._say(0, self._loop.time() + FIRST_SECONDS)

    def _say(self, number: int, when: float) -> None:
        """Chunk by chunk, each at its own time, so that a late one does not delay the rest."""
        self._loop.call_at(when, self._said, number, when)

    def _said(self, number: int, when: float) -> None:
        if self._transport.is_closing():
            return
        last = number == len(SPEECH) - 1
        start, end = b"" if number else OPENING, CLOSING if last else b""
        self._transport.write(start + SPEECH[number] + end)
        if not last:
            self._say(number + 1, when + EACH_SECONDS)

    def pause_writing(self) -> None:
        self._pressed = True

    def resume_writing(self) -> None:
        self._pressed = False
        self._flood()

    def _flood(self) -> None:
        while self._left and not self._pressed and not self._transport.is_closing():
            self._left -= 1
            self._transport.write(TORRENT if self._left else CLOSING)


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
