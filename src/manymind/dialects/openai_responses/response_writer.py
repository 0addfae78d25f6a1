"""Writes the response object: whole replies, and the frames of a stream."""

from collections.abc import Sequence
from typing import cast

from msgspec import Struct

from manymind.canon.answers import Answer
from manymind.canon.requests import OutputFormat, Request
from manymind.canon.values import Aside, Json
from manymind.dialects.mirror import View
from manymind.dialects.openai_responses.outputs import Ids, show_item, shown
from manymind.dialects.openai_responses.pen import Pen
from manymind.dialects.openai_responses.request_writer import write_format, write_instructions
from manymind.dialects.openai_responses.tools import echo_tool, write_tool_choice
from manymind.dialects.openai_responses.usage import write_usage
from manymind.dialects.openai_responses.words import CUTS, ENDED, NAME
from manymind.dialects.proofs import proved
from manymind.dialects.reading import encode


def write_reply(answer: Answer, request: Request, view: View) -> bytes:
    wire = answer.wire
    if wire is not None and wire.dialect == NAME and wire.whole:
        return encode(patched(wire.data, answer, request, view))
    ids = Ids(answer.id)
    items = [output.item for output in answer.outputs if output.choice == 0]
    output = [unsealed(show_item(item, ids.give(item)), request) for item in items if shown(item)]
    return encode(show_response(answer, request, view, output))


def patched(response: Json, answer: Answer, request: Request, view: View) -> Json:
    """A response as its upstream wrote it, but for what the gateway knows better."""
    fields = {**response, **_kept(response, answer, request)}
    if answer.model:
        fields["model"] = model_shown(answer, view)
    if request.previous_response_id is not None:  # We went on from it; it was not sent on.
        fields["previous_response_id"] = request.previous_response_id
    if not fields.get("created_at") and (answer.created or view.created):
        fields["created_at"] = answer.created or view.created
    usage = fields.get("usage")
    if answer.usage is not None and answer.usage.cost is not None:
        if isinstance(usage, dict):
            fields["usage"] = {**usage, "cost_in_usd_ticks": answer.usage.cost}
        elif response.get("status") in ENDED:
            fields["usage"] = write_usage(answer.usage, view)
    if view.house == "cloudflare":
        fields.setdefault("gatewayMetadata", dict(_KEY_SOURCE))
    return fields


def _kept(response: Json, answer: Answer, request: Request) -> Json:
    """What a provider that keeps nothing cannot know of an answer that is kept here."""
    if not request.store:
        return {}
    output = response.get("output")
    items = cast("list[object]", output) if isinstance(output, list) else []
    return {
        "id": answer.id or response.get("id"),
        "store": True,
        "previous_response_id": request.previous_response_id,
        "output": [unsealed(item, request) for item in items],
        **talk(request),
    }


def unsealed(item: object, request: Request) -> object:
    """An item of the wire without what only its provider can read, unless that was asked for:
    where the answer is kept here, it was asked for so that the next turn can give it back."""
    if not isinstance(item, dict) or not hides(request):
        return cast("object", item)
    fields = cast("Json", item)
    if fields.get("type") != "reasoning":
        return fields
    return {name: fields[name] for name in fields if name != "encrypted_content"}


def hides(request: Request) -> bool:
    asked = request.reasoning is not None and request.reasoning.encrypted
    return bool(request.store) and not asked


def talk(request: Request) -> Json:
    """The conversation that a response is part of."""
    return {} if request.conversation is None else {"conversation": {"id": request.conversation}}


_KEY_SOURCE: Json = {"keySource": "Unified"}


def model_shown(answer: Answer, view: View) -> str:
    """Cloudflare's replies name a model without its provider."""
    return answer.model.rpartition("/")[2] if view.house == "cloudflare" else answer.model


class Outcome(Struct, frozen=True):
    status: str
    reason: str | None = None


def outcome(answer: Answer) -> Outcome:
    """How it ended; what stopped the text counts where the end itself says nothing."""
    if answer.status != "completed":
        reason = CUTS.get(answer.reason or "", answer.reason)
        return Outcome(answer.status, reason or _cut(answer))
    cut = _cut(answer)
    return Outcome("incomplete", cut) if cut else Outcome("completed")


def _cut(answer: Answer) -> str | None:
    return next((CUTS[stop.reason] for stop in answer.stops if stop.reason in CUTS), None)


def show_response(
    answer: Answer,
    request: Request,
    view: View,
    output: Sequence[object],
    error: Json | None = None,
) -> Json:
    """The whole object, with every field that its readers rely on."""
    end = Outcome("failed") if error is not None else outcome(answer)
    created = answer.created or view.created
    completed = int(view.now()) if view.now is not None else created
    fields: Json = {
        "id": answer.id,
        "object": "response",
        "created_at": created,
        "completed_at": completed if end.status == "completed" else None,
        "status": end.status,
        "error": error,
        "incomplete_details": _incomplete(end),
        "model": model_shown(answer, view),
        "output": list(output),
        "usage": None if answer.usage is None else write_usage(answer.usage, view),
        **_echo(request, view),
    }
    if view.house == "cloudflare":
        fields["gatewayMetadata"] = dict(_KEY_SOURCE)
    fields |= proved(answer.verification)
    return Pen(own=True).merge(fields, _own(answer), "")


def _own(answer: Answer) -> Aside | None:
    """The unknown fields of the response, where this dialect is the one that knows them."""
    return answer.aside if answer.aside is not None and answer.aside.dialect == NAME else None


def _incomplete(end: Outcome) -> Json | None:
    return {"reason": end.reason or "other"} if end.status == "incomplete" else None


def _echo(request: Request, view: View) -> Json:
    """What the caller asked for, and our defaults where nothing was said."""
    reasoning = request.reasoning
    fields: Json = {
        "background": request.background or False,
        "instructions": write_instructions(request, Pen(own=True)),
        "max_output_tokens": request.max_output_tokens,
        "max_tool_calls": request.caps.tool_calls,
        "metadata": request.metadata or {},
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": request.previous_response_id,
        "prompt_cache_key": request.prompt_cache_key,
        "reasoning": {
            "effort": reasoning.effort if reasoning is not None else None,
            "summary": reasoning.summary if reasoning is not None else None,
        },
        "safety_identifier": request.safety_identifier,
        "service_tier": request.service_tier or "default",
        "store": request.store is True,  # Whoever asks for a reply knows whether it is kept.
        "text": _echo_text(request),
        "tool_choice": _echo_choice(request),
        "tools": _echo_tools(request, view),
        "truncation": request.truncation or "disabled",
        "user": request.user,
        **_numbers(request),
    }
    if view.house == "cloudflare":
        fields["metadata"] = {**(request.metadata or {}), "system_fingerprint": ""}
    elif request.user is None:
        del fields["user"]
    return fields | talk(request)


def _numbers(request: Request) -> Json:
    """Readers take none of these for null."""
    temperature, top_p = request.temperature, request.top_p
    return {
        "temperature": 1.0 if temperature is None else temperature,
        "top_p": 1.0 if top_p is None else top_p,
        "presence_penalty": request.presence_penalty or 0,
        "frequency_penalty": request.frequency_penalty or 0,
        "top_logprobs": request.top_logprobs or 0,
    }


def _echo_text(request: Request) -> Json:
    fields: Json = {
        "format": write_format(request, request.output or OutputFormat(form="text"), Pen(own=True))
    }
    if request.verbosity is not None:
        fields["verbosity"] = request.verbosity
    return fields


def _echo_choice(request: Request) -> object:
    choice = request.tool_choice
    return "auto" if choice is None else write_tool_choice(choice, Pen(own=True))


def _echo_tools(request: Request, view: View) -> list[Json]:
    written = [echo_tool(tool) for tool in request.tools or ()]
    tools = [tool for tool in written if tool is not None]
    if view.house != "cloudflare":
        return tools
    return [
        {"search_context_size": "medium", **tool} if tool["type"] == "web_search" else tool
        for tool in tools
    ]
