"""Bodies of management pages, read within the bounds of every body."""

from collections.abc import Callable

from manymind.canon.faults import BadRequest
from manymind.canon.values import Json
from manymind.dialects.reading import Object, decode
from manymind.server.exchange import Exchange

_METADATA_MAX = 16
_KEY_MAX, _VALUE_MAX = 64, 512


async def fields(
    exchange: Exchange, limit: int, seconds: float, take: Callable[[int], None]
) -> Object:
    """The fields of a body; no body at all is one without fields."""
    body = await exchange.body(limit, seconds, take)
    return decode(body) if body else Object({}, "")


def metadata(top: Object) -> Json | None:
    """Up to sixteen short texts, by name."""
    found = top.json("metadata")
    if found is None:
        return None
    if len(found) > _METADATA_MAX:
        raise BadRequest(f"metadata has more than {_METADATA_MAX} keys.", field="metadata")
    for key, value in found.items():
        if len(key) > _KEY_MAX:
            raise BadRequest(
                f"A key of metadata is longer than {_KEY_MAX} characters.", field="metadata"
            )
        if not isinstance(value, str) or len(value) > _VALUE_MAX:
            raise BadRequest(
                f"Each value of metadata must be a text of at most {_VALUE_MAX} characters.",
                field="metadata",
            )
    return found
