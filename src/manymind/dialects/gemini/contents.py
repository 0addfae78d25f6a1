"""Contents of a request, read into items.

A content's own unknown fields lie on the words (`Said`) that it begins with; one that begins with
anything else and has such fields starts with an empty `Said`.
"""

from msgspec.structs import replace

from manymind.canon.items import Hosted, Item, Said, Unread
from manymind.canon.parts import Part, Text
from manymind.dialects.gemini import signatures
from manymind.dialects.gemini.calls import Answered, finished, read_call, read_code
from manymind.dialects.gemini.casing import camel
from manymind.dialects.gemini.parts import read_part
from manymind.dialects.gemini.words import NAME
from manymind.dialects.reading import Object

_ROLES = {"user": "user", "model": "assistant", "function": "user", "tool": "user"}

_SPEAKERS = {"functionCall": "assistant", "functionResponse": "user", "toolCall": "assistant"}
"""Parts that only one side can say."""


def read_contents(body: Object) -> tuple[Item, ...]:
    contents = body.needed("contents", body.each("contents"))
    if not contents:
        raise body.wrong("contents", "must hold at least one content")
    answered = Answered()
    items: list[Item] = []
    for content in contents:
        items += _read_content(content, answered, len(items))
    return tuple(items)


def _read_content(content: Object, answered: Answered, before: int) -> list[Item]:
    given = content.text("role") or "user"
    role = _ROLES.get(given)
    if role is None:
        raise content.wrong("role", "must be user or model")
    turn = _Turn(role, answered, before)
    for part in content.each("parts") or ():
        turn.take(camel(part))
    items = turn.items()
    aside = content.rest(NAME)
    match items:
        case [Said() as first, *others]:
            items = [replace(first, aside=aside), *others]
        case [_, *_] if aside is None:
            pass
        case _:
            items = [Said(role=role, aside=aside), *items]
    return [replace(item, joined=n > 0) for n, item in enumerate(items)]


class _Turn:
    """Gathers the items of one content: parts that stand together are one `Said`."""

    def __init__(self, role: str, answered: Answered, before: int) -> None:
        self._role = role
        self._answered = answered
        self._before = before
        self._items: list[Item] = []
        self._parts: list[Part] = []

    def items(self) -> list[Item]:
        if self._parts:
            self._items.append(Said(role=self._role, parts=tuple(self._parts)))
            self._parts = []
        return self._items

    def take(self, part: Object) -> None:
        for name, speaker in _SPEAKERS.items():
            if part.peek(name) is not None and speaker != self._role:
                raise part.wrong(name, "stands in a content of the other side")
        if self._role == "user":
            self._hear(part)
        else:
            self._speak(part)

    def _hear(self, part: Object) -> None:
        """A part of the caller's."""
        if part.peek("functionResponse") is None:
            self._parts.append(read_part(part))
            return
        items = self.items()
        items.append(self._answered.read(part, self._spare()))

    def _speak(self, part: Object) -> None:
        """A part of the model's, with what vouches for it."""
        text = part.peek("text")
        if part.peek("thought") is True and isinstance(text, str):
            self._think(part)
            return
        signature = part.text("thoughtSignature")
        if signature is not None:
            alone = text == "" and not part.left().keys() - {"text"}
            self.items().append(signatures.signed(signature, alone=alone))
            if alone:
                return
        item = self._item(part)
        if item is None:
            self._parts.append(read_part(part))
        else:
            self.items().append(item)

    def _think(self, part: Object) -> None:
        part.take("thought")
        text, signature = part.text("text") or "", part.text("thoughtSignature")
        thought = signatures.thought(text, signature)
        self.items().append(replace(thought, aside=part.rest(NAME)))

    def _item(self, part: Object) -> Item | None:
        """None where the part is one of what is said."""
        if part.peek("functionCall") is not None:
            call = read_call(part, self._spare())
            self._answered.called(call)
            return call
        if part.peek("executableCode") is not None:
            return read_code(part)
        if part.peek("codeExecutionResult") is not None:
            last = self._items[-1] if self._items and not self._parts else None
            if isinstance(last, Hosted) and last.output is None:
                self._items.pop()
                return finished(last, part)
        if part.peek("toolCall") is not None or part.peek("toolResponse") is not None:
            return Unread(dialect=NAME, data=part.left())
        return None

    def _spare(self) -> str:
        return str(self._before + len(self.items()))


def read_instructions(body: Object) -> tuple[Text, ...] | None:
    """What stands apart from the history. Its unknown fields stay with the body."""
    if isinstance(body.peek("systemInstruction"), str):
        return (Text(text=body.text("systemInstruction") or ""),)
    system = body.inner("systemInstruction")
    if system is None:
        return None
    texts: list[Text] = []
    parts = system.each("parts")
    for part in parts or ():
        read = read_part(camel(part))
        if not isinstance(read, Text):
            raise system.blame(part.path, "must be a text")
        texts.append(read)
    system.take("role")
    if system.left():
        body.left()["systemInstruction"] = system.left()
    return None if parts is None else tuple(texts)
