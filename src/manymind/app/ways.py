"""The way in of the house: limits, routes, presets, what is answered again, and what is asked
beside."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import cast

import msgspec
from msgspec.structs import asdict

from manymind import dialects
from manymind.app.amounts import amount
from manymind.canon.courses import Shadow
from manymind.canon.exits import Cover
from manymind.canon.faults import Fault, NoSuchModel
from manymind.canon.origins import Rights
from manymind.canon.parts import Text
from manymind.canon.ports import Clock
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.listing import Row
from manymind.catalog.offers import Offer
from manymind.config import (
    Config,
    PresetSettings,
    RouteSettings,
    ShadowSettings,
    misplaced,
)
from manymind.dialects.mirror import Dialect
from manymind.entrance import Entrance
from manymind.memory.repeats import Repeats, Resolved
from manymind.policy.limits import Limits, Standing
from manymind.policy.weighing import Scales
from manymind.routing.conditions import When
from manymind.routing.presets import MARK, Preset
from manymind.routing.router import Router
from manymind.routing.routes import Arm, Choosing, Route
from manymind.store.database import Database
from manymind.store.repeats import RepeatShelf, Room
from manymind.tokens.counter import Counter

_PLAIN = (
    *("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty"),
    *("reasoning_effort", "verbosity", "seed", "stop", "service_tier", "tools", "tool_choice"),
    *("parallel_tool_calls", "response_format", "provider"),
)
"""What a preset sets in the words of Chat."""


def entrance(
    config: Config,
    clock: Clock,
    router: Router,
    catalogue: Catalogue,
    providers: Sequence[str],
    counter: Counter,
) -> Entrance:
    """`providers` are all that there are, those that give nothing but vectors included."""

    def resolve(model: str) -> Sequence[Offer]:
        try:
            return tuple(served.offer for served in router.served(model))
        except NoSuchModel:
            found = catalogue.find(model, providers)
            if not found:
                raise
            return found

    check(config, router.served)
    chat = dialects.find()["openai_chat"]
    standing = Standing(
        prompt_tokens=config.limits.prompt_tokens, tenants=config.limits.tenant_prompt_tokens
    )
    return Entrance(
        Limits(standing, resolve, Scales(counter)),
        clock,
        routes={name: _route(config, chat, name, said) for name, said in config.routes.items()},
        presets={name: _preset(config, chat, name, said) for name, said in config.presets.items()},
    )


def repeats(
    config: Config, clock: Clock, router: Router, database: Database, cover: Cover | None
) -> Repeats | None:
    """What answers again the question that was asked before."""
    cache = config.cache
    if not cache.enabled:
        return None

    def resolve(model: str) -> Resolved:
        offer = router.served(model)[0].offer
        return Resolved(offer.key, offer.slug)

    room = Room(answer_bytes=cache.answer_kb * 1024, tenant_bytes=cache.tenant_mb * 1024 * 1024)
    shelf = RepeatShelf(database, clock, room, cover)
    return Repeats(shelf, clock, resolve, seconds=cache.seconds)


def listed(entrance: Entrance, rights: Rights) -> tuple[Row, ...]:
    """The routes and presets that one with these rights may ask, as models are listed."""
    routes = (
        Row(
            id=f"route/{each.name}",
            name=each.description or each.name,
            created=0,
            owner="route",
            context=each.max_prompt_tokens,
            max_output=each.max_output_tokens,
        )
        for each in entrance.routes(rights)
    )
    presets = (
        Row(id=MARK + each.name, name=each.description or each.name, created=0, owner="preset")
        for each in entrance.presets
    )
    return (*routes, *presets)


def check(config: Config, served: Callable[[str], object]) -> None:
    """A model of a route, a preset or a shadow that nobody here serves would fail every caller."""
    for place, model in _models(config):
        try:
            served(model)
        except NoSuchModel as fault:
            raise misplaced(config.files, place, fault.told) from None


def _models(config: Config) -> Sequence[tuple[tuple[str, ...], str]]:
    found: list[tuple[tuple[str, ...], str]] = []
    for name, route in config.routes.items():
        place = ("routes", name)
        found += [((*place, "models"), model) for model in route.models]
        for arm, said in route.arms.items():
            found += [((*place, "arms", arm, "models"), model) for model in said.models]
        if route.shadow is not None:
            found.append(((*place, "shadow", "model"), route.shadow.model))
    for name, preset in config.presets.items():
        named = (preset.model, *preset.models)
        models = (each for each in named if each and not each.startswith(("route/", "dynamic/")))
        found += [(("presets", name, "model"), model) for model in models]
    return found


def _route(config: Config, chat: Dialect, name: str, said: RouteSettings) -> Route:
    place = ("routes", name)
    return Route(
        name=name,
        models=said.models,
        arms=tuple(
            Arm(
                name=arm,
                models=each.models,
                when=None if each.when is None else When(**asdict(each.when)),
                percent=each.percent,
                choosing=_choosing(config, chat, (*place, "arms", arm), each.provider),
            )
            for arm, each in said.arms.items()
        ),
        description=said.description,
        choosing=_choosing(config, chat, place, said.provider),
        max_prompt_tokens=said.max_prompt_tokens,
        max_output_tokens=said.max_output_tokens,
        max_cost=_amount(f"routes.{name}.max_cost_usd", said.max_cost_usd),
        seconds=said.request_seconds,
        shadow=None if said.shadow is None else _shadow(f"routes.{name}.shadow", said.shadow),
    )


def _shadow(place: str, said: ShadowSettings) -> Shadow:
    return Shadow(
        model=said.model,
        day_cost=amount(f"{place}.day_cost_usd", said.day_cost_usd),
        max_cost=_amount(f"{place}.max_cost_usd", said.max_cost_usd),
        percent=said.percent,
        at_once=said.at_once,
        seconds=said.request_seconds,
        unstored=said.unstored,
    )


def _amount(place: str, said: Decimal | None) -> int | None:
    return None if said is None else amount(place, said)


def _preset(config: Config, chat: Dialect, name: str, said: PresetSettings) -> Preset:
    fields = {each: value for each in _PLAIN if (value := getattr(said, each)) is not None}
    if said.max_output_tokens is not None:
        fields["max_completion_tokens"] = said.max_output_tokens
    read = _read(config, chat, ("presets", name), fields)
    aside = read.aside
    unknown = sorted(aside.fields.keys() - {"provider"}) if aside is not None else []
    if unknown:
        raise misplaced(config.files, ("presets", name), f"{unknown[0]} cannot be set here.")
    return Preset(
        name=name,
        fields=msgspec.structs.replace(
            read,
            model=said.model,
            models=said.models,
            items=(),
            instructions=(Text(text=said.instructions),) if said.instructions else None,
        ),
        description=said.description,
        locked=said.locked,
    )


def _choosing(
    config: Config, chat: Dialect, place: tuple[str, ...], said: Json | None
) -> Choosing | None:
    if said is None:
        return None
    provider = cast("Json", _plain(said))
    read = _read(config, chat, (*place, "provider"), {"provider": provider})
    return Choosing(provider, read.preferences)


def _read(config: Config, chat: Dialect, place: tuple[str, ...], fields: Json) -> Request:
    """What would be read of a caller's body: settings and callers are judged alike."""
    question: Mapping[str, object] = {"model": "-", "messages": [{"role": "user", "content": "-"}]}
    try:
        return chat.read_request(msgspec.json.encode({**question, **cast("Json", _plain(fields))}))
    except Fault as fault:
        raise misplaced(config.files, place, fault.told) from None


def _plain(value: object) -> object:
    """Fractions of a settings file are exact, and those of JSON are not."""
    match value:
        case Decimal():
            return float(value)
        case dict():
            return {name: _plain(inner) for name, inner in cast("Json", value).items()}
        case list() | tuple():
            return [_plain(inner) for inner in cast("Sequence[object]", value)]
        case _:
            return value
