"""What stands at which path. Each part of the server brings its own routes."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Literal, TypeAlias
from urllib.parse import unquote

from msgspec import Struct

from manymind.canon.faults import Forbidden, MethodNotAllowed, NotFound
from manymind.policy.keys import Caller
from manymind.server.exchange import Exchange
from manymind.server.handshake import SOCKET
from manymind.server.manners import Manners
from manymind.server.websocket import Terms

Captured: TypeAlias = Mapping[str, str]
"""What stood in the braces of a path, unquoted."""

Needs: TypeAlias = Literal["operator", "infer", "manage", "any"]
"""Whom a page is for. The operator may do all; a key either infers or manages."""

Page: TypeAlias = Callable[[Exchange, Caller, Captured], Awaitable[None]]

NOBODY = Caller(id="")
"""Who calls an open page. No row and no money belongs to nobody."""

_BRACES = re.compile(r"\{(\w+)(\.\.\.)?\}")


class Route(Struct, frozen=True, kw_only=True):
    """`path` may hold `{name}`, which stands for one segment, or at its end `{name...}`, for all
    the rest. An `open` page needs no key; of any other that does not say what it `needs`, the
    operator's. `socket` has the terms of a page that is no page, but where one may speak by
    WebSocket."""

    method: str
    path: str
    page: Page
    manners: Manners = Manners()
    open: bool = False
    needs: Needs = "operator"
    socket: Terms | None = None

    @property
    def place(self) -> str:
        """The path as it is logged: what a caller made up of it may hold a secret."""
        return _BRACES.sub("…", self.path)


class Place(Struct, frozen=True):
    """All that stands at one path, by method, and what the path captured."""

    routes: Mapping[str, Route]
    any: Route
    captured: Captured

    def route(self, method: str) -> Route:
        found = self.routes.get("GET" if method == "HEAD" else method)
        if found is None:
            raise MethodNotAllowed(f"This path takes {self.allowed}, not {method[:20]}.")
        return found

    @property
    def allowed(self) -> str:
        return ", ".join(sorted(self.routes.keys() - {SOCKET}))


class Routes:
    """Finds what stands at a path. Where two templates match, the one that was named first."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._plain: dict[str, Place] = {}
        self._shaped: dict[str, tuple[re.Pattern[str], dict[str, Route]]] = {}
        plain: dict[str, dict[str, Route]] = {}
        for route in routes:
            if "{" in route.path:
                shaped = self._shaped.setdefault(route.path, (_pattern(route.path), {}))[1]
            else:
                shaped = plain.setdefault(route.path, {})
            if route.method in shaped:
                raise ValueError(f"{route.method} {route.path} is taken already")
            shaped[route.method] = route
        self._plain = {path: Place(found, _first(found), {}) for path, found in plain.items()}

    def at(self, path: str) -> Place | None:
        plain = self._plain.get(path)
        if plain is not None:
            return plain
        for pattern, routes in self._shaped.values():
            match = pattern.fullmatch(path)
            if match is not None:
                captured = {name: unquote(value) for name, value in match.groupdict().items()}
                return Place(routes, _first(routes), captured)
        return None

    def missing(self, path: str) -> NotFound:
        """Where a base URL that has its /v1 twice, or not at all, was meant to lead."""
        close = get_close_matches(path[:200], list(self._plain), n=1, cutoff=0.8)
        advice = f"Did you mean {close[0]}?" if close else "The paths are listed at /openapi.json."
        return NotFound("There is nothing at this path.", advice=advice)


def admit(caller: Caller, needs: Needs) -> None:
    """Refuses whoever has not the right that a page needs."""
    rights = caller.rights
    if needs == "infer":
        if rights.infers:
            return
    elif needs == "any" or (rights.manages and (needs == "manage" or rights.infers)):
        return
    raise _refusal(caller, needs)


def _refusal(caller: Caller, needs: Needs) -> Forbidden:
    if needs == "infer" and caller.stopped:
        return Forbidden(
            f"This API key was stopped: {caller.stopped}",
            advice="Whoever manages the keys can open it again.",
        )
    if needs == "infer":
        return Forbidden("A management key asks no models.", advice="Make a key with it that does.")
    if needs == "manage":
        return Forbidden(
            "This page needs a management key.", advice="Ask whoever manages the keys."
        )
    return Forbidden("This page is for the operator of this server alone.")


def _first(routes: Mapping[str, Route]) -> Route:
    return next(iter(routes.values()))


def _pattern(path: str) -> re.Pattern[str]:
    pieces: list[str] = []
    at = 0
    for brace in _BRACES.finditer(path):
        pieces.append(re.escape(path[at : brace.start()]))
        pieces.append(f"(?P<{brace[1]}>{'.+' if brace[2] else '[^/]+'})")
        at = brace.end()
    return re.compile("".join([*pieces, re.escape(path[at:])]))
