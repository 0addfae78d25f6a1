"""How hard to think, and in which form to answer: `thinking` and `output_config`, both ways."""

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.requests import OutputFormat, Reasoning, Request
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages.words import NAME
from manymind.dialects.losses import Losses, spelt
from manymind.dialects.reading import Object

BUDGET_MIN = 1024
"""Servers take no smaller budget of tokens for thinking."""

_UNTHINKING = ("none", "minimal")
"""Efforts of other dialects that mean not to think here."""


class Asked(Struct, frozen=True, kw_only=True):
    """What a body asks for; `left` holds what nobody read, by the field it stood in."""

    reasoning: Reasoning | None = None
    output: OutputFormat | None = None
    left: Json = {}


def read_thinking(body: Object) -> Asked:
    left: Json = {}
    reasoning = Reasoning()
    thinking = body.inner("thinking")
    if thinking is not None:
        reasoning = _read_thinking(thinking)
        left["thinking"] = thinking.left()
    config = body.inner("output_config")
    output = None
    if config is not None:
        reasoning = replace(reasoning, effort=config.text("effort"))
        output = _read_format(config, "format")
        left["output_config"] = config.left()
    older = _read_format(body, "output_format")
    if older is not None and output is not None:
        raise body.wrong("output_format", "says again what output_config.format says")
    return Asked(
        reasoning=None if reasoning == Reasoning() else reasoning,
        output=output or older,
        left={name: fields for name, fields in left.items() if fields},
    )


def _read_thinking(thinking: Object) -> Reasoning:
    match thinking.peek("type"):
        case "enabled":
            budget = thinking.needed("budget_tokens", thinking.whole("budget_tokens", 0))
            reasoning = Reasoning(enabled=True, budget_tokens=budget)
        case "adaptive":
            reasoning = Reasoning(enabled=True)
        case "disabled":
            thinking.take("type")
            return Reasoning(enabled=False)
        case str():
            return Reasoning()
        case None:
            raise thinking.wrong("type", "is missing")
        case other:
            raise thinking.mistyped("type", "a string", other)
    thinking.take("type")
    match thinking.peek("display"):
        case "summarized":
            thinking.take("display")
            return replace(reasoning, summary="auto")
        case "omitted":
            thinking.take("display")
            return replace(reasoning, exclude=True)
        case _:
            return reasoning


def _read_format(holder: Object, name: str) -> OutputFormat | None:
    output = holder.inner(name)
    if output is None:
        return None
    form = output.needed("type", output.text("type"))
    schema = output.json("schema")
    if form == "json_schema":
        output.needed("schema", schema)
    return OutputFormat(form=form, schema=schema, aside=output.rest(NAME))


class ThinkingWriter:
    """Writes the two objects of one request, as far as there is anything to write."""

    def __init__(self, request: Request, losses: Losses) -> None:
        self._request = request
        self._own = request.dialect == NAME
        self._losses = losses

    def thinking(self) -> Json:
        reasoning = self._request.reasoning or Reasoning()
        self._losses.merge({}, reasoning.aside, "reasoning")
        enabled = reasoning.enabled if self._own else _wanted(reasoning)
        if enabled is None:
            return {}
        if not enabled:
            return {"type": "disabled"}
        fields: Json = {"type": "adaptive"}
        if reasoning.budget_tokens is not None:
            fields = {"type": "enabled", "budget_tokens": self._budget(reasoning.budget_tokens)}
        return fields | self._display(reasoning)

    def config(self) -> Json:
        reasoning = self._request.reasoning or Reasoning()
        fields: Json = {}
        if reasoning.effort is not None and (self._own or reasoning.effort not in _UNTHINKING):
            fields["effort"] = reasoning.effort
        elif reasoning.effort == "minimal":
            self._losses.lose(self._effort_place())
        output = self._request.output
        if output is not None:
            fields |= self._format(output)
        return fields

    def _effort_place(self) -> str:
        reasoning = self._request.reasoning
        flat = self._request.dialect == "openai_chat" and (
            reasoning is None or reasoning.aside is None
        )
        return "reasoning_effort" if flat else "reasoning.effort"

    def _budget(self, tokens: int) -> int:
        if self._own or tokens >= BUDGET_MIN:
            return tokens
        self._losses.lose(spelt(self._request, "reasoning.budget_tokens"))
        return BUDGET_MIN

    def _display(self, reasoning: Reasoning) -> Json:
        if reasoning.exclude:
            return {"display": "omitted"}
        if reasoning.summary in (None, "none"):
            return {}
        if reasoning.summary != "auto":
            self._losses.lose("reasoning.summary")
        return {"display": "summarized"}

    def _format(self, output: OutputFormat) -> Json:
        """Only schemas: there is no plain JSON mode. A schema has no name here, and is strict."""
        place = spelt(self._request, "output")
        if self._own or output.form == "json_schema":
            inner: Json = {"type": output.form}
            if output.schema is not None:
                inner["schema"] = output.schema
            return {"format": self._losses.merge(inner, output.aside, place)}
        if output.form != "text":
            self._losses.lose(place)
        return {}


def _wanted(reasoning: Reasoning) -> bool | None:
    """Whether a caller of another dialect wants thinking; None where that is left to the model.
    Who asks to see a summary of it does."""
    if reasoning.enabled is not None:
        return reasoning.enabled
    if reasoning.budget_tokens is not None:
        return reasoning.budget_tokens > 0
    if reasoning.effort in _UNTHINKING:
        return False
    return True if reasoning.summary not in (None, "none") or reasoning.exclude else None
