"""JSON of unknown shape, looked at safely: schemas and tool results come as they come."""

from typing import cast

from manymind.canon.values import Json


def as_object(value: object) -> Json | None:
    return cast(Json, value) if isinstance(value, dict) else None


def as_list(value: object) -> list[object] | None:
    return cast(list[object], value) if isinstance(value, list) else None
