"""What of a request is meant for us, and what for the upstream behind us."""

from msgspec.structs import replace

from manymind.canon.requests import Request

ROUTING = frozenset({"models", "plugins", "preset", "provider", "route", "transforms"})
"""Fields in which a caller of OpenRouter's API says how to choose among providers."""

NEEDED = ("previous_response_id", "cachedContent")
"""Without these a model would answer another question than was asked."""


def needed(request: Request, lost: tuple[str, ...]) -> tuple[str, ...]:
    """What of the loss is too much: parts of the question, and wishes about who may not see it
    or what it may cost, which another chooser would break unknowingly."""
    wish = request.preferences
    strict = wish is not None and (
        wish.zdr
        or wish.distillable
        or wish.data_collection == "deny"
        or any((wish.only, wish.ignore, wish.quantizations, wish.max_price))
    )
    return tuple(name for name in lost if name in NEEDED or (strict and name == "provider"))


def unrouted(request: Request) -> tuple[Request, tuple[str, ...]]:
    """The request without what only a chooser among providers understands, and what that was."""
    request = replace(request, require_parameters=None)
    aside = request.aside
    if aside is None:
        return request, ()
    if not ROUTING & aside.fields.keys():
        return request, ()
    lost = tuple(name for name in aside.fields if name in ROUTING and aside.fields[name])
    kept = {name: value for name, value in aside.fields.items() if name not in ROUTING}
    return replace(request, aside=replace(aside, fields=kept) if kept else None), lost
