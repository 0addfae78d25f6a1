"""Divides a question among the agents of a team, where the reader leads it.

It cannot judge what a question needs, but it knows its parts: each is looked up by itself, at the
same time as the others. What leans on an earlier part stays with it.
"""

import msgspec
from msgspec import Struct

from manymind.canon.requests import OutputFormat
from manymind.providers.reader.asking import Asked, Question, leans
from manymind.providers.reader.loose import as_list, as_object

_ALONE = "Nothing has to be looked up."


class _Work(Struct, frozen=True):
    objective: str
    boundaries: str


class _Plan(Struct, frozen=True):
    mode: str
    reason: str
    work: list[_Work]


def is_plan(output: OutputFormat) -> bool:
    """Whether the caller wants the work divided: a mode, a reason, and objectives."""
    fields = as_object((output.schema or {}).get("properties")) or {}
    modes = as_list((as_object(fields.get("mode")) or {}).get("enum")) or []
    items = as_object((as_object(fields.get("work")) or {}).get("items")) or {}
    inner = as_object(items.get("properties")) or {}
    wanted = {"research", "solo"}
    return (
        fields.keys() == {"mode", "reason", "work"}
        and "objective" in inner
        and (wanted <= {mode for mode in modes if isinstance(mode, str)})
    )


def plan(asked: Asked) -> str:
    """The plan as JSON."""
    groups = _groups(asked.parts)
    if not groups or asked.about not in ("question", "summary"):
        made = _Plan("solo", _ALONE, [])
    else:
        others = "Only this; others look up the rest." if len(groups) > 1 else ""
        made = _Plan("research", _reason(len(groups)), [_Work(one, others) for one in groups])
    return msgspec.json.encode(made).decode()


def _groups(parts: tuple[Question, ...]) -> list[str]:
    """The parts that can be looked up apart; one that leans on the first stays with the one
    before it."""
    groups: list[str] = []
    for part in parts:
        text = " ".join(part.text.split()).rstrip(",;")
        text = text if text.endswith(("?", "？", "!", ".")) else f"{text}?"
        if groups and (part.lent or leans(part.text)):
            groups[-1] = f"{groups[-1]} {text[:1].upper()}{text[1:]}"
        else:
            groups.append(f"{text[:1].upper()}{text[1:]}")
    return groups


def _reason(parts: int) -> str:
    if parts == 1:
        return "The question has one part: one agent looks it up."
    return f"The question has {parts} parts that can be looked up side by side."
