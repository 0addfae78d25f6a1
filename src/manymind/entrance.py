"""The way in: what the operator's settings make of a request, and whether it may come in at all.

Presets and routes say what is asked of whom; limits say whether it may be. Nothing has left yet,
and nothing was recalled.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from random import random

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.courses import DIRECT, Course
from manymind.canon.embeddings import EmbedRequest
from manymind.canon.faults import BadRequest
from manymind.canon.items import Said
from manymind.canon.letters import Letter
from manymind.canon.origins import Marks, Rights
from manymind.canon.parts import Text
from manymind.canon.ports import Clock
from manymind.canon.requests import Request
from manymind.canon.values import Aside
from manymind.catalog.offers import Offer
from manymind.policy.keys import Caller
from manymind.policy.limits import Limits, Standing, no_such_route
from manymind.policy.weighing import Scales
from manymind.routing.conditions import Facts
from manymind.routing.presets import FIELD, MARK, Preset, Presets, applied
from manymind.routing.routes import Route, Routes, course, named
from manymind.tokens.counter import Counter


class Admitted(Struct, frozen=True):
    """A request that may be answered, and the way it is sent. `overridden` are what of the caller's
    own words had to give way to a locked preset."""

    request: Request
    course: Course = DIRECT
    overridden: tuple[str, ...] = ()


class Entrance:
    def __init__(
        self,
        limits: Limits,
        clock: Clock,
        *,
        routes: Routes | None = None,
        presets: Presets | None = None,
        chance: Callable[[], float] = random,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._routes: Routes = routes or {}
        self._presets: Presets = presets or {}
        self._chance = chance

    def turn(self, caller: Caller) -> AbstractContextManager[None]:
        """A place among what a key may have under way."""
        return self._limits.turn(caller)

    def passes(self, caller: Caller, letter: Letter) -> bool:
        """Whether a letter may go on unopened. Raises the fault that needs no opening."""
        model = letter.model
        if MARK in model or named(model) is not None:
            return False
        return self._limits.passes(caller, letter)

    async def admit(self, caller: Caller, request: Request, marks: Marks) -> Admitted:
        """The request as it is to be asked, or the fault that says why it is not."""
        chosen = applied(request, self._presets) if _preset(request) else None
        if chosen is not None:
            request = chosen.request
        way = self._way(caller, request, marks)
        if way is not DIRECT:
            request = _sent(request, way)
        request = await self._limits.admit(caller, request, way)
        if chosen is None:
            return Admitted(request, way)
        return Admitted(request, replace(way, preset=chosen.preset), chosen.overridden)

    async def weigh(self, caller: Caller, request: Request, way: Course) -> None:
        """Once more, with all that was recalled before it."""
        await self._limits.weigh(caller, request, way)

    async def admit_texts(
        self, caller: Caller, request: EmbedRequest, marks: Marks
    ) -> tuple[EmbedRequest, Course]:
        """As `admit`, for what is to become vectors: together the texts are the prompt. Of a route
        the first model is asked alone, since no other model's vectors would be like its own."""
        texts = (each for each in request.inputs if isinstance(each, str))
        said = Said(role="user", parts=tuple(Text(text=text) for text in texts))
        asked = Request(model=request.model, items=(said,), aside=request.aside)
        if _preset(asked):
            asked = applied(asked, self._presets).request
            request = replace(request, model=asked.model, aside=_unnamed(request.aside))
        way = self._way(caller, asked, marks)
        if way is not DIRECT:
            request = replace(request, model=way.models[0])
        counted = sum(len(each) for each in request.inputs if not isinstance(each, str))
        asked = replace(asked, model=request.model)
        await self._limits.admit_texts(caller, asked, counted, way)
        return request, way

    def routes(self, rights: Rights) -> tuple[Route, ...]:
        """The routes that whoever has these rights may ask, and hence see."""
        routes = self._routes.values()
        return tuple(each for each in routes if self._limits.permits_route(rights, each.name))

    @property
    def presets(self) -> tuple[Preset, ...]:
        """They are open to everybody: whether their model is, is another matter."""
        return tuple(self._presets.values())

    def _way(self, caller: Caller, request: Request, marks: Marks) -> Course:
        name = named(request.model)
        for model in request.models:
            if named(model) is not None or MARK in model:
                raise BadRequest(
                    f"{model[:100]} cannot stand in a list of models.",
                    advice="Name models there, or a route alone as the model.",
                    field="models",
                )
        if name is None:
            return DIRECT
        route = self._routes.get(name)
        if route is None or not self._limits.permits_route(caller.rights, name):
            raise no_such_route(name)
        facts = Facts(
            request,
            marks,
            tenant=caller.id,
            user=caller.user,
            key=caller.key,
            hour=datetime.fromtimestamp(self._clock.today(), UTC).hour,
        )
        return course(route, facts, self._chance())


def unguarded(clock: Clock) -> Entrance:
    """Where no settings are: keys have their limits all the same, and no key with a list of models
    gets by, since nobody says what a name stands for."""

    def nobody(model: str) -> tuple[Offer, ...]:
        return ()

    return Entrance(Limits(Standing(), nobody, Scales(Counter())), clock)


def _preset(request: Request) -> bool:
    """Whether a preset is named, in whatever way."""
    return MARK in request.model or (request.aside is not None and FIELD in request.aside.fields)


def _unnamed(aside: Aside | None) -> Aside | None:
    """What goes on to a vendor, without the name of a preset of ours."""
    if aside is None or FIELD not in aside.fields:
        return aside
    left = {name: value for name, value in aside.fields.items() if name != FIELD}
    return Aside(aside.dialect, left) if left else None


def _sent(request: Request, way: Course) -> Request:
    """The request with the models of its route, and with the route's way of choosing among their
    offers. A caller's own list of models has no place there."""
    if request.models:
        raise BadRequest(
            f"The route {way.route} has a list of models of its own.",
            advice="Leave out models, or ask a model instead of a route.",
            field="models",
        )
    first, *others = way.models
    request = replace(request, model=first, models=tuple(others))
    if way.provider is None:
        return request
    aside = request.aside or Aside(request.dialect or "", {})
    fields = {**aside.fields, "provider": way.provider}
    return replace(request, preferences=way.preferences, aside=Aside(aside.dialect, fields))
