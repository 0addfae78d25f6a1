"""What is said of an answer when it is there: its sources, its end, and the whole as JSON."""

from collections.abc import Callable
from typing import TypeAlias

from manymind.canon.answers import Answer
from manymind.canon.faults import Fault
from manymind.canon.items import Said
from manymind.canon.parts import Citation, Text
from manymind.canon.usage import Usage
from manymind.canon.values import TICKS_PER_DOLLAR, Json, Ticks
from manymind.catalog.money import dollars
from manymind.cli.harmless import one_line

QUOTE_MAX = 160

Spending: TypeAlias = Callable[[], Ticks]
"""What has been spent so far."""


def clock(seconds: float) -> str:
    """Minutes and seconds, always, so that nothing jumps when an hour is over."""
    whole = int(max(0, seconds))
    return f"{whole // 60}:{whole % 60:02}"


def cost(ticks: Ticks) -> str:
    """Dollars as a person reads them: cents, or as many digits as a small amount needs."""
    if ticks == 0:
        return "$0"
    digits = 2 if ticks >= TICKS_PER_DOLLAR // 10 else 4
    if ticks < TICKS_PER_DOLLAR // 10_000:
        return f"${dollars(ticks)}"
    scale = 10**digits
    rounded = -(-ticks * scale // TICKS_PER_DOLLAR)
    return f"${rounded // scale}.{rounded % scale:0{digits}}"


def citations(answer: Answer) -> tuple[Citation, ...]:
    return tuple(
        citation
        for item in answer.items
        if isinstance(item, Said)
        for part in item.parts
        if isinstance(part, Text)
        for citation in part.citations
    )


def sources(answer: Answer) -> tuple[str, ...]:
    """A line for each document or page that is cited, and under it what is quoted from there."""
    lines: dict[str, list[str]] = {}
    for citation in citations(answer):
        place = citation.document_id or citation.url or "?"
        number = f"[{citation.title}] " if citation.title and citation.title.isdecimal() else ""
        quotes = lines.setdefault(one_line(f"{number}{place}"), [])
        if citation.quote:
            quotes.append(_quoted(citation))
    return tuple(
        line
        for source, quotes in lines.items()
        for line in (source, *(f"    {quote}" for quote in dict.fromkeys(quotes)))
    )


def _quoted(citation: Citation) -> str:
    quote = one_line(citation.quote or "")
    short = quote if len(quote) <= QUOTE_MAX else quote[: QUOTE_MAX - 1] + "…"
    return f"“{short}”{'' if citation.verified else ' (not verified)'}"


def ending(answer: Answer, how: str, seconds: float, spent: Ticks) -> str:
    """The last line: how it ended, how long it took, what it cost, and on what it stands."""
    cited = citations(answer)
    parts = [f"{how} in {seconds:.1f} s", _paid(answer.usage, spent)]
    if cited:
        count = len({citation.document_id or citation.url for citation in cited})
        verified = sum(1 for citation in cited if citation.verified)
        parts.append(f"{count} source{'' if count == 1 else 's'}")
        parts.append(f"{verified} of {len(cited)} quotes verified")
    return " · ".join(parts)


def _paid(usage: Usage | None, spent: Ticks) -> str:
    if usage is not None and usage.cost is None and spent == 0:
        return f"{usage.input_tokens + usage.output_tokens:,} tokens, price not known"
    return cost(max(spent, (usage.cost or 0) if usage is not None else 0))


def report(
    answer: Answer, *, status: str, fault: Fault | None, seconds: float, spent: Ticks
) -> Json:
    """What `ask --json` prints."""
    return {
        "schema_version": 1,
        "model": answer.model,
        "status": status,
        "reason": answer.reason,
        "answer": answer.text,
        "citations": [_cited(citation) for citation in citations(answer)],
        "usage": None if answer.usage is None else _used(answer.usage),
        "spent_in_usd_ticks": spent,
        "spent_usd": dollars(spent),
        "seconds": round(seconds, 3),
        "error": None if fault is None else _failed(fault),
    }


def _used(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input_tokens,
        "cached_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "tools": usage.tools,
        "estimated": usage.estimated,
        "cost_in_usd_ticks": usage.cost,
        "cost_usd": None if usage.cost is None else dollars(usage.cost),
    }


def _cited(citation: Citation) -> Json:
    return {
        "number": citation.title,
        "url": citation.url,
        "document_id": citation.document_id,
        "quote": citation.quote,
        "verified": citation.verified,
        "start": citation.start,
        "end": citation.end,
    }


def _failed(fault: Fault) -> Json:
    return {
        "code": fault.code,
        "message": fault.message,
        "advice": fault.advice,
        "field": fault.field,
        "provider": fault.upstream,
    }
