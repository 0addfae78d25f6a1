"""What is asked and what has to come back, in each dialect: a fast answer that is wrong counts
for nothing."""

import re
from collections.abc import Callable, Iterator

import msgspec

ANSWER = "The tide at Tillan turned at seven, and the harbour master closed his teal umbrella."
WORDS = tuple(f"word{number:02} " for number in range(60))
SPOKEN = "".join(WORDS)
BIG_BYTES = 8 * 2**20

PLAIN, PACED, FLOOD = "bench-plain", "bench-paced", "bench-flood"
CHAT, RESPONSES, MESSAGES = "chat", "responses", "messages"


class Delta(msgspec.Struct):
    content: str | None = None


class Choice(msgspec.Struct):
    delta: Delta = msgspec.field(default_factory=Delta)


class ChatChunk(msgspec.Struct):
    choices: list[Choice] = []

    @property
    def text(self) -> str:
        return "".join(each.delta.content or "" for each in self.choices)


class ResponsesEvent(msgspec.Struct):
    type: str = ""
    delta: str | msgspec.Raw = ""

    @property
    def text(self) -> str:
        said = self.type == "response.output_text.delta"
        return self.delta if said and isinstance(self.delta, str) else ""


class MessagesDelta(msgspec.Struct):
    text: str = ""


class MessagesEvent(msgspec.Struct):
    type: str = ""
    delta: MessagesDelta | None = None

    @property
    def text(self) -> str:
        said = self.type == "content_block_delta"
        return self.delta.text if said and self.delta else ""


_READERS: dict[str, Callable[[bytes], ChatChunk | ResponsesEvent | MessagesEvent]] = {
    CHAT: msgspec.json.Decoder(ChatChunk).decode,
    RESPONSES: msgspec.json.Decoder(ResponsesEvent).decode,
    MESSAGES: msgspec.json.Decoder(MessagesEvent).decode,
}
_ENDS = {
    CHAT: b"data: [DONE]",
    RESPONSES: b'"response.completed"',
    MESSAGES: b'"message_stop"',
}
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def question(
    dialect: str, model: str, *, stream: bool = False, size: int = 60, keep: bool = False
) -> bytes:
    """A body that asks for an answer; its prompt has at least so many bytes. Responses are kept
    by whoever can unless they are told not to."""
    prompt = ("How high is the tide at Tillan? " * (size // 32 + 1))[: max(size, 32)]
    body: dict[str, object] = {"model": model}
    if dialect == RESPONSES:
        body["input"] = prompt
        body["store"] = keep
    else:
        body["messages"] = [{"role": "user", "content": prompt}]
    if dialect == MESSAGES:
        body["max_tokens"] = 1000
    if stream:
        body["stream"] = True
    return msgspec.json.encode(body)


def length(head: bytearray | bytes, end: int) -> int | None:
    """The length of a body, as the head that ends there says; None where it is sent in chunks."""
    found = _LENGTH.search(head, 0, end + 2)
    return int(found[1]) if found else None


def unchunked(body: bytes) -> bytes:
    """What was sent in chunks, in one piece."""
    return b"".join(_chunks(body))


def _chunks(body: bytes) -> Iterator[bytes]:
    at = 0
    while True:
        line = body.index(b"\r\n", at)
        size = int(body[at:line].split(b";")[0], 16)
        if not size:
            return
        yield body[line + 2 : line + 2 + size]
        at = line + 2 + size + 2


def heard(dialect: str, stream: bytes) -> str:
    """The text that a whole stream of events carried; nothing where its end was not said."""
    if _ENDS[dialect] not in stream:
        return ""
    read = _READERS[dialect]
    said: list[str] = []
    for line in stream.splitlines():
        if line.startswith(b"data: {"):
            said.append(read(line[6:]).text)
    return "".join(said)
