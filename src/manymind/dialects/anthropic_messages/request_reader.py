"""Reads a request: the envelope round the messages."""

from msgspec.structs import replace

from manymind.canon.parts import Text
from manymind.canon.requests import Caps, Request
from manymind.canon.values import Aside, Json
from manymind.dialects.anthropic_messages.history import read_messages
from manymind.dialects.anthropic_messages.parts import kind_of, read_text
from manymind.dialects.anthropic_messages.thinking import read_thinking
from manymind.dialects.anthropic_messages.tools import read_choice, read_tools
from manymind.dialects.anthropic_messages.words import NAME
from manymind.dialects.money import ticks
from manymind.dialects.preferences import first_model, with_wishes
from manymind.dialects.proofs import read_unsupported
from manymind.dialects.reading import Object, decode

DOLLARS_MAX = 900_000
"""The largest cap on cost; dollars read from a larger number would not be exact."""


def read_request(request_body: bytes) -> Request:
    body = decode(request_body)
    left: Json = {}
    asked = read_thinking(body)
    choice, parallel = read_choice(body)
    model = body.needed("model", first_model(body))
    wishes = with_wishes(Request(model=model, dialect=NAME), body)
    request = Request(
        model=model,
        dialect=NAME,
        max_output_tokens=body.needed("max_tokens", body.whole("max_tokens", 0)),
        items=read_messages(body),
        instructions=_read_system(body),
        tools=read_tools(body),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        reasoning=asked.reasoning,
        output=asked.output,
        stop=body.texts("stop_sequences"),
        temperature=body.number("temperature"),
        top_p=body.number("top_p"),
        top_k=body.whole("top_k", 0),
        stream=body.flag("stream") or False,
        service_tier=body.text("service_tier"),
        cache=body.json("cache_control"),
        include=body.texts("include"),
        user=_read_user(body, left),
        require_parameters=_read_provider(body, left),
        models=wishes.models,
        preferences=wishes.preferences,
        unsupported=read_unsupported(body),
        caps=_read_caps(body),
    )
    left |= asked.left | body.left()
    return replace(request, aside=Aside(NAME, left) if left else None)


def _read_system(body: Object) -> tuple[Text, ...] | None:
    system = body.peek("system")
    if isinstance(system, str):
        body.take("system")
        return (Text(text=system),)
    if system is not None and not isinstance(system, list):
        raise body.mistyped("system", "a string or an array of text blocks", system)
    blocks = body.each("system")
    return None if blocks is None else tuple(_read_instruction(block) for block in blocks)


def _read_instruction(block: Object) -> Text:
    if kind_of(block) != "text":
        raise block.wrong("type", "must be text")
    return read_text(block)


def _read_user(body: Object, left: Json) -> str | None:
    metadata = body.inner("metadata")
    if metadata is None:
        return None
    user = metadata.text("user_id")
    if metadata.left():
        left["metadata"] = metadata.left()
    return user


def _read_provider(body: Object, left: Json) -> bool | None:
    """OpenRouter's preferences; all but `require_parameters` stay aside."""
    provider = body.inner("provider")
    if provider is None:
        return None
    required = provider.flag("require_parameters")
    if provider.left():
        left["provider"] = provider.left()
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
