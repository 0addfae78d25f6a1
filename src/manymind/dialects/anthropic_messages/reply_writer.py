"""Writes whole replies."""

from typing import assert_never, cast

from manymind.canon.answers import Answer
from manymind.canon.events import Stopped
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.usage import Usage
from manymind.canon.values import Aside, Json
from manymind.dialects.anthropic_messages import hosted
from manymind.dialects.anthropic_messages.parts import PartWriter
from manymind.dialects.anthropic_messages.sealing import seal
from manymind.dialects.anthropic_messages.turns import read_arguments
from manymind.dialects.anthropic_messages.usage import write_usage
from manymind.dialects.anthropic_messages.words import ENDINGS, NAME, STOPS
from manymind.dialects.losses import Losses
from manymind.dialects.proofs import proved
from manymind.dialects.reading import encode

COST = "cost_in_usd_ticks"


def write_reply(answer: Answer) -> bytes:
    wire = answer.wire
    if wire is not None and wire.whole and wire.dialect == NAME:
        return encode(as_it_came(wire.data, answer))
    calls = any(isinstance(output.item, Called) for output in answer.outputs)
    stops = [stopped for stopped in answer.stops if stopped.choice == 0]
    content = [
        block for output in answer.outputs if output.choice == 0 for block in shown(output.item)
    ]
    return encode(
        {
            **fields_of(answer.aside),
            "id": answer.id,
            "type": "message",
            "role": "assistant",
            "model": answer.model,
            "content": content,
            **ending(stops[0] if stops else None, answer.status, calls=calls),
            "usage": write_usage(answer.usage),
            **proved(answer.verification),
        }
    )


def as_it_came(message: Json, answer: Answer) -> Json:
    """A whole message as its upstream sent it, but for the model and the cost that we know
    better; what it did not count at all is told as we have estimated it."""
    fields = {**message, "model": answer.model}
    if answer.usage is not None and answer.usage.estimated:
        return {**fields, "usage": write_usage(answer.usage)}
    return priced(fields, answer.usage)


def priced(fields: Json, usage: Usage | None) -> Json:
    """A message as its upstream sent it, with the cost that we know better."""
    counted = fields.get("usage")
    if usage is None or usage.cost is None or not isinstance(counted, dict):
        return fields
    return {**fields, "usage": {**cast("Json", counted), COST: usage.cost}}


def fields_of(aside: Aside | None) -> Json:
    """The unknown fields that came from this dialect."""
    return aside.fields if aside is not None and aside.dialect == NAME else {}


def ending(stopped: Stopped | None, status: str, *, calls: bool) -> Json:
    """Why the message ended. What was cut short for a reason that this dialect has no word for
    is said to have run out of tokens, so that nobody takes it for the whole; and some servers say
    that they merely stopped where a call waits to be answered."""
    reason = ("tool_use" if calls else "end_turn") if status == "completed" else "max_tokens"
    if stopped is None:
        return {"stop_reason": reason, "stop_sequence": None}
    reason = ENDINGS.get(stopped.reason, reason)
    if stopped.native is not None and STOPS.get(stopped.native) == stopped.reason:
        reason = stopped.native
    elif stopped.reason == "stop" and stopped.sequence is not None:
        reason = "stop_sequence"
    elif stopped.reason == "stop" and calls:
        reason = "tool_use"
    return {
        **fields_of(stopped.aside),
        "stop_reason": reason,
        "stop_sequence": stopped.sequence,
    }


def shown(item: Item) -> list[Json]:
    """The blocks of one item of an answer; what clients cannot know is left out."""
    match item:
        case Said():
            return PartWriter(Losses(NAME), own=False, reply=True).blocks(item.parts, "")
        case Thought():
            return _thought(item)
        case Called():
            return [called(item, _input(item.arguments))]
        case Hosted():
            return hosted.show(item)
        case Unread():
            return [item.data] if item.dialect == NAME else []
        case Returned():
            return []
        case _:
            assert_never(item)


def _thought(item: Thought) -> list[Json]:
    if item.redacted:
        return [
            {**fields_of(item.aside), "type": "redacted_thinking", "data": item.encrypted or ""}
        ]
    where = "content" if item.content and not item.summary else "summary"
    text = "\n\n".join(text.text for text in item.summary or item.content)
    signature = seal(item, where)
    if not text and not signature:
        return []
    return [thought(item, text, signature)]


def thought(item: Thought, text: str, signature: str) -> Json:
    fields: Json = {"type": "thinking", "thinking": text, "signature": signature}
    return {**fields_of(item.aside), **fields}


def called(item: Called, asked: Json) -> Json:
    fields: Json = {"type": "tool_use", "id": item.call_id, "name": item.name, "input": asked}
    return {**fields_of(item.aside), **fields}


def _input(arguments: str) -> Json:
    """Clients insist on an object, whatever the model wrote."""
    value = read_arguments(arguments)
    return {"arguments": arguments} if value is None else value
