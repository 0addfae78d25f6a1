"""Reads replies: whole, and the frames that streams share with them."""

from manymind.canon.events import Began, Chunk, Ended, Happened, Spent, Stopped, Wire
from manymind.canon.values import Aside, Json
from manymind.dialects.anthropic_messages.block_reader import BlockReader
from manymind.dialects.anthropic_messages.faults import reported
from manymind.dialects.anthropic_messages.usage import read_usage
from manymind.dialects.anthropic_messages.words import NAME, STOPS
from manymind.dialects.reading import Object, decode, upstream

_ENDING = ("stop_details", "container")
"""Fields of a whole message that a stream gives with the reason why it stopped."""


def read_reply(body: bytes) -> Chunk:
    message = decode(body, upstream)
    data = dict(message.left())
    if data.get("type") == "error":
        raise reported(data)
    blocks = message.needed("content", message.each("content"))
    stopped = read_stopped(_ending(message))
    began = read_began(message)
    reader = BlockReader(began.id)
    told: list[Happened] = []
    for n, block in enumerate(blocks):
        told += reader.start(n, block)
    told += reader.finish()
    spent = read_spent(message.json("usage") or {})
    events = (began, *told, stopped, *spent, ended(stopped))
    return Chunk(events, Wire(NAME, data, whole=True))


def read_spent(usage: Json) -> list[Happened]:
    """Nothing was counted where nothing is said: a nought would make the answer free."""
    return [Spent(usage=read_usage(Object(usage, "usage", upstream)))] if usage else []


def read_began(message: Object) -> Began:
    """`content`, `usage` and why it stopped are read apart."""
    if message.text("type") != "message":
        raise message.wrong("type", "is not message")
    identity, model = message.text("id") or "", message.text("model") or ""
    known = ("role", "content", "usage", "stop_reason", "stop_sequence", *_ENDING)
    left = {name: value for name, value in message.left().items() if name not in known}
    return Began(id=identity, model=model, aside=kept(left))


def _ending(message: Object) -> Object:
    """What a stream gives in its last delta."""
    names = ("stop_reason", "stop_sequence", *_ENDING)
    return Object({name: message.take(name) for name in names}, "", message.blame)


def read_stopped(fields: Object) -> Stopped:
    native, sequence = fields.text("stop_reason"), fields.text("stop_sequence")
    return Stopped(
        reason=STOPS.get(native or "", "other"),
        native=native,
        sequence=sequence,
        aside=kept(fields.left()),
    )


def ended(stopped: Stopped) -> Ended:
    if stopped.reason == "length":
        return Ended(status="incomplete", reason="max_output_tokens")
    return Ended()


def kept(fields: Json) -> Aside | None:
    """What is worth keeping of what nobody read: replies are full of nulls."""
    left = {name: value for name, value in fields.items() if value is not None}
    return Aside(NAME, left) if left else None
