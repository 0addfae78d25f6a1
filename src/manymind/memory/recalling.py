"""What came before, as a model is to see it, and what may follow on it."""

from msgspec.structs import replace

from manymind.canon.faults import BadRequest
from manymind.canon.items import Called, Item, Returned, Said, Thought


def recalled(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Ids of another turn mean nothing to a provider that keeps none, but for the one that
    reasoning was sealed under; and of reasoning that is neither sealed nor in the open nothing is
    left to send."""
    left: list[Item] = []
    for item in items:
        match item:
            case Said() | Called() | Returned():
                left.append(replace(item, id=None, status=None))
            case Thought(encrypted=None, signature=None, content=()):
                pass
            case _:
                left.append(item)
    return tuple(left)


def check_returns(history: tuple[Item, ...], news: tuple[Item, ...]) -> None:
    """Refuses the result of a call that nobody made: no model could go on from it."""
    calls = {item.call_id for item in (*history, *news) if isinstance(item, Called)}
    for number, item in enumerate(news):
        if isinstance(item, Returned) and item.call_id not in calls:
            raise BadRequest(
                "There is no call in the conversation that this is the result of.",
                advice="Send the result under the call_id of its call.",
                field=f"input[{number}].call_id",
            )
