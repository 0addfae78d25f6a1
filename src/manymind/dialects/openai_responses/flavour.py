"""How a server of this dialect differs from the plain one."""

from msgspec import Struct


class Flavour(Struct, frozen=True, kw_only=True):
    """What one server understands beyond the plain dialect.

    `turns` says that it runs tools in turns and takes a cap on them, as xAI does.
    `kindred` says that it is one of us, and takes every cap of ours.
    """

    turns: bool = False
    kindred: bool = False
