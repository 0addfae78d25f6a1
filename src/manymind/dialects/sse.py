"""Server-sent events, both ways. Any chunking of the bytes gives the same messages."""

import re

from manymind.canon.faults import UpstreamBroken
from manymind.dialects.mirror import Message

_LINE_END = re.compile(rb"\r\n|\r|\n")

MESSAGE_BYTES_MAX = 64 * 1024 * 1024


class Parser:
    """Feed it bytes as they come; it gives the messages that are complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._event: str | None = None
        self._size = 0
        self._first = True

    def feed(self, data: bytes) -> list[Message]:
        buffer = self._rest + data
        if self._first and len(buffer) >= 3:
            self._first = False
            buffer = buffer.removeprefix(b"\xef\xbb\xbf")
        messages: list[Message] = []
        start = 0
        for end in _LINE_END.finditer(buffer):
            if end.end() == len(buffer) and end.group() == b"\r":
                break  # perhaps the first half of \r\n
            self._take(buffer[start : end.start()], messages)
            start = end.end()
        self._rest = buffer[start:]
        if len(self._rest) + self._size > MESSAGE_BYTES_MAX:
            raise UpstreamBroken("The upstream sent one event of more than 64 MiB.")
        return messages

    def end(self) -> list[Message]:
        """What was complete but for its last line end."""
        messages: list[Message] = []
        if self._rest.strip():
            self._take(self._rest.rstrip(b"\r"), messages)
        self._take(b"", messages)
        self._rest = b""
        return messages

    def _take(self, line: bytes, messages: list[Message]) -> None:
        if not line:
            if self._data:
                messages.append(Message("\n".join(self._data), self._event))
            self._data, self._event, self._size = [], None, 0
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value.decode("utf-8", "replace"))
            self._size += len(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")


def frame(data: bytes, event: str | None = None) -> bytes:
    """One event. `data` is one line, as JSON without line breaks is."""
    if event is None:
        return b"data: " + data + b"\n\n"
    return b"event: " + event.encode() + b"\ndata: " + data + b"\n\n"


HEARTBEAT = b": manymind is working\n\n"
DONE = b"data: [DONE]\n\n"
