"""How a server of this dialect differs from the plain one."""

from msgspec import Struct


class Flavour(Struct, frozen=True, kw_only=True):
    """What one server understands beyond, or instead of, the plain dialect.

    `cap` is its name for the limit on output: many know only `max_tokens`. None: as the caller
    spelt it, else `max_completion_tokens`.
    `thoughts` is the field in which it wants reasoning of other dialects back (DeepSeek:
    `reasoning_content`; OpenRouter: `reasoning_details`). None: plain servers refuse them all.
    `extended` says that it knows OpenRouter's additions: `reasoning`, `top_k`, `cache_control`.
    `kindred` says that it is one of us, and takes the caps on turns, calls, cost and agents.
    `lacks` are fields that it refuses: they are left out, and reported. `renamed` are those that
    it knows by another name, which follows. A `nameless` one refuses names on messages.
    """

    cap: str | None = None
    thoughts: str | None = None
    extended: bool = False
    kindred: bool = False
    lacks: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    nameless: bool = False
