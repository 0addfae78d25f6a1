"""Writes a request, and tells what it could not carry."""

from typing import cast

from msgspec.structs import replace

from manymind.canon.items import Item, Thought
from manymind.canon.requests import OutputFormat, Reasoning, Request
from manymind.canon.values import Json
from manymind.dialects.losses import places, spelt
from manymind.dialects.mirror import Written
from manymind.dialects.money import dollars
from manymind.dialects.openai_responses.flavour import Flavour
from manymind.dialects.openai_responses.items import write_item
from manymind.dialects.openai_responses.pen import Pen, given
from manymind.dialects.openai_responses.tools import write_tool, write_tool_choice
from manymind.dialects.openai_responses.words import AGENTS, ENCRYPTED, LOGPROBS, NAME
from manymind.dialects.proofs import UNSUPPORTED
from manymind.dialects.reading import encode
from manymind.dialects.seals import is_marked


def write_request(request: Request, flavour: Flavour) -> Written:
    pen = Pen(own=request.dialect == NAME, request=request)
    fields: Json = {
        "model": request.model,
        "input": _write_items(request, pen),
        **given(
            instructions=write_instructions(request, pen),
            tools=_write_tools(request, pen),
            parallel_tool_calls=request.parallel_tool_calls,
            max_output_tokens=request.max_output_tokens,
            max_tool_calls=request.caps.tool_calls,
            temperature=request.temperature,
            top_p=request.top_p,
            presence_penalty=request.presence_penalty,
            frequency_penalty=request.frequency_penalty,
            top_logprobs=request.top_logprobs,
            stream=request.stream or None,
            include=_write_include(request, flavour),
            store=request.store,
            background=request.background,
            previous_response_id=request.previous_response_id,
            metadata=request.metadata,
            user=request.user,
            safety_identifier=request.safety_identifier,
            service_tier=request.service_tier,
            prompt_cache_key=request.prompt_cache_key,
            truncation=request.truncation,
        ),
    }
    if request.tool_choice is not None:
        fields["tool_choice"] = write_tool_choice(request.tool_choice, pen)
    if request.reasoning is not None:
        fields |= _write_reasoning(request, request.reasoning, pen)
    _write_caps(fields, request, flavour, pen)
    _write_extensions(fields, request, pen)
    fields |= given(text=_write_text(request, pen), provider=_write_provider(request))
    fields = pen.merge(fields, request.aside, "")
    return Written(encode(fields), pen.lost)


def _write_items(request: Request, pen: Pen) -> list[Json]:
    at = places(request)
    items = (_sent(item, at[n], pen) for n, item in enumerate(request.items))
    written = [
        None if item is None else write_item(item, at[n], pen) for n, item in enumerate(items)
    ]
    return [item for item in written if item is not None]


def _sent(item: Item, at: str, pen: Pen) -> Item | None:
    """The item without another vendor's seal, which this one would refuse; of a thought that was
    nothing else, nothing is left."""
    if not isinstance(item, Thought) or not is_marked(item.encrypted):
        return item
    pen.lose(f"{at}.encrypted_content")
    bare = replace(item, encrypted=None, id=None)
    return bare if bare.summary or bare.content else None


def write_instructions(request: Request, pen: Pen) -> str | None:
    if request.instructions is None:
        return None
    for n, text in enumerate(request.instructions):
        if text.cache is not None:
            pen.lose(f"system[{n}].cache_control")
        pen.merge({}, text.aside, f"system[{n}]")
    return "\n\n".join(text.text for text in request.instructions)


def _write_tools(request: Request, pen: Pen) -> list[Json] | None:
    if request.tools is None:
        return None
    written = [write_tool(tool, f"tools[{n}]", pen) for n, tool in enumerate(request.tools)]
    return [tool for tool in written if tool is not None]


def _write_caps(fields: Json, request: Request, flavour: Flavour, pen: Pen) -> None:
    """A plain server runs no agents, and its cost is capped before the call: of these caps it
    can break none but the wish for agents."""
    caps = request.caps
    if flavour.turns or flavour.kindred:
        fields |= given(max_turns=caps.turns)
    if flavour.kindred:
        cost = None if caps.cost is None else dollars(caps.cost)
        fields |= given(agent_count=caps.agents, max_cost_usd=cost)
        fields |= given(max_total_turns=caps.total_turns, unsupported_claims=request.unsupported)
        return
    if caps.agents is not None:
        pen.lose("agent_count")
    if request.unsupported is not None:
        pen.lose(UNSUPPORTED)


def _write_include(request: Request, flavour: Flavour) -> list[str] | None:
    """Agents can be shown by one of us alone; others refuse a word that they do not know."""
    include = [word for word in request.include or () if flavour.kindred or word != AGENTS]
    if request.reasoning is not None and request.reasoning.encrypted:
        include.append(ENCRYPTED)
    if request.logprobs:
        include.append(LOGPROBS)
    return include or None


def _write_reasoning(request: Request, reasoning: Reasoning, pen: Pen) -> Json:
    effort = reasoning.effort
    enabled = reasoning.enabled
    if not pen.own and enabled is not None:
        effort = effort or (None if enabled else "none")
        enabled = None
    fields = given(effort=effort, summary=reasoning.summary)
    budget = spelt(request, "reasoning.budget_tokens")
    pen.extend(fields, "max_tokens", reasoning.budget_tokens, budget)
    pen.extend(fields, "enabled", enabled, spelt(request, "reasoning.enabled"))
    pen.extend(fields, "exclude", reasoning.exclude, "reasoning.exclude")
    fields = pen.merge(fields, reasoning.aside, "reasoning")
    return {"reasoning": fields} if fields or not reasoning.encrypted else {}


def _write_text(request: Request, pen: Pen) -> Json | None:
    fields: Json = given(
        format=None if request.output is None else write_format(request, request.output, pen),
        verbosity=request.verbosity,
    )
    return {**_aside_in(request, "text"), **fields} or None


def write_format(request: Request, output: OutputFormat, pen: Pen) -> Json:
    fields: Json = {"type": output.form}
    if output.form == "json_schema":
        fields |= {"name": output.name or "answer", "schema": output.schema or {}}
    fields |= given(strict=output.strict, description=output.description)
    return pen.merge(fields, output.aside, spelt(request, "output"))


def _write_provider(request: Request) -> Json | None:
    """Callers of other dialects ask us, not our upstream, to require what they set."""
    own = request.dialect == NAME
    fields = given(require_parameters=request.require_parameters if own else None)
    return {**_aside_in(request, "provider"), **fields} or None


def _aside_in(request: Request, name: str) -> Json:
    """Unknown fields inside a known one, which stay aside under its name."""
    aside = request.aside
    inner = aside.fields.get(name) if aside is not None and aside.dialect == NAME else None
    return cast("Json", inner) if isinstance(inner, dict) else {}


def _write_extensions(fields: Json, request: Request, pen: Pen) -> None:
    pen.extend(fields, "seed", request.seed, "seed")
    stop = None if request.stop is None else list(request.stop)
    pen.extend(fields, "stop", stop, spelt(request, "stop"))
    pen.extend(fields, "top_k", request.top_k, "top_k")
    pen.extend(fields, "cache_control", request.cache, spelt(request, "cache"))
    if request.n is not None and request.n > 1:
        pen.lose("n")
    if request.caps.seconds is not None:
        pen.lose("max_seconds")
