"""The operator's presets: a model, instructions and settings under one name. Pure."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.faults import BadRequest, NoSuchModel
from manymind.canon.items import Said
from manymind.canon.requests import Request
from manymind.canon.values import Aside
from manymind.dialects.losses import spelt

MARK = "@preset/"
FIELD = "preset"
"""OpenRouter's name for it in a body."""

SETTABLE = (
    *("tools", "tool_choice", "parallel_tool_calls", "output", "verbosity", "reasoning"),
    *("max_output_tokens", "temperature", "top_p", "top_k", "presence_penalty"),
    *("frequency_penalty", "seed", "stop", "service_tier"),
)

_SYSTEM = ("system", "developer")


class Preset(Struct, frozen=True, kw_only=True):
    """`fields` are a request that lacks its question: what it sets, it sets where the caller said
    nothing, and everywhere if the preset is `locked`. An empty model leaves that to the caller."""

    name: str
    fields: Request
    description: str = ""
    locked: bool = False


Presets = Mapping[str, Preset]


class Chosen(Struct, frozen=True):
    """A request with its preset in it, and what of the caller's own had to give way."""

    request: Request
    preset: str = ""
    overridden: tuple[str, ...] = ()


def applied(request: Request, presets: Presets) -> Chosen:
    """The request as its preset has it, however it named one."""
    bare, mark, name = request.model.partition(MARK)
    request, said = _taken(request)
    if mark and said and said != name:
        raise BadRequest(
            "Two presets are named, one in the model and one beside it.",
            advice="Name one.",
            field=FIELD,
        )
    if not mark and not said:
        return Chosen(request)
    preset = presets.get(name if mark else said)
    if preset is None:
        raise NoSuchModel(
            f"There is no preset {(name if mark else said)[:100]} here.",
            advice="The operator of this server defines presets, as [presets.NAME].",
            field="model" if mark else FIELD,
        )
    return _laid(replace(request, model=bare if mark else request.model), preset)


def _taken(request: Request) -> tuple[Request, str]:
    """The request without OpenRouter's field, and what stood in it. It goes on to nobody."""
    aside = request.aside
    if aside is None or FIELD not in aside.fields:
        return request, ""
    fields = {name: value for name, value in aside.fields.items() if name != FIELD}
    said = aside.fields[FIELD]
    if not isinstance(said, str):
        raise BadRequest("preset must be the name of a preset.", field=FIELD)
    left = Aside(aside.dialect, fields) if fields else None
    return replace(request, aside=left), said.removeprefix(MARK)


def _laid(request: Request, preset: Preset) -> Chosen:
    ours, overridden = preset.fields, list[str]()
    changed: dict[str, Any] = {}
    if ours.model and (preset.locked or not request.model):
        if request.model not in ("", ours.model):
            overridden.append("model")
        changed |= {"model": ours.model, "models": ours.models}
    for name in SETTABLE:
        wanted, said = getattr(ours, name), getattr(request, name)
        if wanted is None or wanted == said or (said is not None and not preset.locked):
            continue
        if said is not None:
            overridden.append(spelt(request, name))
        changed[name] = wanted
    told = _instructed(request)
    if ours.instructions and (preset.locked or not told):
        changed["instructions"] = ours.instructions
        if told:
            changed["items"] = tuple(item for item in request.items if not _instructs(item))
            overridden.append(spelt(request, "instructions"))
    request = replace(request, **changed)
    if not request.model:
        raise BadRequest(
            f"The preset {preset.name} names no model.", advice="Name one.", field="model"
        )
    return Chosen(_preferring(request, preset), preset.name, tuple(overridden))


def _instructed(request: Request) -> bool:
    return bool(request.instructions) or any(map(_instructs, request.items))


def _instructs(item: object) -> bool:
    return isinstance(item, Said) and item.role in _SYSTEM


def _preferring(request: Request, preset: Preset) -> Request:
    """How offers are chosen, where the caller did not say."""
    ours = preset.fields
    if ours.preferences is None or (request.preferences is not None and not preset.locked):
        return request
    aside = request.aside or Aside(request.dialect or "", {})
    provider = {} if ours.aside is None else ours.aside.fields
    return replace(
        request,
        preferences=ours.preferences,
        aside=Aside(aside.dialect, {**aside.fields, **provider}),
    )
