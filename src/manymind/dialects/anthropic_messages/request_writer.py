"""Writes a request, and tells what it could not carry."""

from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages.flavour import Flavour
from manymind.dialects.anthropic_messages.thinking import ThinkingWriter
from manymind.dialects.anthropic_messages.tools import write_choice, write_tools
from manymind.dialects.anthropic_messages.turns import Turns
from manymind.dialects.anthropic_messages.words import NAME
from manymind.dialects.losses import Losses, nest, spelt
from manymind.dialects.mirror import Written
from manymind.dialects.money import dollars
from manymind.dialects.proofs import UNSUPPORTED
from manymind.dialects.reading import encode

_TIERS = {"auto": "auto", "default": "standard_only"}
"""Tiers of service of other dialects that mean the same here."""


def write_request(request: Request, flavour: Flavour) -> Written:
    losses = Losses(NAME, request)
    turns = Turns(request, losses)
    thinker = ThinkingWriter(request, losses)
    thinking, config = thinker.thinking(), thinker.config()
    body: Json = {"model": request.model, "max_tokens": _cap(request, flavour, thinking)}
    body = losses.merge(body, request.aside)
    _put(
        body,
        system=turns.system(),
        messages=turns.messages(),
        tools=write_tools(request, losses),
        tool_choice=write_choice(request, losses),
        stop_sequences=None if request.stop is None else list(request.stop),
        stream=request.stream or None,
        service_tier=_tier(request, losses),
        cache_control=request.cache,
        **_sampling(request, losses, bool(thinking) and thinking.get("type") != "disabled"),
    )
    inner = {"thinking": thinking, "output_config": config, "metadata": _metadata(request)}
    for name, fields in inner.items():
        if fields:
            body = nest(body, name, fields)
    _lose_the_rest(request, losses)
    return Written(encode(_with_caps(body, request, flavour, losses)), losses.paths)


def _put(body: Json, **fields: object) -> None:
    """Write the fields that are set."""
    body.update({name: value for name, value in fields.items() if value is not None})


def _cap(request: Request, flavour: Flavour, thinking: Json) -> int:
    """What is thought counts as output here, so that a budget for it comes on top."""
    if request.max_output_tokens is not None:
        return request.max_output_tokens
    budget = thinking.get("budget_tokens")
    return flavour.max_tokens + (budget if isinstance(budget, int) else 0)


def _sampling(request: Request, losses: Losses, thinks: bool) -> Json:
    fields: Json = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
    }
    if request.dialect == NAME:
        return fields
    if request.temperature is not None and request.temperature > 1:
        losses.lose("temperature")
        fields["temperature"] = 1.0
    if thinks:
        # A model that thinks is sampled as its maker has set it.
        for name in ("temperature", "top_k"):
            losses.unless(fields.pop(name), name)
    return fields


def _tier(request: Request, losses: Losses) -> str | None:
    if request.dialect == NAME or request.service_tier is None:
        return request.service_tier
    if request.service_tier not in _TIERS:
        losses.lose("service_tier")
    return _TIERS.get(request.service_tier)


def _metadata(request: Request) -> Json:
    return {} if request.user is None else {"user_id": request.user}


def _lose_the_rest(request: Request, losses: Losses) -> None:
    """What this dialect has no field for. A value that asks for nothing is no loss."""
    if request.n not in (None, 1):
        losses.lose("n")
    if request.truncation not in (None, "disabled"):
        losses.lose("truncation")
    for name in ("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"):
        if getattr(request, name):
            losses.lose(name)
    for name in ("seed", "metadata", "safety_identifier", "prompt_cache_key", "verbosity"):
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
