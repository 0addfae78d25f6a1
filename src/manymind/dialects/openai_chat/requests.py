"""Requests, both ways."""

from msgspec.structs import replace

from manymind.canon.requests import Caps, Reasoning, Request
from manymind.canon.values import Aside, Json
from manymind.dialects.losses import HARMLESS, Losses, nest, spelt
from manymind.dialects.mirror import Written
from manymind.dialects.money import dollars, ticks
from manymind.dialects.openai_chat.flavour import Flavour
from manymind.dialects.openai_chat.messages import old_form, read_messages
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.openai_chat.tools import (
    read_choice,
    read_output,
    read_tools,
    write_choice,
    write_output,
    write_tools,
)
from manymind.dialects.openai_chat.turns import write_messages
from manymind.dialects.preferences import first_model, with_wishes
from manymind.dialects.proofs import UNSUPPORTED, read_unsupported
from manymind.dialects.reading import Object, decode, encode

DOLLARS_MAX = 1_000_000


def read_request(data: bytes) -> Request:
    body = decode(data)
    for name in ("functions", "function_call"):
        if body.take(name) is not None:
            raise old_form(name)
    request = Request(
        model=body.needed("model", first_model(body)),
        dialect=NAME,
        items=read_messages(body),
        tools=read_tools(body),
        tool_choice=read_choice(body),
        parallel_tool_calls=body.flag("parallel_tool_calls"),
        output=read_output(body),
        verbosity=body.text("verbosity"),
        reasoning=_read_reasoning(body),
        stream=body.flag("stream") or False,
        stream_usage=_read_stream_usage(body),
        include=body.texts("include"),
        store=body.flag("store"),
        metadata=body.json("metadata"),
        user=body.text("user"),
        safety_identifier=body.text("safety_identifier"),
        service_tier=body.text("service_tier"),
        prompt_cache_key=body.text("prompt_cache_key"),
        cache=body.json("cache_control"),
        unsupported=read_unsupported(body),
        caps=_read_caps(body),
    )
    request = with_wishes(_read_sampling(request, body), body)
    required, provider = _read_provider(body)
    left = {**body.left(), **provider}
    return replace(request, require_parameters=required, aside=Aside(NAME, left) if left else None)


def _read_sampling(request: Request, body: Object) -> Request:
    capped = body.whole("max_completion_tokens", 1)
    old_cap = body.peek("max_tokens")
    spelt_old = body.whole("max_tokens", 1)
    if spelt_old is not None and capped is None:
        body.left()["max_tokens"] = old_cap
    stop = body.peek("stop")
    return replace(
        request,
        max_output_tokens=spelt_old if capped is None else capped,
        temperature=body.number("temperature"),
        top_p=body.number("top_p"),
        top_k=body.whole("top_k"),
        presence_penalty=body.number("presence_penalty"),
        frequency_penalty=body.number("frequency_penalty"),
        seed=body.whole("seed"),
        stop=(body.text("stop") or "",) if isinstance(stop, str) else body.texts("stop"),
        logprobs=body.flag("logprobs"),
        top_logprobs=body.whole("top_logprobs", 0),
        n=body.whole("n", 1),
    )


def _read_reasoning(body: Object) -> Reasoning | None:
    """`aside` is set, though perhaps empty, where it came as OpenRouter's object."""
    effort = body.text("reasoning_effort")
    reasoning = body.inner("reasoning")
    if reasoning is None:
        return None if effort is None else Reasoning(effort=effort)
    return Reasoning(
        effort=reasoning.text("effort") or effort,
        summary=reasoning.text("summary"),
        budget_tokens=reasoning.whole("max_tokens", 0),
        enabled=reasoning.flag("enabled"),
        exclude=reasoning.flag("exclude"),
        aside=Aside(NAME, reasoning.left()),
    )


def _read_stream_usage(body: Object) -> bool | None:
    options = body.inner("stream_options")
    if options is None:
        return None
    usage = options.flag("include_usage")
    if options.left():
        body.left()["stream_options"] = options.left()
    return usage


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


def _read_provider(body: Object) -> tuple[bool | None, Json]:
    """OpenRouter's preferences; all but `require_parameters` stay aside."""
    provider = body.inner("provider")
    if provider is None:
        return None, {}
    required = provider.flag("require_parameters")
    return required, {"provider": provider.left()}


def write_request(request: Request, flavour: Flavour) -> Written:
    losses = Losses(NAME, request)
    body: Json = {"model": request.model}
    body["messages"] = write_messages(request, flavour, losses)
    _write_tools(request, flavour, losses, body)
    _write_sampling(request, flavour, losses, body)
    _write_reasoning(request, flavour, losses, body)
    _write_standing(request, flavour, losses, body)
    _write_caps(request, flavour, losses, body)
    _write_nested(request, body)
    body = _accented(losses.merge(body, _unspelt(request.aside)), flavour, losses)
    return Written(encode(body), losses.paths)


def _accented(body: Json, flavour: Flavour, losses: Losses) -> Json:
    """The body as this server wants it: without what it refuses, and in its own words."""
    for name in flavour.lacks:
        if name in body and body.pop(name) is not None and name not in HARMLESS:
            losses.lose(name)
    for name, theirs in flavour.renamed:
        if name in body:
            body[theirs] = body.pop(name)
    return body


def _ours(request: Request) -> bool:
    return request.dialect == NAME


def _unspelt(aside: Aside | None) -> Aside | None:
    """An aside without the mark of how the cap on output was spelt."""
    if aside is None or "max_tokens" not in aside.fields:
        return aside
    fields = {name: value for name, value in aside.fields.items() if name != "max_tokens"}
    return Aside(aside.dialect, fields)


def _kept(request: Request) -> Json:
    """The unknown fields that came from Chat."""
    aside = request.aside
    return aside.fields if aside is not None and aside.dialect == NAME else {}


def _put(body: Json, **fields: object) -> None:
    """Write the fields that are set."""
    body.update({name: value for name, value in fields.items() if value is not None})


def _write_tools(request: Request, flavour: Flavour, losses: Losses, body: Json) -> None:
    caching = _ours(request) or flavour.extended
    tools = write_tools(request.tools or (), losses, caching=caching)
    if tools or (request.tools is not None and _ours(request)):
        body["tools"] = tools
    elif not _ours(request):
        return
    if request.tool_choice is not None:
        _put(body, tool_choice=write_choice(request.tool_choice, losses))
    _put(body, parallel_tool_calls=request.parallel_tool_calls)


def _write_sampling(request: Request, flavour: Flavour, losses: Losses, body: Json) -> None:
    spelling = "max_tokens" if "max_tokens" in _kept(request) else "max_completion_tokens"
    _put(body, **{flavour.cap or spelling: request.max_output_tokens})
    _put(
        body,
        temperature=request.temperature,
        top_p=request.top_p,
        presence_penalty=request.presence_penalty,
        frequency_penalty=request.frequency_penalty,
        seed=request.seed,
        stop=None if request.stop is None else list(request.stop),
        n=request.n,
    )
    if _ours(request) or flavour.extended:
        _put(body, top_k=request.top_k)
    else:
        losses.unless(request.top_k, "top_k")
    if _ours(request):
        _put(body, logprobs=request.logprobs, top_logprobs=request.top_logprobs)
    elif request.logprobs or request.top_logprobs:
        _put(body, logprobs=True, top_logprobs=request.top_logprobs)


def _write_reasoning(request: Request, flavour: Flavour, losses: Losses, body: Json) -> None:
    reasoning = request.reasoning
    if reasoning is None:
        return
    aside = reasoning.aside
    if flavour.extended or (aside is not None and aside.dialect == NAME):
        crowded = reasoning.budget_tokens is not None and not _ours(request)
        inner: Json = {}
        _put(
            inner,
            effort=None if crowded else reasoning.effort,
            summary=reasoning.summary,
            max_tokens=reasoning.budget_tokens,
            enabled=reasoning.enabled,
            exclude=reasoning.exclude,
        )
        body["reasoning"] = losses.merge(inner, aside, "reasoning")
        return
    losses.merge({}, aside, "reasoning")
    _put(body, reasoning_effort=_effort(reasoning))
    losses.unless(reasoning.summary, "reasoning.summary")
    losses.unless(reasoning.exclude, "reasoning.exclude")
    losses.unless(reasoning.budget_tokens, spelt(request, "reasoning.budget_tokens"))


def _effort(reasoning: Reasoning) -> str | None:
    """An effort that stands in for a budget of tokens, where none is named."""
    if reasoning.effort is not None:
        return reasoning.effort
    if reasoning.enabled is False:
        return "none"
    if reasoning.budget_tokens is None:
        return None
    if reasoning.budget_tokens <= 2048:
        return "low"
    return "medium" if reasoning.budget_tokens <= 8192 else "high"


def _write_standing(request: Request, flavour: Flavour, losses: Losses, body: Json) -> None:
    """What stands beside the question: who asks, what is kept, how it is served."""
    _put(
        body,
        stream=request.stream or None,
        verbosity=request.verbosity,
        user=request.user,
        safety_identifier=request.safety_identifier,
        prompt_cache_key=request.prompt_cache_key,
    )
    if request.output is not None:
        _put(body, response_format=write_output(request.output, request, losses))
    if _ours(request):
        _put(body, store=request.store, metadata=request.metadata)
    elif request.store and request.metadata is not None:
        _put(body, store=True, metadata=request.metadata)
    else:
        losses.unless(request.metadata, "metadata")
    if request.dialect == "anthropic_messages":
        losses.unless(request.service_tier, "service_tier")
    else:
        _put(body, service_tier=request.service_tier)
    if _ours(request) or flavour.extended:
        _put(body, cache_control=request.cache)
    else:
        losses.unless(request.cache, spelt(request, "cache"))
    losses.unless(request.previous_response_id, "previous_response_id")
    if request.truncation != "disabled":
        losses.unless(request.truncation, "truncation")


def _write_caps(request: Request, flavour: Flavour, losses: Losses, body: Json) -> None:
    """A plain server makes one turn and runs no tools, and its cost is capped before the call:
    of these caps it can break none but the wish for agents."""
    caps = request.caps
    if not flavour.kindred:
        losses.unless(caps.agents, "agent_count")
        losses.unless(request.unsupported, UNSUPPORTED)
        losses.unless(request.include or None, "include")
        return
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


def _write_nested(request: Request, body: Json) -> None:
    """Objects of which we read one field and keep the others aside."""
    kept = _kept(request)
    inner: Json
    if request.stream_usage is not None:
        inner = {"include_usage": request.stream_usage}
        body |= nest({"stream_options": kept.get("stream_options")}, "stream_options", inner)
    if request.require_parameters is not None and "provider" in kept:
        inner = {"require_parameters": request.require_parameters}
        body |= nest({"provider": kept["provider"]}, "provider", inner)
