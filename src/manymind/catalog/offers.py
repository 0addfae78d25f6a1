"""A model at a provider: what is for sale, and on which terms."""

from datetime import date
from functools import cached_property

from msgspec import Struct

from manymind.catalog.prices import Price


class Source(Struct, frozen=True):
    """Where something is known from, and the day on which it stood there; None means that the
    source does not say."""

    name: str
    checked: date | None = None


class Offer(Struct, frozen=True, kw_only=True, dict=True):
    """`native` is what the provider itself calls the model, and `aliases` its other names there.

    `slug` is what the model is called whoever serves it: `author/name`. None means not known:
    no `prices`, and nobody can say what a call costs. `created` is in seconds since 1970.

    `unbounded`, where given, is why no one can promise a maximum cost beforehand. `inner` says
    that the offer's own calls are each paid when they are made, so that it has no price itself.

    `parameters` are what it takes, in OpenRouter's words; empty means that nobody has said.
    `unsupported` are fields of a request that it is known to refuse or to ignore, as `canon` has
    them (`temperature`, `reasoning.effort`). `efforts` are the steps of thinking that it knows,
    the hardest first. `knowledge` is a day or a month, as its maker says it.
    """

    provider: str
    native: str
    slug: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    context: int | None = None
    max_output: int | None = None
    inputs: tuple[str, ...] = ("text",)
    outputs: tuple[str, ...] = ("text",)
    parameters: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    efforts: tuple[str, ...] = ()
    knowledge: str | None = None
    retires: date | None = None
    prices: tuple[Price, ...] = ()
    created: int = 0
    deprecated: bool = False
    unbounded: str | None = None
    inner: bool = False
    known: bool = True
    priced_by: Source | None = None
    described_by: tuple[Source, ...] = ()

    @cached_property
    def key(self) -> str:
        return f"{self.provider}/{self.native}"
