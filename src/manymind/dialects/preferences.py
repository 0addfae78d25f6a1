"""OpenRouter's wishes about who answers: `provider`, `models` and `route`, in whatever dialect.

They are read and stay where they are: a provider that chooses among others gets them as they
came. Nobody else does, as the router acts upon them.
"""

from decimal import Decimal
from typing import cast

from msgspec.structs import replace

from manymind.canon.preferences import NO_PREFERENCES, Cutoffs, MaxPrice, Preferences
from manymind.canon.requests import Request
from manymind.canon.values import TICKS_PER_DOLLAR, Aside, Json, Ticks
from manymind.dialects.reading import Object

PROVIDER, MODELS, ROUTE, FALLBACKS = "provider", "models", "route", "fallbacks"
LIST_MAX = 64
MODELS_MAX = 16
NAME_MAX = 256
DOLLARS_MAX = 1_000_000

QUANTIZATIONS = frozenset(
    {
        *("int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32"),
        "unknown",
    }
)
SORTS = frozenset({"price", "throughput", "latency", "exacto"})
_PARTITIONS = {"model": True, "none": False}
_POLICIES = ("allow", "deny")
_ROUTES = ("fallback", "sort")
_MESSAGES = "anthropic_messages"
_PERCENTILES = ("p50", "p75", "p90", "p99")

KNOWN = frozenset(
    {
        *("order", "allow_fallbacks", "data_collection", "zdr", "enforce_distillable_text"),
        *("only", "ignore", "quantizations", "sort", "preferred_min_throughput"),
        *("preferred_max_latency", "max_price"),
    }
)
"""The fields of `provider` that the router acts upon."""


def with_wishes(request: Request, body: Object) -> Request:
    """The request with the wishes that stand in its body, which is left as it is."""
    provider, listed = body.peek(PROVIDER), body.peek(MODELS)
    route, fallbacks = body.peek(ROUTE), body.peek(FALLBACKS)
    if provider is None and listed is None and route is None and fallbacks is None:
        return request
    copy = Object(
        {PROVIDER: provider, MODELS: listed, ROUTE: route, FALLBACKS: fallbacks},
        body.path,
        body.blame,
    )
    said = copy.text(ROUTE)
    if said is not None and said not in _ROUTES:
        raise copy.wrong(ROUTE, f"must be one of {', '.join(_ROUTES)}")
    models = (*_models(copy), *_fallbacks(copy, request.dialect))
    return replace(
        request,
        models=tuple(name for name in dict.fromkeys(models) if name != request.model),
        preferences=_preferences(copy.inner(PROVIDER)),
    )


def first_model(body: Object) -> str | None:
    """The model of a request, which may name none but give a list."""
    model = body.text("model")
    if model is not None:
        return model
    listed = body.peek(MODELS)
    named = cast("list[object]", listed)[0] if isinstance(listed, list) and listed else None
    return named if isinstance(named, str) else None


def without_wishes(request: Request, *, chooser: bool) -> Request:
    """The request for an upstream: of the models of a list it is asked for one alone, and only a
    `chooser` among providers is told how to choose."""
    aside = request.aside
    if aside is None:
        return request
    gone = {MODELS, ROUTE}
    if not chooser:
        gone.add(PROVIDER)
    if aside.dialect == _MESSAGES:
        gone.add(FALLBACKS)
    if gone.isdisjoint(aside.fields):
        return request
    kept = {name: value for name, value in aside.fields.items() if name not in gone}
    if not chooser:
        kept |= _unread(aside)
    return replace(request, aside=Aside(aside.dialect, kept) if kept else None)


def _unread(aside: Aside) -> Json:
    """What of `provider` nobody here knows is not passed over in silence."""
    provider = aside.fields.get(PROVIDER)
    if not isinstance(provider, dict):
        return {}
    strange = {name: value for name, value in cast("Json", provider).items() if name not in KNOWN}
    return {PROVIDER: strange} if strange else {}


def _models(body: Object) -> tuple[str, ...]:
    return _names(body, MODELS, MODELS_MAX)


def _fallbacks(body: Object, dialect: str | None) -> tuple[str, ...]:
    """The list as callers of Messages write it."""
    if dialect != _MESSAGES or body.peek(FALLBACKS) is None:
        return ()
    listed = body.each(FALLBACKS) or ()
    if len(listed) > MODELS_MAX:
        raise body.wrong(FALLBACKS, f"has more than {MODELS_MAX} entries")
    return tuple(each.needed("model", each.text("model")) for each in listed)


def _names(fields: Object, name: str, most: int = LIST_MAX) -> tuple[str, ...]:
    said = fields.texts(name)
    if said is None:
        return ()
    if len(said) > most:
        raise fields.wrong(name, f"has more than {most} entries")
    for n, each in enumerate(said):
        if not each or len(each) > NAME_MAX:
            raise fields.wrong(f"{name}[{n}]", f"must be a name of 1 to {NAME_MAX} characters")
    return tuple(dict.fromkeys(said))


def _preferences(provider: Object | None) -> Preferences | None:
    if provider is None:
        return None
    sort, apart = _sort(provider)
    fallbacks = provider.flag("allow_fallbacks")
    preferences = Preferences(
        order=_names(provider, "order"),
        allow_fallbacks=fallbacks is not False,
        data_collection=_one_of(provider, "data_collection", _POLICIES),
        zdr=provider.flag("zdr") or False,
        distillable=provider.flag("enforce_distillable_text") or False,
        only=_names(provider, "only"),
        ignore=_names(provider, "ignore"),
        quantizations=_quantizations(provider),
        sort=sort,
        apart=apart,
        min_throughput=_cutoffs(provider, "preferred_min_throughput"),
        max_latency=_cutoffs(provider, "preferred_max_latency"),
        max_price=_max_price(provider),
    )
    return None if preferences == NO_PREFERENCES else preferences


def _one_of(fields: Object, name: str, words: tuple[str, ...]) -> str | None:
    said = fields.text(name)
    if said is not None and said not in words:
        raise fields.wrong(name, f"must be one of {', '.join(words)}")
    return said


def _quantizations(provider: Object) -> tuple[str, ...]:
    said = _names(provider, "quantizations")
    for n, each in enumerate(said):
        if each not in QUANTIZATIONS:
            known = ", ".join(sorted(QUANTIZATIONS))
            raise provider.wrong(f"quantizations[{n}]", f"must be one of {known}")
    return said


def _sort(provider: Object) -> tuple[str | None, bool]:
    """The order, and whether it is kept within each model."""
    words = tuple(sorted(SORTS))
    inner = _object(provider, "sort")
    if inner is None:
        return _one_of(provider, "sort", words), True
    by = _one_of(inner, "by", words)
    partition = _one_of(inner, "partition", tuple(_PARTITIONS)) or "model"
    return by, _PARTITIONS[partition]


def _cutoffs(provider: Object, name: str) -> Cutoffs | None:
    """A bare number is meant for the middle."""
    inner = _object(provider, name)
    if inner is None:
        number = provider.number(name)
        return None if number is None else Cutoffs(p50=_positive(provider, name, number))
    said = {
        each: _positive(inner, each, number)
        for each in _PERCENTILES
        if (number := inner.number(each)) is not None
    }
    if inner.left():
        strange = next(iter(inner.left()))[:60]
        raise provider.wrong(name, f"knows p50, p75, p90 and p99, not {strange}")
    return Cutoffs(**said) if said else None


def _object(fields: Object, name: str) -> Object | None:
    """A field that may be an object, if it is one."""
    return fields.inner(name) if isinstance(fields.peek(name), dict) else None


def _positive(fields: Object, name: str, number: float) -> float:
    if not 0 <= number < float("inf"):
        raise fields.wrong(name, "must be at least 0")
    return float(number)


def _max_price(provider: Object) -> MaxPrice | None:
    inner = provider.inner("max_price")
    if inner is None:
        return None
    price = MaxPrice(
        prompt=_dollars(inner, "prompt"),
        completion=_dollars(inner, "completion"),
        request=_dollars(inner, "request"),
        image=_dollars(inner, "image"),
    )
    return None if price == MaxPrice() else price


def _dollars(fields: Object, name: str) -> Ticks | None:
    """An amount, as a number or as text, as OpenRouter writes its prices."""
    said = fields.take(name)
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        raise fields.mistyped(name, "a number", said)
    try:
        amount = Decimal(said[:40] if isinstance(said, str) else repr(said))
    except ArithmeticError:
        raise fields.wrong(name, "must be an amount in dollars") from None
    if not amount.is_finite() or not 0 <= amount <= DOLLARS_MAX:
        raise fields.wrong(name, f"must be between 0 and {DOLLARS_MAX:,} dollars")
    return int(amount * TICKS_PER_DOLLAR)
