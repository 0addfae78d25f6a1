"""How a server of this dialect differs from the plain one."""

from msgspec import Struct

MAX_TOKENS = 8192
"""The cap on output where the caller gave none, for this dialect insists on one. Every model
that is on sale takes it, and it is room for a long answer."""


class Flavour(Struct, frozen=True, kw_only=True):
    """What one server understands beyond the plain dialect, or prefers.

    `max_tokens` is its cap on output for callers who gave none. `kindred` says that it is one of
    us, and takes the caps on turns, calls, cost and agents.
    """

    max_tokens: int = MAX_TOKENS
    kindred: bool = False
