"""What other voices say, for views that ask: an event of our own, which strict readers never see.

It carries the canon's event as it is, without the fields that have no value.
"""

from typing import cast

import msgspec

from manymind.canon.events import Happened
from manymind.canon.values import Json

AGENT_EVENT = "manymind.agent.event"
"""The name of the event on the wire, and its type."""


def show_event(event: Happened) -> Json:
    built: object = msgspec.to_builtins(event)
    fields = cast("Json", _slim(built))
    return {"voice": fields.pop("voice"), "event": fields}


def _slim(value: object) -> object:
    match value:
        case dict():
            items = cast("Json", value).items()
            return {name: _slim(inner) for name, inner in items if inner not in (None, [], {})}
        case list():
            return [_slim(inner) for inner in cast("list[object]", value)]
        case _:
            return value
