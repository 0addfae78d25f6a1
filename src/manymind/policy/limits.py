"""May this be asked: of this model, with these tools, so large, and so many at once?

Everything here is decided before anything leaves, and before much of it is read. What may be
spent, and how much in a minute, is the ledger's.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.courses import DIRECT, Course
from manymind.canon.faults import BadRequest, ContextTooLong, Forbidden, NoSuchModel, RateLimited
from manymind.canon.letters import Letter
from manymind.canon.origins import Rights
from manymind.canon.requests import Function, HostedTool, Request
from manymind.catalog.offers import Offer
from manymind.dialects.losses import spelt
from manymind.policy.keys import Caller
from manymind.policy.patterns import Patterns
from manymind.policy.weighing import Measured, Scales

TURN_SECONDS = 1.0
"""After so long it makes sense to ask whether one of a key's other requests has ended."""

Resolve = Callable[[str], Sequence[Offer]]
"""Who serves a model of that name; raises `NoSuchModel` where nobody does."""

_TOOL_FIELDS = {
    "web_search_options": "web_search",
    "search_parameters": "web_search",
    "mcp_servers": "mcp",
}
"""Fields of single vendors that have a server run a tool."""

_FREE = nullcontext()


class Standing(Struct, frozen=True, kw_only=True):
    """What the settings allow to everybody, and to single tenants."""

    prompt_tokens: int | None = None
    tenants: Mapping[str, int] = {}


class _Ceiling(Struct, frozen=True):
    tokens: int
    whose: str
    where: str


class Limits:
    def __init__(self, standing: Standing, resolve: Resolve, scales: Scales) -> None:
        self._standing = standing
        self._resolve = resolve
        self._scales = scales
        self._patterns = Patterns()
        self._under_way: dict[tuple[str, str], int] = {}

    def turn(self, caller: Caller) -> AbstractContextManager[None]:
        """A place among the requests that a key may have under way at once. It is given back
        whatever becomes of the request."""
        limit = caller.rights.concurrency
        return _FREE if limit is None else self._taken(caller, limit)

    def passes(self, caller: Caller, letter: Letter) -> bool:
        """Whether a letter keeps to every limit without being opened. Raises the fault that needs
        no opening either."""
        rights = caller.rights
        if rights.models:
            self._permit(rights, letter.model, DIRECT)
        if rights.max_output_tokens is not None or (rights.tools and "tools" in letter.fields):
            return False
        ceiling = self._ceiling(caller, DIRECT)
        return ceiling is None or letter.size <= ceiling.tokens

    async def admit(self, caller: Caller, request: Request, course: Course = DIRECT) -> Request:
        """The request, with the limit of its output where it set none."""
        rights = caller.rights
        self._permit_all(rights, request, course)
        if rights.tools:
            self._permit_tools(rights, request)
        request = _bounded(request, _output(rights, course))
        await self.weigh(caller, request, course)
        return request

    async def admit_texts(
        self, caller: Caller, request: Request, counted: int, course: Course = DIRECT
    ) -> None:
        """As `admit`, for texts that become vectors; `counted` tokens came as numbers."""
        self._permit_all(caller.rights, request, course)
        ceiling = self._ceiling(caller, course)
        if ceiling is None:
            return
        if counted > ceiling.tokens:
            raise _too_long(Measured(counted), ceiling)
        left = ceiling.tokens - counted
        above = await self._scales.above(request, left, self._offers(request.model))
        if above is not None:
            raise _too_long(replace(above, tokens=above.tokens + counted), ceiling)

    def permits_route(self, rights: Rights, name: str) -> bool:
        return not rights.routes or self._patterns.match(rights.routes, name, f"route/{name}")

    async def weigh(self, caller: Caller, request: Request, course: Course = DIRECT) -> None:
        """Refuses a prompt that is larger than whoever asks may send."""
        ceiling = self._ceiling(caller, course)
        if ceiling is None:
            return
        above = await self._scales.above(request, ceiling.tokens, self._offers(request.model))
        if above is not None:
            raise _too_long(above, ceiling)

    def _offers(self, model: str) -> Sequence[Offer]:
        try:
            return self._resolve(model)
        except NoSuchModel:
            return ()

    @contextmanager
    def _taken(self, caller: Caller, limit: int) -> Generator[None]:
        place = caller.id, caller.key
        now = self._under_way.get(place, 0)
        if now >= limit:
            raise RateLimited(
                f"{now} requests of this key are under way, and it may have {limit} at once.",
                advice="Wait until one of them has ended, or ask for more concurrency.",
                retry_after=TURN_SECONDS,
            )
        self._under_way[place] = now + 1
        try:
            yield
        finally:
            left = self._under_way[place] - 1
            if left:
                self._under_way[place] = left
            else:
                del self._under_way[place]

    def _permit_all(self, rights: Rights, request: Request, course: Course) -> None:
        if course.route and not self.permits_route(rights, course.route):
            raise no_such_route(course.route)
        if rights.models:
            for model in (request.model, *request.models):
                self._permit(rights, model, course)

    def _permit(self, rights: Rights, model: str, course: Course) -> None:
        """What a name stands for must be allowed, whatever the name: an alias is no way around,
        nor is a route, unless the key's own list names it."""
        if course.route and self._patterns.match(rights.models, f"route/{course.route}"):
            return
        offers = self._resolve(model)
        for offer in offers:
            if not self._patterns.match(rights.models, offer.slug, offer.key):
                stands = "" if model in (offer.slug, offer.key) else f", which is {offer.slug} here"
                raise _not_for(f"{model[:200]}{stands}")
        if not offers:
            raise _not_for(model[:200])

    def _permit_tools(self, rights: Rights, request: Request) -> None:
        for place, name in _hosted(request):
            if not self._patterns.match(rights.tools, name):
                raise Forbidden(
                    f"This key may not use the tool {name[:100]}, which a server runs.",
                    advice="Leave it out, or have it added to the tools of the key.",
                    field=place,
                )

    def _ceiling(self, caller: Caller, course: Course) -> _Ceiling | None:
        """The lowest of all that hold."""
        standing, key = self._standing, caller.rights.max_prompt_tokens
        tenant = standing.tenants.get(caller.id) if standing.tenants else None
        if key is tenant is standing.prompt_tokens is course.max_prompt_tokens is None:
            return None
        ceilings = (
            (key, "this key", "max_prompt_tokens of the key"),
            (
                course.max_prompt_tokens,
                f"the route {course.route}",
                f"routes.{course.route}.max_prompt_tokens",
            ),
            (tenant, "this tenant", f"limits.tenant_prompt_tokens.{caller.id}"),
            (standing.prompt_tokens, "this server", "limits.prompt_tokens"),
        )
        found = [_Ceiling(cap, *rest) for cap, *rest in ceilings if cap is not None]
        return min(found, key=lambda each: each.tokens)


def _not_for(model: str) -> Forbidden:
    return Forbidden(
        f"This key may not use {model}.",
        advice="Ask for another model, or have it added to the models of the key.",
        field="model",
    )


def no_such_route(name: str) -> NoSuchModel:
    """Also where it is not for this key: which routes there are is the operator's matter."""
    return NoSuchModel(
        f"No route {name[:100]} is open to this key.",
        advice="GET /v1/models lists the models and the routes that are.",
        field="model",
    )


def _too_long(above: Measured, ceiling: _Ceiling) -> ContextTooLong:
    count = f"about {above.tokens:,}" if above.estimated else f"at least {above.tokens:,}"
    how = " by estimate" if above.estimated else ""
    return ContextTooLong(
        f"The prompt is too long: {count} tokens{how} > {ceiling.tokens:,} maximum of "
        f"{ceiling.whose}.",
        advice=f"Send less, or have the operator raise {ceiling.where}.",
    )


def _output(rights: Rights, course: Course) -> _Ceiling | None:
    key, route = rights.max_output_tokens, course.max_output_tokens
    if route is not None and (key is None or route < key):
        place = f"routes.{course.route}.max_output_tokens"
        return _Ceiling(route, f"the route {course.route}", place)
    return None if key is None else _Ceiling(key, "this key", "max_output_tokens of the key")


def _bounded(request: Request, ceiling: _Ceiling | None) -> Request:
    """All choices together are the output."""
    if ceiling is None:
        return request
    choices = request.n or 1
    wish = request.max_output_tokens
    if wish is None and choices <= ceiling.tokens:
        return replace(request, max_output_tokens=ceiling.tokens // choices)
    if wish is None or wish * choices > ceiling.tokens:
        of = f" for each of {choices:,} choices" if choices > 1 else ""
        field = spelt(request, "max_output_tokens")
        raise BadRequest(
            f"{field} is {wish or 1:,}{of}; the limit of {ceiling.whose} is {ceiling.tokens:,}.",
            advice=f"Ask for less, or have the operator raise {ceiling.where}.",
            field=field,
        )
    return request


def _hosted(request: Request) -> Iterator[tuple[str, str]]:
    """The tools that a server is to run, each with where the caller asked for it."""
    for number, tool in enumerate(request.tools or ()):
        if isinstance(tool, HostedTool):
            yield f"tools[{number}]", tool.tool
        elif not isinstance(tool, Function):
            kind = tool.data.get("type")
            yield f"tools[{number}]", kind if isinstance(kind, str) else next(iter(tool.data), "")
    fields = request.aside.fields if request.aside is not None else {}
    yield from ((field, name) for field, name in _TOOL_FIELDS.items() if fields.get(field))
    plugins = fields.get("plugins")
    for plugin in cast("list[object]", plugins) if isinstance(plugins, list) else ():
        name = cast("dict[str, object]", plugin).get("id") if isinstance(plugin, dict) else None
        yield "plugins", name if isinstance(name, str) else ""
    for model in (request.model, *request.models):
        if model.endswith(":online"):
            yield "model", "web_search"
