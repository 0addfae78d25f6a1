"""Which of many a caller wants to see, as OpenAI's lists are asked."""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import parse_qsl

from msgspec import Struct

from manymind.canon.faults import BadRequest
from manymind.canon.values import Json
from manymind.server.exchange import Exchange

LIMIT_MAX = 100

_FIELDS_MAX = 50
_Value = TypeVar("_Value")


class Query(Struct, frozen=True):
    """The fields behind the question mark, each as often as it was given."""

    fields: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str | None:
        values = self.fields.get(name, ())
        if len(values) > 1:
            raise BadRequest(f"{name} is given {len(values)} times.", field=name)
        return values[0] if values else None

    def many(self, name: str) -> tuple[str, ...]:
        """All values of a field that may be repeated, in any of the ways that clients do it. An
        empty one is a value too, which whoever asks may refuse."""
        listed = (*self.fields.get(name, ()), *self.fields.get(f"{name}[]", ()))
        return tuple(each for value in listed for each in value.split(","))

    def flag(self, name: str) -> bool:
        value = self.one(name)
        if value not in (None, "true", "false"):
            raise BadRequest(f"{name} must be true or false.", field=name)
        return value == "true"

    def whole(self, name: str, least: int, most: int) -> int | None:
        value = self.one(name)
        if value is None:
            return None
        known = value.isascii() and value.isdecimal() and len(value) <= 18
        if not known or not least <= int(value) <= most:
            raise BadRequest(f"{name} must be a whole number from {least} to {most}.", field=name)
        return int(value)


class Page(Struct, frozen=True, kw_only=True):
    limit: int
    oldest_first: bool
    after: str | None
    before: str | None

    def cut(self, found: Sequence[tuple[str, _Value]]) -> tuple[list[tuple[str, _Value]], bool]:
        """This page of them all, which come oldest first; and whether there are more."""
        ordered = list(found) if self.oldest_first else list(reversed(found))
        names = [name for name, _ in ordered]
        start = 0 if self.after is None else _place(names, "after", self.after) + 1
        end = len(ordered) if self.before is None else _place(names, "before", self.before)
        within = ordered[start:end]
        return within[: self.limit], len(within) > self.limit


def query(exchange: Exchange) -> Query:
    try:
        pairs = parse_qsl(
            exchange.query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_FIELDS_MAX,
        )
    except ValueError:
        raise BadRequest("What stands behind the question mark cannot be read.") from None
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return Query(fields)


def page(asked: Query, *, oldest_first: bool) -> Page:
    order = asked.one("order")
    if order not in (None, "asc", "desc"):
        raise BadRequest("order must be asc or desc.", field="order")
    return Page(
        limit=asked.whole("limit", 1, LIMIT_MAX) or 20,
        oldest_first=oldest_first if order is None else order == "asc",
        after=asked.one("after"),
        before=asked.one("before"),
    )


def listed(data: Sequence[Json], *, more: bool) -> Json:
    return {
        "object": "list",
        "data": list(data),
        "first_id": data[0].get("id") if data else None,
        "last_id": data[-1].get("id") if data else None,
        "has_more": more,
    }


def _place(names: Sequence[str], field: str, wanted: str) -> int:
    if wanted not in names:
        raise BadRequest(f"The list has no item of the id in {field}.", field=field)
    return names.index(wanted)
