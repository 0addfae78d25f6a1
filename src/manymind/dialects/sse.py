"""Server-sent events, both ways. Any chunking of the bytes gives the same messages."""

import re
from codecs import BOM_UTF8

from manymind.canon.faults import UpstreamBroken
from manymind.dialects.mirror import Message

_LINE_END = re.compile(rb"\r\n|\r|\n")

_BREAK = re.compile(rb"\xc2\x85|\xe2\x80[\xa8\xa9]")

MESSAGE_BYTES_MAX = 64 * 1024 * 1024


class Parser:
    """Feed it bytes as they come; it gives the messages that are complete.

    Each byte is looked at once, however small the pieces are that it comes in.
    """

    def __init__(self, bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._head: bytes | None = b""
        self._returned = False
        self._line: list[bytes] = []
        self._data: list[str] = []
        self._event: str | None = None
        self._size = 0

    def feed(self, data: bytes) -> list[Message]:
        return self._whole(data) or self._fed(data)

    def _whole(self, data: bytes) -> list[Message] | None:
        """The messages of bytes that hold nothing but whole ones, each of one line of data, as
        nearly all that come do; None for any others."""
        if self._line or self._data or self._returned or self._head is not None:
            return None
        if self._event is not None or b"\r" in data or len(data) > self._bytes_max:
            return None
        if not (data.startswith(b"data: ") and data.endswith(b"\n\n")):
            return None
        messages: list[Message] = []
        for event in data[:-2].split(b"\n\n"):
            if not event.startswith(b"data: ") or b"\n" in event:
                return None
            messages.append(Message(event[6:].decode("utf-8", "replace")))
        return messages

    def _fed(self, data: bytes) -> list[Message]:
        messages: list[Message] = []
        data = self._unmarked(data)
        if not data:
            return messages
        start = 1 if self._returned and data.startswith(b"\n") else 0
        for end in _LINE_END.finditer(data, start):
            self._hold(data[start : end.start()])
            self._close_line(messages)
            start = end.end()
        self._returned = data.endswith(b"\r")
        self._hold(data[start:])
        return messages

    def end(self) -> list[Message]:
        """What was complete but for its last line ends."""
        messages: list[Message] = []
        self._close_line(messages)
        self._take(b"", messages)
        return messages

    def _unmarked(self, data: bytes) -> bytes:
        """The bytes without the byte order mark that may stand at the very beginning."""
        if self._head is None:
            return data
        data = self._head + data
        if len(data) < len(BOM_UTF8) and BOM_UTF8.startswith(data):
            self._head = data
            return b""
        self._head = None
        return data.removeprefix(BOM_UTF8)

    def _hold(self, piece: bytes) -> None:
        """More of a line. What counts is what must be kept until the event is complete."""
        if not piece:
            return
        self._line.append(piece)
        self._size += len(piece) + 1
        if self._size > self._bytes_max:
            raise UpstreamBroken(f"The upstream sent one event of over {self._bytes_max:,} bytes.")

    def _close_line(self, messages: list[Message]) -> None:
        line = b"".join(self._line)
        self._line.clear()
        self._take(line, messages)

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
        elif name == b"event":
            self._event = value.decode("utf-8", "replace") or None
        if not self._data:
            self._size = 0


def frame(data: bytes, event: str | None = None) -> bytes:
    """One event. `data` is one line, as JSON without line breaks is.

    Many clients part lines as text is parted, not as the standard says, so that a model could end
    a line, and begin a forged one, with a sign of Unicode. Those are written as escapes, and an
    event's name that is not plain is left out: its type stands in the data as well.
    """
    data = unbroken(data)
    if event is None or not (event.isascii() and event.isprintable()):
        return b"data: " + data + b"\n\n"
    return b"event: " + event.encode() + b"\ndata: " + data + b"\n\n"


def unbroken(data: bytes) -> bytes:
    """JSON that nobody takes for more than one line."""
    return data if data.isascii() else _BREAK.sub(_escaped, data)


def unframed(event: bytes) -> bytes:
    """The data of an event as `frame` writes it, for where messages need no frame."""
    start = event.index(b"\n") + 1 if event.startswith(b"event: ") else 0
    return event[start + len(b"data: ") : -2]


def _escaped(found: re.Match[bytes]) -> bytes:
    return f"\\u{ord(found[0].decode()):04x}".encode()


def comment(text: str) -> bytes:
    """What only people see; `text` is one line."""
    return b": " + text.encode("utf-8", "replace") + b"\n\n"


HEARTBEAT = comment("manymind is working")
DONE = b"data: [DONE]\n\n"
