"""Tools that the house runs for a model: what a call of one brings, and how one is opened."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct

from manymind.canon.documents import Document
from manymind.canon.events import Say
from manymind.canon.items import Called, Returned
from manymind.canon.ports import Desk, Library
from manymind.canon.requests import Function, HostedTool, Request
from manymind.canon.values import Ticks


class Brought(Struct, frozen=True, kw_only=True):
    """What a call of a tool gave back: what the model is told, and the documents that came home
    with it, which may be quoted from then on. `computed` says that code has worked it out, so
    that a figure that stands there needs no quote."""

    returned: Returned
    documents: tuple[Document, ...] = ()
    computed: bool = False


class Priced(Struct, frozen=True, kw_only=True):
    """What one call is counted as (web_search, …), and the most that it can cost."""

    name: str
    ticks: Ticks = 0


class Tool(Protocol):
    """One tool, for as long as one answer takes. What lives as long (a session with a server, a
    sandbox with its variables) is its own, and ends with `close`.

    `call` says what happens as events of its own: it opens a `Hosted` item whose key begins with
    the desk's key, lets it advance, and closes it with its action and its output. It raises a
    `Fault` for what the model, or its caller, can act on; nothing is charged for a fault that is
    said to be before the work began.
    """

    @property
    def functions(self) -> tuple[Function, ...]:
        """What a model sees of it, and calls by these names."""
        ...

    def price(self, called: Called) -> Priced | None:
        """None where a call is neither counted nor paid."""
        ...

    async def call(self, called: Called, say: Say, desk: Desk) -> Brought: ...

    async def close(self) -> None: ...


class Workshop(Protocol):
    """Where the tools of one name come from (`web_search`, `mcp`, …), one file of `tools` each."""

    @property
    def name(self) -> str:
        """As `HostedTool.tool` has it, in no vendor's terms."""
        ...

    async def open(self, declared: HostedTool, request: Request, library: Library) -> Tool:
        """The tool as a request declares it. A declaration that cannot be honoured is a
        `BadRequest` that names the field; a tool that lacks something of its operator's (a key, a
        program) is an `Unsupported` that says what, and how to give it."""
        ...


class Toolbox(Protocol):
    """All tools of one answer, paid for: a call reserves its price from the desk's allotment."""

    def specs(self) -> tuple[Function, ...]: ...

    async def call(self, called: Called, say: Say, desk: Desk) -> Brought: ...


class Toolboxes(Protocol):
    """Gives each answer the tools that its request declares."""

    def names(self) -> Collection[str]:
        """The names of the tools that the house can run."""
        ...

    def open(self, request: Request, library: Library) -> AbstractAsyncContextManager[Toolbox]: ...
