"""Items that a request names instead of holding them, and what takes their place.

OpenAI's clients do so for whatever an answer that was stored has told them: the item stands
where its name stood, as if it had been sent whole.
"""

from collections.abc import Mapping

from msgspec import Struct

from manymind.canon.faults import BadRequest, NotFound
from manymind.canon.items import Item, Unread
from manymind.memory.recalling import recalled

KIND = "item_reference"

REFERENCES_MAX = 10_000
"""Items that one request may name. Each of them is looked up."""

_DIALECT = "openai_responses"
_SHOWN_MAX = 100


class Filled(Struct, frozen=True):
    """What a request adds to a conversation. `kept` is what its owner sees again, with the items
    under the ids that they were named by; `sent` is what a model is to see."""

    kept: tuple[Item, ...]
    sent: tuple[Item, ...]


def references(items: tuple[Item, ...], field: str = "input") -> dict[int, str]:
    """Where an item is named instead of held, and by which id."""
    named = {
        number: _name(item, f"{field}[{number}].id")
        for number, item in enumerate(items)
        if isinstance(item, Unread) and _refers(item)
    }
    if len(named) > REFERENCES_MAX:
        raise BadRequest(
            f"{len(named):,} references to items are more than can be looked up.",
            advice="Go on from the last answer with previous_response_id.",
            field=field,
        )
    return named


def filled(
    items: tuple[Item, ...],
    named: Mapping[int, str],
    found: Mapping[str, Item],
    field: str = "input",
) -> Filled:
    """The items, with those that were found in the places of their names."""
    kept: list[Item] = []
    sent: list[Item] = []
    met: set[str] = set()
    for number, item in enumerate(items):
        name = named.get(number)
        if name is None:
            kept.append(item)
            sent.append(item)
            continue
        at = f"{field}[{number}].id"
        if name not in found:
            raise _missing(name, at)
        if name in met:
            raise BadRequest(
                f"Duplicate item found with id '{_shown(name)}'.",
                advice="Refer to each item once.",
                field=at,
            )
        met.add(name)
        kept.append(found[name])
        sent.extend(recalled((found[name],)))
    return Filled(tuple(kept), tuple(sent))


def _refers(item: Unread) -> bool:
    """OpenAI lets the type be left out."""
    return item.dialect == _DIALECT and item.data.get("type") in (None, KIND)


def _name(item: Unread, at: str) -> str:
    name = item.data.get("id")
    if not isinstance(name, str):
        raise BadRequest("A reference to an item needs its id.", field=at)
    return name


def _missing(name: str, at: str) -> NotFound:
    return NotFound(
        f"Item with id '{_shown(name)}' not found.",
        advice="Items of answers that were not stored are not kept: send the item itself.",
        field=at,
    )


def _shown(name: str) -> str:
    """What a caller wrote, as far as it is harmless to repeat."""
    short = name[:_SHOWN_MAX]
    return short if short.isascii() and short.isprintable() else "…"
