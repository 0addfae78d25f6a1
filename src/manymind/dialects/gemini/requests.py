"""Requests, both ways: the envelope round the contents.

The model, and whether the answer is streamed, stand in the URL and not in the body: whoever has
the URL puts them in.
"""

from msgspec.structs import replace

from manymind.canon.requests import Caps, Request
from manymind.canon.values import Json
from manymind.dialects.gemini.casing import camel
from manymind.dialects.gemini.contents import read_contents, read_instructions
from manymind.dialects.gemini.flavour import Flavour
from manymind.dialects.gemini.settings import read_settings, write_settings
from manymind.dialects.gemini.tools import read_choice, read_tools, write_choice, write_tools
from manymind.dialects.gemini.turns import Turns
from manymind.dialects.gemini.words import NAME
from manymind.dialects.losses import Losses, nest, spelt
from manymind.dialects.mirror import Written
from manymind.dialects.money import dollars, ticks
from manymind.dialects.preferences import with_wishes
from manymind.dialects.proofs import UNSUPPORTED, read_unsupported
from manymind.dialects.reading import Object, decode, encode

DOLLARS_MAX = 900_000
"""The largest cap on cost; dollars read from a larger number would not be exact."""

PREFIX = "models/"
"""Stands before the name of every model of theirs."""

_TIERS = {"auto": None, "default": "standard"}
"""Tiers of service of other dialects that mean the same here."""


def read_request(data: bytes) -> Request:
    body = camel(decode(data))
    model = (body.text("model") or "").removeprefix(PREFIX)
    wishes = with_wishes(Request(model=model, dialect=NAME), body)
    request = Request(
        model=model,
        dialect=NAME,
        items=read_contents(body),
        instructions=read_instructions(body),
        tools=read_tools(body),
        tool_choice=read_choice(body),
        metadata=body.json("labels"),
        service_tier=body.text("serviceTier"),
        store=body.flag("store"),
        include=body.texts("include"),
        require_parameters=_read_provider(body),
        models=wishes.models,
        preferences=wishes.preferences,
        unsupported=read_unsupported(body),
        caps=_read_caps(body),
    )
    return replace(read_settings(request, body), aside=body.rest(NAME))


def _read_provider(body: Object) -> bool | None:
    """OpenRouter's preferences; all but `require_parameters` stay aside."""
    provider = body.inner("provider")
    if provider is None:
        return None
    required = provider.flag("require_parameters")
    if provider.left():
        body.left()["provider"] = provider.left()
    return required


def _read_caps(body: Object) -> Caps:
    cost = body.number("max_cost_usd")
    if cost is not None and not 0 <= cost <= DOLLARS_MAX:
        raise body.wrong("max_cost_usd", f"must be between 0 and {DOLLARS_MAX:,}")
    return Caps(
        cost=None if cost is None else ticks(cost),
        turns=body.whole("max_turns", 1),
        total_turns=body.whole("max_total_turns", 1),
        tool_calls=body.whole("max_tool_calls", 0),
        agents=body.whole("agent_count", 1),
    )


def write_request(request: Request, flavour: Flavour) -> Written:
    losses = Losses(NAME, request)
    turns = Turns(request, losses)
    body: Json = losses.merge({"contents": turns.contents()}, request.aside)
    system = turns.system()
    if system is not None:
        body = nest(body, "systemInstruction", system)
    tools = write_tools(request, losses)
    if tools is not None:
        body["tools"] = tools
    body = write_choice(body, request, losses)
    body = write_settings(body, request, losses)
    _write_standing(body, request, losses)
    _lose_the_rest(request, losses)
    return Written(encode(_with_caps(body, request, flavour, losses)), losses.paths)


def _put(body: Json, **fields: object) -> None:
    """Write the fields that are set."""
    body.update({name: value for name, value in fields.items() if value is not None})


def _write_standing(body: Json, request: Request, losses: Losses) -> None:
    """What stands beside the question."""
    if request.dialect == NAME:
        _put(
            body,
            labels=request.metadata,
            serviceTier=request.service_tier,
            store=request.store,
        )
        return
    losses.unless(request.metadata, "metadata")
    tier = request.service_tier
    known = request.dialect != "anthropic_messages" and tier in ("flex", "priority")
    if tier is not None and tier not in _TIERS and not known:
        losses.lose("service_tier")
    _put(body, serviceTier=tier if known else _TIERS.get(tier or ""))


def _lose_the_rest(request: Request, losses: Losses) -> None:
    """What this dialect has no field for. A value that asks for nothing is no loss."""
    if request.truncation not in (None, "disabled"):
        losses.lose("truncation")
    for name in ("user", "safety_identifier", "prompt_cache_key", "verbosity", "cache"):
        losses.unless(getattr(request, name), spelt(request, name))
    losses.unless(request.previous_response_id, "previous_response_id")


def _with_caps(body: Json, request: Request, flavour: Flavour, losses: Losses) -> Json:
    """A plain server makes one turn and runs no tools but its own, and its cost is capped before
    the call: of these caps it can break none but the wish for agents."""
    caps = request.caps
    if not flavour.kindred:
        losses.unless(caps.agents, "agent_count")
        losses.unless(request.unsupported, UNSUPPORTED)
        losses.unless(request.include or None, "include")
        return body
    _put(
        body,
        max_turns=caps.turns,
        max_total_turns=caps.total_turns,
        max_tool_calls=caps.tool_calls,
        max_cost_usd=None if caps.cost is None else dollars(caps.cost),
        agent_count=caps.agents,
        unsupported_claims=request.unsupported,
        include=None if request.include is None else list(request.include),
    )
    if request.require_parameters is not None:
        body = nest(body, "provider", {"require_parameters": request.require_parameters})
    return body
