"""How a server of this dialect differs from the plain one."""

from msgspec import Struct


class Flavour(Struct, frozen=True, kw_only=True):
    """`kindred` says that the server is one of us, and takes the caps on turns, calls, cost and
    agents."""

    kindred: bool = False
