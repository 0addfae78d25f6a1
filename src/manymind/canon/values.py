"""The smallest words: money, JSON, and fields that only their own dialect understands."""

from typing import TypeAlias

from msgspec import Struct

Ticks: TypeAlias = int
"""Money. Ten thousand million to the dollar, always whole."""

TICKS_PER_DOLLAR: Ticks = 10**10

Json: TypeAlias = dict[str, object]
"""A JSON object that we carry without reading it."""


class Aside(Struct, frozen=True):
    """Fields that a dialect did not understand, kept at the level where they stood.

    The same dialect writes them back; any other reports them as lost.
    """

    dialect: str
    fields: Json
