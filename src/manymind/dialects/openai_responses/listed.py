"""Items of a conversation as a list shows them: with ids, and nothing left to be guessed."""

from collections.abc import Iterable

from msgspec.structs import replace

from manymind.canon.items import Item, Said, Thought, Unread, id_of
from manymind.canon.values import Json
from manymind.dialects.openai_responses.items import read_item
from manymind.dialects.openai_responses.outputs import Ids, show_item, shown
from manymind.dialects.openai_responses.parts import write_parts
from manymind.dialects.openai_responses.pen import Pen
from manymind.dialects.reading import Object


def read_items(top: Object, name: str) -> tuple[Item, ...]:
    """Items as a caller sends them: an array of them, or the words of a user."""
    value = top.peek(name)
    if isinstance(value, str):
        top.take(name)
        message: Json = {"type": "message", "role": "user", "content": value}
        return (read_item(Object(message, name, top.blame)),)
    return tuple(read_item(item) for item in top.each(name) or ())


def identified(stem: str, items: Iterable[Item]) -> list[tuple[str, Item]]:
    """The items that this dialect can show, each with an id that no other of them has."""
    ids = Ids(f"resp_{stem}")
    return [(ids.give(item), item) for item in items if shown(item)]


def keepsakes(stem: str, items: Iterable[Item]) -> tuple[Item, ...]:
    """What a caller sent, each under the id that a list shows it by and that can be referred to.
    Reasoning that is sealed has only the one that it was sealed under."""
    ids = Ids(f"resp_{stem}")
    return tuple(_keepsake(item, ids) for item in items)


def _keepsake(item: Item, ids: Ids) -> Item:
    if not shown(item):
        return item
    name = ids.give(item)
    if isinstance(item, Unread) or (isinstance(item, Thought) and item.encrypted is not None):
        return item
    return replace(item, id=name)


def list_item(item: Item, item_id: str, *, sealed: bool = True) -> Json:
    """`sealed` shows what only a model's provider can read, too."""
    fields = _shown(item, item_id)
    if not sealed and fields.get("type") == "reasoning":
        return {name: fields[name] for name in fields if name != "encrypted_content"}
    return fields


def _shown(item: Item, item_id: str) -> Json:
    match item:
        case Unread():
            return {**item.data, "id": id_of(item) or item_id}
        case Said() if item.role != "assistant":
            pen = Pen(own=True)
            fields: Json = {
                "id": item_id,
                "type": "message",
                "status": item.status or "completed",
                "role": item.role,
                "content": write_parts(item.parts, item.role, "", pen),
            }
            return pen.merge(fields, item.aside, "")
        case _:
            return show_item(item, item_id)
