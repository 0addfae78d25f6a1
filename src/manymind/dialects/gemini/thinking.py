"""How hard to think: `thinkingConfig`, both ways.

Older models take a budget of tokens, newer ones a level, and neither takes both.
"""

from manymind.canon.requests import Reasoning, Request
from manymind.canon.values import Aside, Json
from manymind.dialects.gemini.casing import camel
from manymind.dialects.gemini.words import NAME
from manymind.dialects.losses import Losses, spelt
from manymind.dialects.reading import Object

_LEVELS = ("minimal", "low", "medium", "high", "xhigh")

_BUDGETS = {
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 24576,
    "max": 24576,
}
"""What Google itself makes of an effort, for models that know no levels."""

_BUDGETED = ("gemini-2", "gemini-1", "gemini-robotics-er-1")

DYNAMIC = -1
"""The budget that leaves it to the model."""


def read_thinking(config: Object) -> Reasoning | None:
    """What a generation's settings say of thinking. Unknown fields stay with the settings."""
    thinking = config.inner("thinkingConfig")
    if thinking is None:
        return None
    level = camel(thinking).text("thinkingLevel")
    budget = thinking.whole("thinkingBudget", DYNAMIC)
    shown = thinking.flag("includeThoughts")
    enabled = None if budget is None or budget > 0 else budget == DYNAMIC
    return Reasoning(
        effort=None if level is None else level.lower(),
        budget_tokens=budget if budget is not None and budget > 0 else None,
        enabled=enabled,
        summary="auto" if shown else None,
        exclude=True if shown is False else None,
        aside=Aside(NAME, thinking.left()) if thinking.left() else None,
    )


def write_thinking(request: Request, losses: Losses) -> Json | None:
    reasoning = request.reasoning
    if reasoning is None:
        return None
    if request.dialect == NAME:
        fields = losses.merge(_own(reasoning), reasoning.aside, "thinkingConfig")
        return fields | _shown(reasoning)
    losses.merge({}, reasoning.aside, "reasoning")
    if reasoning.summary not in (None, "none", "auto"):
        losses.lose("reasoning.summary")
    return (_hard(request, reasoning, losses) | _wished(request, reasoning)) or None


def _own(reasoning: Reasoning) -> Json:
    fields: Json = {}
    if reasoning.effort is not None:
        fields["thinkingLevel"] = reasoning.effort.upper()
    if reasoning.budget_tokens is not None:
        fields["thinkingBudget"] = reasoning.budget_tokens
    elif reasoning.enabled is not None:
        fields["thinkingBudget"] = DYNAMIC if reasoning.enabled else 0
    return fields


def _shown(reasoning: Reasoning) -> Json:
    if reasoning.exclude:
        return {"includeThoughts": False}
    return {"includeThoughts": True} if reasoning.summary not in (None, "none") else {}


def _wished(request: Request, reasoning: Reasoning) -> Json:
    """Whether thoughts are shown. Messages shows them to whoever thinks, and so do those who
    know OpenRouter's object, unless they say that they want none."""
    if reasoning.exclude:
        return {}
    if reasoning.summary not in (None, "none"):
        return {"includeThoughts": True}
    messages = request.dialect == "anthropic_messages" and reasoning.enabled is True
    extended = request.dialect == "openai_chat" and reasoning.aside is not None
    off = reasoning.enabled is False or reasoning.effort == "none"
    return {"includeThoughts": True} if (messages or extended) and not off else {}


def _hard(request: Request, reasoning: Reasoning, losses: Losses) -> Json:
    effort, budget = reasoning.effort, reasoning.budget_tokens
    if reasoning.enabled is False or effort == "none":
        return {"thinkingBudget": 0}
    if effort is None:
        return {} if budget is None else {"thinkingBudget": budget}
    if any(model in request.model for model in _BUDGETED):
        return {"thinkingBudget": _BUDGETS.get(effort, DYNAMIC) if budget is None else budget}
    losses.unless(budget, spelt(request, "reasoning.budget_tokens"))
    if effort in _LEVELS:
        return {"thinkingLevel": effort.upper()}
    losses.lose(spelt(request, "reasoning.effort"))
    return {"thinkingLevel": "HIGH"} if effort == "max" else {}
