"""Messages of a request, read into items.

A message's own unknown fields lie on the words (`Said`) that it begins with; one that begins
with anything else and has such fields starts with an empty `Said`.
"""

from msgspec.structs import replace

from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought
from manymind.canon.parts import Part, Text
from manymind.dialects.anthropic_messages import hosted
from manymind.dialects.anthropic_messages.parts import kind_of, read_content, read_part
from manymind.dialects.anthropic_messages.sealing import unsealed
from manymind.dialects.anthropic_messages.words import NAME
from manymind.dialects.reading import Object, encode

_ROLES = ("user", "assistant", "system")

_SPEAKERS = {
    "thinking": "assistant",
    "redacted_thinking": "assistant",
    "tool_use": "assistant",
    "tool_result": "user",
}
"""Blocks that only one role can say."""


def read_messages(body: Object) -> tuple[Item, ...]:
    messages = body.needed("messages", body.each("messages"))
    if not messages:
        raise body.wrong("messages", "must hold at least one message")
    return tuple(item for message in messages for item in _read_message(message))


def _read_message(message: Object) -> list[Item]:
    role = message.needed("role", message.text("role"))
    if role not in _ROLES:
        raise message.wrong("role", f"must be one of {', '.join(_ROLES)}")
    items = _read_items(message, role)
    aside = message.rest(NAME)
    match items:
        case [Said() as first, *others]:
            items = [replace(first, aside=aside), *others]
        case [_, *_] if aside is None:
            pass
        case _:
            items = [Said(role=role, aside=aside), *items]
    return [joined(item, n > 0) for n, item in enumerate(items)]


def joined(item: Item, to_last: bool) -> Item:
    return replace(item, joined=to_last)


def _read_items(message: Object, role: str) -> list[Item]:
    content = message.peek("content")
    if not isinstance(content, list):
        parts = message.needed("content", read_content(message, "content"))
        return [Said(role=role, parts=parts)]
    turn = _Turn(role)
    for block in message.each("content") or ():
        turn.take(block)
    return turn.items()


class _Turn:
    """Gathers the items of one message: parts that stand together are one `Said`."""

    def __init__(self, role: str) -> None:
        self._role = role
        self._items: list[Item] = []
        self._parts: list[Part] = []

    def items(self) -> list[Item]:
        if self._parts:
            self._items.append(Said(role=self._role, parts=tuple(self._parts)))
            self._parts = []
        return self._items

    def take(self, block: Object) -> None:
        kind = kind_of(block)
        speaker = _SPEAKERS.get(kind, self._role)
        if speaker != self._role:
            raise block.wrong("type", f"is {kind}, which only the {speaker} can say")
        last = self._items[-1] if self._items and not self._parts else None
        if isinstance(last, Hosted) and hosted.answers(block, last):
            self._items[-1] = hosted.finished(last, block)
            return
        item = self._read_item(block, kind)
        if item is None:
            self._parts.append(read_part(block))
        else:
            self.items().append(item)

    def _read_item(self, block: Object, kind: str) -> Item | None:
        """None where the block is a part of what is said."""
        match kind:
            case "thinking" | "redacted_thinking":
                return read_thought(block)
            case "tool_use":
                return read_call(block)
            case "tool_result":
                return _read_returned(block)
            case hosted.USE if self._role == "assistant" and hosted.readable(block):
                return hosted.read_use(block)
            case _:
                return None


def read_thought(block: Object) -> Thought:
    kind = block.text("type")
    if kind == "redacted_thinking":
        data = block.needed("data", block.text("data"))
        return Thought(encrypted=data, redacted=True, aside=block.rest(NAME))
    text = block.needed("thinking", block.text("thinking"))
    signature = block.text("signature") or None
    content = (Text(text=text),) if text else ()
    return unsealed(
        Thought(content=content, signature=signature, digest=True, aside=block.rest(NAME))
    )


def read_call(block: Object) -> Called:
    block.take("type")
    return Called(
        call_id=block.needed("id", block.text("id")),
        name=block.needed("name", block.text("name")),
        arguments=encode(block.needed("input", block.json("input"))).decode(),
        cache=block.json("cache_control"),
        aside=block.rest(NAME),
    )


def _read_returned(block: Object) -> Returned:
    block.take("type")
    return Returned(
        call_id=block.needed("tool_use_id", block.text("tool_use_id")),
        parts=read_content(block, "content") or (),
        failed=block.flag("is_error"),
        cache=block.json("cache_control"),
        aside=block.rest(NAME),
    )
