"""What a call used, and what that cost."""

from msgspec import Struct

from manymind.canon.values import Aside, Ticks


class Usage(Struct, frozen=True, kw_only=True):
    """Cached and cache-written tokens are inside `input_tokens`, reasoning inside `output_tokens`.
    `cache_written_long_tokens`, kept for an hour, are inside `cache_written_tokens`.

    `tools` counts the server-side tool calls that are priced, by name (web_search, …).
    `cost` is None until someone who knows the price has said it; `reported_cost` is what the
    upstream itself claims. `estimated` says that the counts are ours, not the provider's.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_written_tokens: int = 0
    cache_written_long_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    tools: dict[str, int] = {}
    sources: int = 0
    cost: Ticks | None = None
    reported_cost: Ticks | None = None
    estimated: bool = False
    aside: Aside | None = None


def add(left: Usage, right: Usage) -> Usage:
    """Sum two usages; a cost is known only as far as both sides know it."""
    names = left.tools.keys() | right.tools.keys()
    costs = [usage.cost for usage in (left, right) if usage.cost is not None]
    return Usage(
        input_tokens=left.input_tokens + right.input_tokens,
        cached_tokens=left.cached_tokens + right.cached_tokens,
        cache_written_tokens=left.cache_written_tokens + right.cache_written_tokens,
        cache_written_long_tokens=(
            left.cache_written_long_tokens + right.cache_written_long_tokens
        ),
        output_tokens=left.output_tokens + right.output_tokens,
        reasoning_tokens=left.reasoning_tokens + right.reasoning_tokens,
        tools={name: left.tools.get(name, 0) + right.tools.get(name, 0) for name in sorted(names)},
        sources=left.sources + right.sources,
        cost=sum(costs) if costs else None,
        estimated=left.estimated or right.estimated,
    )
