"""What is wrong with routes and presets beyond the kind of each setting: how they fit together."""

import re
from collections.abc import Iterator

from manymind.config.files import Misplaced
from manymind.config.lines import Place
from manymind.config.settings import PresetSettings, RouteSettings, SettingsFile, WhenSettings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PREFIXES = ("route/", "dynamic/")
_PRESET = "@preset/"


def amiss(settings: SettingsFile) -> Iterator[tuple[Place, str]]:
    """Each setting that cannot stand beside the others, and why."""
    for name, route in settings.routes.items():
        place = ("routes", name)
        yield from _named(place, name)
        yield from _route(place, route)
    for name, preset in settings.presets.items():
        place = ("presets", name)
        yield from _named(place, name)
        yield from _preset(place, preset, settings)


def check(settings: SettingsFile) -> None:
    """Raises the first of them."""
    for place, said in amiss(settings):
        raise Misplaced(place, said)


def _named(place: Place, name: str) -> Iterator[tuple[Place, str]]:
    if not _NAME.fullmatch(name):
        yield place, "a name has letters, digits, dots and dashes, and at most 64 of them."


def _route(place: Place, route: RouteSettings) -> Iterator[tuple[Place, str]]:
    yield from _plain((*place, "models"), *route.models)
    if route.shadow is not None:
        yield from _plain((*place, "shadow", "model"), route.shadow.model)
    taken = 0.0
    closed = ""
    for name, arm in route.arms.items():
        here = (*place, "arms", name)
        yield from _named(here, name)
        yield from _plain((*here, "models"), *arm.models)
        if closed:
            yield here, f"it never answers: the arm {closed} before it takes all requests."
        if arm.when is not None:
            yield from _when((*here, "when"), arm.when)
        elif arm.percent is None:
            closed = closed or name
        else:
            taken += arm.percent
            if taken > 100:
                yield (*here, "percent"), f"the arms without when have {taken:g} % together."


def _when(place: Place, when: WhenSettings) -> Iterator[tuple[Place, str]]:
    least, most = when.prompt_tokens_min, when.prompt_tokens_max
    if least is not None and most is not None and least > most:
        yield (*place, "prompt_tokens_min"), f"it is above prompt_tokens_max, {most:,}."


def _plain(place: Place, *models: str) -> Iterator[tuple[Place, str]]:
    for model in models:
        if not model or model.startswith(_PREFIXES) or _PRESET in model:
            yield place, f'"{model}" is no model; a route names models, not routes or presets.'


def _preset(
    place: Place, preset: PresetSettings, settings: SettingsFile
) -> Iterator[tuple[Place, str]]:
    prefix = next((p for p in _PREFIXES if preset.model.startswith(p)), None)
    if prefix is not None:
        name = preset.model.removeprefix(prefix)
        if name not in settings.routes:
            yield (*place, "model"), f"there is no route {name}."
        if preset.models:
            yield (*place, "models"), "the route that is named as the model has its own list."
    elif _PRESET in preset.model:
        yield (*place, "model"), "a preset names a model or a route, not a preset."
    if preset.models and not preset.model:
        yield (*place, "models"), "there is no model before them; set model too."
    if preset.models:
        yield from _plain((*place, "models"), *preset.models)
