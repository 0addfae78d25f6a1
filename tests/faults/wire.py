"""What stands on the wire, read by hand: our own readers might share a mistake with our writers."""

from typing import Any, TypeAlias, cast

import msgspec
from msgspec import Struct

Json: TypeAlias = dict[str, Any]


class Message(Struct, frozen=True):
    """One server-sent event."""

    event: str | None
    data: str

    @property
    def json(self) -> Json:
        return {} if self.data == "[DONE]" else msgspec.json.decode(self.data, type=dict[str, Any])


def messages(body: bytes) -> list[Message]:
    """The events of a stream; each must be whole, and comments do not count."""
    assert not body or body.endswith(b"\n\n"), "a stream ends between two events"
    found: list[Message] = []
    for block in body.decode().split("\n\n"):
        lines = [line.partition(": ") for line in block.split("\n") if not line.startswith(":")]
        fields = {name: value for name, _, value in lines if name}
        if fields:
            found.append(Message(fields.get("event"), fields["data"]))
    return found


def at(value: object, *path: str | int) -> object:
    """What stands at a path within JSON; None where there is nothing."""
    for step in path:
        if isinstance(step, int):
            steps = cast("list[object]", value) if isinstance(value, list) else []
            value = steps[step] if step < len(steps) else None
        else:
            value = cast("Json", value).get(step) if isinstance(value, dict) else None
    return value


def text_at(value: object, *path: str | int) -> str:
    found = at(value, *path)
    return found if isinstance(found, str) else ""
