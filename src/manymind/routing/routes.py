"""The operator's named routes: which models answer in turn, under which conditions and caps. Pure.

A caller names a route as it names a model, and can define none.
"""

from collections.abc import Mapping
from hashlib import sha256

from msgspec import Struct

from manymind.canon.courses import Course, Shadow
from manymind.canon.preferences import Preferences
from manymind.canon.values import Json, Ticks
from manymind.routing.conditions import Facts, When, holds

PREFIXES = ("route/", "dynamic/")
"""How callers name a route: by our own word, or by that of Cloudflare's clients."""


class Choosing(Struct, frozen=True):
    """How offers are chosen: in OpenRouter's words, and in ours."""

    provider: Json
    preferences: Preferences | None


class Arm(Struct, frozen=True, kw_only=True):
    """One way that a route may go: where `when` holds, for `percent` of those who come so far."""

    name: str
    models: tuple[str, ...]
    when: When | None = None
    percent: float | None = None
    choosing: Choosing | None = None


class Route(Struct, frozen=True, kw_only=True):
    """`arms` are looked at in their order, and `models` answer where none of them applies."""

    name: str
    models: tuple[str, ...]
    arms: tuple[Arm, ...] = ()
    description: str = ""
    choosing: Choosing | None = None
    max_prompt_tokens: int | None = None
    max_output_tokens: int | None = None
    max_cost: Ticks | None = None
    seconds: float | None = None
    shadow: Shadow | None = None


Routes = Mapping[str, Route]


def named(model: str) -> str | None:
    """The name of the route that is asked for as this model, if it is one."""
    for prefix in PREFIXES:
        if model.startswith(prefix):
            return model.removeprefix(prefix)
    return None


def course(route: Route, facts: Facts, chance: float) -> Course:
    """The way of one question. `chance`, from 0 to below 1, decides where nobody says who asks:
    whoever is known comes by the same arm each time."""
    roll = 100 * (_share(route.name, facts) if facts.subject else chance)
    arm = _arm(route, facts, roll)
    choosing = route.choosing if arm is None or arm.choosing is None else arm.choosing
    return Course(
        route=route.name,
        arm="" if arm is None else arm.name,
        models=route.models if arm is None else arm.models,
        provider=None if choosing is None else choosing.provider,
        preferences=None if choosing is None else choosing.preferences,
        max_prompt_tokens=route.max_prompt_tokens,
        max_output_tokens=route.max_output_tokens,
        max_cost=route.max_cost,
        seconds=route.seconds,
        shadow=route.shadow,
    )


def _arm(route: Route, facts: Facts, roll: float) -> Arm | None:
    """The percentages of the arms that apply lie side by side, so that each gets its share."""
    for arm in route.arms:
        if arm.when is not None and not holds(arm.when, facts):
            continue
        if arm.percent is None or roll < arm.percent:
            return arm
        roll -= arm.percent
    return None


def _share(name: str, facts: Facts) -> float:
    said = "\0".join((name, facts.tenant, facts.subject)).encode("utf-8", "surrogatepass")
    return int.from_bytes(sha256(said).digest()[:8]) / 2**64
