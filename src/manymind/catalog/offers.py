"""A model at a provider: what is for sale, and on which terms."""

from msgspec import Struct

from manymind.catalog.prices import Price


class Offer(Struct, frozen=True, kw_only=True):
    """`native` is what the provider itself calls the model, and `aliases` its other names there.

    `slug` is what the model is called whoever serves it: `author/name`. None means not known:
    no `prices`, and nobody can say what a call costs. `created` is in seconds since 1970.

    `unbounded`, where given, is why no one can promise a maximum cost beforehand. `inner` says
    that the offer's own calls are each paid when they are made, so that it has no price itself.
    """

    provider: str
    native: str
    slug: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    context: int | None = None
    max_output: int | None = None
    inputs: tuple[str, ...] = ("text",)
    prices: tuple[Price, ...] = ()
    created: int = 0
    deprecated: bool = False
    unbounded: str | None = None
    inner: bool = False
    known: bool = True

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.native}"
