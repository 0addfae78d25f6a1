"""Whether a model's calls of functions are fit to be made: the only quality that code can see."""

import msgspec

from manymind.canon.events import (
    LEADER,
    Chunk,
    Closed,
    Ended,
    Happened,
    Opened,
    Say,
    Wrote,
)
from manymind.canon.items import Called
from manymind.canon.requests import Function, Request

ARGUMENTS_MAX = 1_000_000
"""Characters of arguments that are kept to be judged; longer calls are not."""

_ARGUMENTS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class ToolWatch:
    """A `say` that reads along. Of an answer that was cut off nothing is judged."""

    def __init__(self, request: Request, say: Say) -> None:
        self._offered = {tool.name for tool in request.tools or () if isinstance(tool, Function)}
        self._say = say
        self._names: dict[str, str] = {}
        self._pieces: dict[str, list[str]] = {}
        self._length = 0
        self.calls = self.good = 0
        self.complete = False

    async def __call__(self, chunk: Chunk) -> None:
        for event in chunk.events:
            if event.voice == LEADER:
                self._heed(event)
        await self._say(chunk)

    def _heed(self, event: Happened) -> None:
        match event:
            case Wrote(where="arguments") if event.item in self._pieces:
                self._length += len(event.text)
                if self._length <= ARGUMENTS_MAX:
                    self._pieces[event.item].append(event.text)
            case Opened(value=Called() as called):
                self._names[event.item] = called.name
                self._pieces[event.item] = [called.arguments]
            case Closed() if event.item in self._pieces:
                self._judge(event)
            case Ended():
                self.complete = event.status == "completed"
            case _:
                pass

    def _judge(self, event: Closed) -> None:
        written = "".join(self._pieces.pop(event.item))
        name = self._names.pop(event.item)
        if isinstance(event.sealed, Called):
            written, name = written or event.sealed.arguments, event.sealed.name
        if self._length > ARGUMENTS_MAX:
            return
        self.calls += 1
        self.good += name in self._offered and _parses(written)


def _parses(arguments: str) -> bool:
    """No arguments at all are fit for a function without parameters."""
    if not arguments.strip():
        return True
    try:
        _ARGUMENTS.decode(arguments)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True
