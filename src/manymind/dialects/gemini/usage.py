"""What an answer used, both ways. Here output excludes what was thought, and input what tools
gave back; in the canon it includes both."""

from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.gemini.calls import fields_of
from manymind.dialects.gemini.casing import camel
from manymind.dialects.gemini.words import NAME
from manymind.dialects.money import COUNT_MAX, claimed
from manymind.dialects.reading import Object

COST = "cost_in_usd_ticks"

_TOOLS_INPUT = "toolUsePromptTokenCount"


def read_usage(usage: Object) -> Usage:
    """What the total has beyond the rest was put out, too."""
    camel(usage)
    prompt, thoughts = _count(usage, "promptTokenCount"), _count(usage, "thoughtsTokenCount")
    results = usage.peek(_TOOLS_INPUT)
    fed = _count(usage, _TOOLS_INPUT)
    if fed:
        usage.left()[_TOOLS_INPUT] = results
    said = _count(usage, "candidatesTokenCount") + thoughts
    total = _count(usage, "totalTokenCount")
    cached, cost = _count(usage, "cachedContentTokenCount"), claimed(usage)
    return Usage(
        input_tokens=prompt + fed,
        cached_tokens=cached,
        output_tokens=max(said, total - prompt - fed),
        reasoning_tokens=thoughts,
        reported_cost=cost,
        aside=usage.rest(NAME),
    )


def _count(usage: Object, name: str) -> int:
    return usage.whole(name, 0, COUNT_MAX) or 0


def write_usage(usage: Usage) -> Json:
    kept = fields_of(usage.aside)
    fed = kept.get(_TOOLS_INPUT)
    fields: Json = {
        "promptTokenCount": max(0, usage.input_tokens - (fed if isinstance(fed, int) else 0)),
        "candidatesTokenCount": max(0, usage.output_tokens - usage.reasoning_tokens),
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached_tokens:
        fields["cachedContentTokenCount"] = usage.cached_tokens
    if usage.reasoning_tokens:
        fields["thoughtsTokenCount"] = usage.reasoning_tokens
    cost = usage.cost if usage.cost is not None else usage.reported_cost
    if cost is not None:
        fields[COST] = cost
    return {**kept, **fields}
