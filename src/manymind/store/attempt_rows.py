"""A row of the ledger as it is read back."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import RowMapping

from manymind.canon.values import Ticks

_TOOLS = msgspec.json.Decoder(dict[str, int])
_NAMES = msgspec.json.Decoder(tuple[str, ...])


class AttemptRow(Struct, frozen=True, kw_only=True):
    """One try at an offer, as the table `attempts` tells it; see `canon/attempts.py`. `at`,
    `micros` and `first_micros` are in microseconds. `lines` is how the cost was reckoned."""

    owner: str
    request: str
    key: str
    number: int
    at: int
    user: str
    api_key: str
    route: str
    arm: str
    feature: str
    session: str
    app: str
    app_title: str
    dialect: str
    streamed: bool
    requested: str
    slug: str
    provider: str
    offer: str
    served: str | None
    outcome: str
    finish: str | None
    native_finish: str | None
    dropped: tuple[str, ...]
    micros: int
    first_micros: int | None
    reserved: Ticks
    ticks: Ticks
    basis: str
    flagged: bool
    estimated: bool
    input_tokens: int
    cached_tokens: int
    written_tokens: int
    output_tokens: int
    reasoning_tokens: int
    tools: Mapping[str, int]
    lines: object
    reply: str | None

    @property
    def own(self) -> bool:
        """Whether its caller made it, and not an agent on the way to the answer."""
        return self.key.removeprefix(self.request).count("/") <= 1


def attempt_row(fields: RowMapping) -> AttemptRow:
    return AttemptRow(
        **{
            **fields,
            "dropped": _unpacked(_NAMES, fields["dropped"], ()),
            "tools": _unpacked(_TOOLS, fields["tools"], {}),
            "lines": _unpacked(_ANYTHING, fields["lines"], None),
        }
    )


_ANYTHING = msgspec.json.Decoder()


def _unpacked(decoder: Any, packed: bytes | None, otherwise: object) -> Any:
    """What was packed as JSON. A row that a later release wrote otherwise is still shown."""
    if not packed:
        return otherwise
    try:
        return decoder.decode(packed)
    except msgspec.MsgspecError:
        return otherwise
