"""Reads a request."""

from manymind.canon.items import Item, Said
from manymind.canon.parts import Text
from manymind.canon.requests import Caps, OutputFormat, Reasoning, Request
from manymind.canon.values import Aside, Json, Ticks
from manymind.dialects.money import ticks
from manymind.dialects.openai_responses.items import read_item
from manymind.dialects.openai_responses.tools import read_tool_choice, read_tools
from manymind.dialects.openai_responses.words import ENCRYPTED, LOGPROBS, NAME
from manymind.dialects.preferences import first_model, with_wishes
from manymind.dialects.proofs import read_unsupported
from manymind.dialects.reading import Object, decode, named

_STANDS_FOR_INPUT = ("previous_response_id", "prompt", "conversation")


def read_request(body: bytes) -> Request:
    top = decode(body)
    nested: Json = {}
    model = top.needed("model", first_model(top))
    items = _read_input(top)
    include = dict.fromkeys(top.texts("include") or ())
    instructions = top.text("instructions")
    output, verbosity = _read_text(top, nested)
    wishes = with_wishes(Request(model=model, dialect=NAME), top)
    return Request(
        model=model,
        dialect=NAME,
        items=items,
        instructions=None if instructions is None else (Text(text=instructions),),
        tools=read_tools(top),
        tool_choice=read_tool_choice(top),
        parallel_tool_calls=top.flag("parallel_tool_calls"),
        output=output,
        verbosity=verbosity,
        reasoning=_read_reasoning(top, ENCRYPTED in include),
        max_output_tokens=top.whole("max_output_tokens", least=1),
        temperature=top.number("temperature"),
        top_p=top.number("top_p"),
        top_k=top.whole("top_k"),
        presence_penalty=top.number("presence_penalty"),
        frequency_penalty=top.number("frequency_penalty"),
        seed=top.whole("seed"),
        stop=_read_stop(top),
        logprobs=True if LOGPROBS in include else None,
        top_logprobs=top.whole("top_logprobs", least=0),
        stream=top.flag("stream") or False,
        include=tuple(name for name in include if name not in (ENCRYPTED, LOGPROBS)) or None,
        store=top.flag("store"),
        background=top.flag("background"),
        previous_response_id=top.text("previous_response_id"),
        conversation=_read_conversation(top),
        metadata=top.json("metadata"),
        user=top.text("user"),
        safety_identifier=top.text("safety_identifier"),
        service_tier=top.text("service_tier"),
        prompt_cache_key=top.text("prompt_cache_key"),
        cache=top.json("cache_control"),
        truncation=top.text("truncation"),
        require_parameters=_read_provider(top, nested),
        models=wishes.models,
        preferences=wishes.preferences,
        unsupported=read_unsupported(top),
        caps=_read_caps(top),
        aside=_aside(top, nested),
    )


def _aside(top: Object, nested: Json) -> Aside | None:
    left = top.left() | nested
    return Aside(NAME, left) if left else None


def _read_input(top: Object) -> tuple[Item, ...]:
    value = top.peek("input")
    if isinstance(value, str):
        top.take("input")
        return (Said(role="user", parts=(Text(text=value),)),)
    if value is None:
        if all(top.peek(name) is None for name in _STANDS_FOR_INPUT):
            raise top.wrong("input", "is missing")
    elif not isinstance(value, list):
        raise top.wrong("input", f"must be a string or an array, not {named(value)}")
    return tuple(_read_item(item) for item in top.each("input") or ())


def _read_item(item: Object) -> Item:
    if item.peek("type") in (None, "message") and item.peek("role") is not None:
        item.needed("content", item.peek("content"))
    return read_item(item)


def _read_conversation(top: Object) -> str | None:
    """By its id, bare or inside an object."""
    if not isinstance(top.peek("conversation"), dict):
        return top.text("conversation")
    inner = top.inner("conversation")
    return None if inner is None else inner.needed("id", inner.text("id"))


def _read_text(top: Object, nested: Json) -> tuple[OutputFormat | None, str | None]:
    text = top.inner("text")
    if text is None:
        return None, None
    form = text.inner("format")
    output = None if form is None else _read_format(form)
    verbosity = text.text("verbosity")
    if text.left():
        nested["text"] = text.left()
    return output, verbosity


def _read_format(form: Object) -> OutputFormat:
    kind = form.needed("type", form.text("type"))
    if kind != "json_schema":
        return OutputFormat(form=kind, aside=form.rest(NAME))
    return OutputFormat(
        form=kind,
        name=form.needed("name", form.text("name")),
        schema=form.needed("schema", form.json("schema")),
        strict=form.flag("strict"),
        description=form.text("description"),
        aside=form.rest(NAME),
    )


def _read_reasoning(top: Object, encrypted: bool) -> Reasoning | None:
    fields = top.inner("reasoning")
    if fields is None:
        return Reasoning(encrypted=True) if encrypted else None
    return Reasoning(
        effort=fields.text("effort"),
        summary=fields.text("summary"),
        budget_tokens=fields.whole("max_tokens", least=0),
        enabled=fields.flag("enabled"),
        exclude=fields.flag("exclude"),
        encrypted=True if encrypted else None,
        aside=fields.rest(NAME),
    )


def _read_stop(top: Object) -> tuple[str, ...] | None:
    if isinstance(top.peek("stop"), str):
        return (top.needed("stop", top.text("stop")),)
    return top.texts("stop")


def _read_provider(top: Object, nested: Json) -> bool | None:
    provider = top.inner("provider")
    if provider is None:
        return None
    require = provider.flag("require_parameters")
    if provider.left():
        nested["provider"] = provider.left()
    return require


def _read_caps(top: Object) -> Caps:
    return Caps(
        cost=_read_cost(top),
        turns=top.whole("max_turns", least=1),
        total_turns=top.whole("max_total_turns", least=1),
        tool_calls=top.whole("max_tool_calls", least=0),
        agents=top.whole("agent_count", least=1),
    )


def _read_cost(top: Object) -> Ticks | None:
    dollars = top.number("max_cost_usd")
    if dollars is None:
        return None
    if dollars < 0:
        raise top.wrong("max_cost_usd", "must be at least 0")
    cost = ticks(dollars)
    if cost >= 2**63:
        raise top.wrong("max_cost_usd", "is out of range")
    return cost
