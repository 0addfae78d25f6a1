"""Who asks, and what for: what a call is paid by, limited by, and counted under."""

from msgspec import Struct

from manymind.canon.values import Ticks


class Rights(Struct, frozen=True, kw_only=True):
    """What a key may do. None and an empty list limit nothing; patterns may hold `*`.

    `manages` opens the pages of accounts, `infers` those that ask models; no key has both but
    the operator's own. Rates are for a minute; `max_cost` is for one call.
    """

    infers: bool = True
    manages: bool = False
    models: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None
    max_prompt_tokens: int | None = None
    max_output_tokens: int | None = None
    max_cost: Ticks | None = None
    caches: bool = False


class App(Struct, frozen=True, kw_only=True):
    """The program that a caller says it is: `HTTP-Referer` and `X-Title`."""

    url: str = ""
    title: str = ""


class Repeat(Struct, frozen=True, kw_only=True):
    """Whether an answer that was given before will do. `wanted` None leaves it to the key's rights;
    `seconds` is how long this answer may be given again, and `anew` asks for a new one now."""

    wanted: bool | None = None
    seconds: int | None = None
    anew: bool = False


class Marks(Struct, frozen=True, kw_only=True):
    """What a caller says of its call beside the question. None of it is authority."""

    feature: str = ""
    session: str = ""
    app: App = App()
    repeat: Repeat = Repeat()


OPERATOR = "owner"
"""The tenant of whoever runs the server; there is always this one."""


class Origin(Struct, frozen=True, kw_only=True):
    """On whose behalf a call is made. Every row of the ledger holds it; empty means none.

    `request` is the id of the caller's request, which the calls of a team share. `route` is the
    operator's named route that it came by, and `arm` which of its arms. `streamed` says how the
    caller hears the answer. `rights` are those of its key, and stand in no row; rates are weighed
    wherever a call goes.
    """

    tenant: str = OPERATOR
    user: str = ""
    key: str = ""
    request: str = ""
    route: str = ""
    arm: str = ""
    feature: str = ""
    session: str = ""
    app: App = App()
    dialect: str = ""
    streamed: bool = False
    rights: Rights = Rights()
