"""Spans of requests and attempts, sent to a collector by OpenTelemetry's own exporter.

It is an extra, loaded when it is switched on and not before. A span holds names, counts, times and
outcomes, by the conventions for generative AI; nothing that was asked or answered. Spans are made
when what they tell of is over, so that nothing has to be carried along on the way.
"""

import re
import time
from collections.abc import Callable, Mapping
from hashlib import blake2b
from importlib import import_module
from typing import Any, Literal, Protocol

from msgspec import Struct

from manymind.canon.attempts import Attempt
from manymind.canon.values import TICKS_PER_DOLLAR

UNDER_WAY_MAX = 10_000
"""Requests of which it is remembered who began their trace."""

PROVIDERS: Mapping[str, str] = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "xai": "x_ai",
}
"""What the conventions call a provider otherwise than we do."""

_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_ATTEMPT = re.compile(r"(.*/attempt-\d+)/.*", re.DOTALL)


class NotInstalled(Exception):
    """OpenTelemetry is wanted, and is not there."""


class TraceTo(Struct, frozen=True, kw_only=True):
    """`endpoint` is where OTLP over HTTP takes traces."""

    endpoint: str
    service: str = "manymind"
    version: str = ""
    headers: Mapping[str, str] = {}


class _Trace(Struct, frozen=True):
    """The trace that a request belongs to, and the span above its own, if a caller named one."""

    trace: int
    parent: int | None
    sampled: bool = True


class Told(Struct, frozen=True, kw_only=True):
    """A span, once it is over. Times are in seconds since 1970; `failed` says as what."""

    name: str
    kind: Literal["SERVER", "CLIENT"]
    trace: int
    id: int
    parent: int | None
    begun: float
    ended: float
    said: Mapping[str, Any]
    failed: str | None


class Sender(Protocol):
    """Sends spans, by and by. It neither waits nor raises."""

    def send(self, told: Told) -> None: ...

    def close(self) -> None:
        """Sends what there is; waits for no more than a few seconds."""
        ...


class Traces:
    """`today` gives the seconds since 1970."""

    def __init__(self, to: TraceTo, today: Callable[[], float] = time.time) -> None:
        self._today = today
        self._sender = _sender(to)
        self._under_way: dict[str, _Trace] = {}

    def began(self, request: str, parent: str | None) -> None:
        """A request came in. `parent` is its header `traceparent`."""
        if len(self._under_way) < UNDER_WAY_MAX:
            self._under_way[request] = _read(request, parent)

    def ended(self, request: str, method: str, route: str, outcome: str, seconds: float) -> None:
        trace = self._under_way.pop(request, None) or _read(request, None)
        end = self._today()
        status = outcome.partition(" ")[0]
        said: dict[str, Any] = {
            "http.request.method": method,
            "http.route": route,
            "manymind.request.id": request,
            "manymind.outcome": outcome,
        }
        if status.isdecimal():
            said["http.response.status_code"] = int(status)
        elif outcome == "ok":
            said["http.response.status_code"] = 200
        failed = outcome if outcome not in ("ok", "preflight") else None
        self._span(
            f"{method} {route}",
            request,
            trace,
            trace.parent,
            (end - seconds, end),
            said,
            kind="SERVER",
            failed=failed if failed and not status.startswith("4") else None,
        )

    def attempted(self, attempt: Attempt) -> None:
        request = attempt.origin.request
        trace = self._under_way.get(request) or _read(request, None)
        outer = _ATTEMPT.fullmatch(attempt.key)
        above = outer[1] if outer is not None else request
        begun = attempt.at or self._today() - attempt.seconds
        operation = "embeddings" if attempt.origin.dialect == "embeddings" else "chat"
        model = attempt.offer.partition("/")[2]
        self._span(
            f"{operation} {model}",
            attempt.key,
            trace,
            _number(above, 8),
            (begun, begun + attempt.seconds),
            _attributes(attempt, operation, model),
            kind="CLIENT",
            failed=None if attempt.outcome == "completed" else attempt.outcome,
        )

    def close(self) -> None:
        self._sender.close()

    def _span(
        self,
        name: str,
        key: str,
        trace: _Trace,
        parent: int | None,
        times: tuple[float, float],
        said: Mapping[str, Any],
        *,
        kind: Literal["SERVER", "CLIENT"],
        failed: str | None,
    ) -> None:
        if not trace.sampled:
            return
        self._sender.send(
            Told(
                name=name,
                kind=kind,
                trace=trace.trace,
                id=_number(key, 8),
                parent=parent,
                begun=times[0],
                ended=times[1],
                said=said,
                failed=failed,
            )
        )


def _attributes(attempt: Attempt, operation: str, model: str) -> dict[str, Any]:
    """By the conventions for generative AI, and what they have no word for under our own name."""
    origin, bill = attempt.origin, attempt.bill
    provider = PROVIDERS.get(attempt.provider, attempt.provider)
    said: dict[str, Any] = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": provider,
        "gen_ai.system": provider,
        "gen_ai.request.model": model,
        "gen_ai.request.stream": origin.streamed,
        "manymind.request.id": origin.request,
        "manymind.tenant": origin.tenant,
        "manymind.attempt.number": attempt.number,
        "manymind.attempt.outcome": attempt.outcome,
        "manymind.cost.ticks": bill.ticks,
        "manymind.cost.usd": bill.ticks / TICKS_PER_DOLLAR,
        "manymind.cost.basis": bill.basis,
    }
    further: dict[str, Any] = {
        "gen_ai.response.model": attempt.served,
        "gen_ai.response.id": attempt.reply,
        "gen_ai.response.finish_reasons": attempt.finish and [attempt.finish],
        "gen_ai.conversation.id": origin.session,
        "manymind.key": origin.key,
        "manymind.user": origin.user,
        "manymind.route": origin.route,
        "manymind.feature": origin.feature,
    }
    said.update({name: value for name, value in further.items() if value})
    if origin.streamed and attempt.first_word_seconds is not None:
        said["gen_ai.response.time_to_first_chunk"] = attempt.first_word_seconds
    usage = bill.usage
    if usage is not None:
        said["gen_ai.usage.input_tokens"] = usage.input_tokens
        said["gen_ai.usage.output_tokens"] = usage.output_tokens
        said["gen_ai.usage.cache_read.input_tokens"] = usage.cached_tokens
        said["gen_ai.usage.cache_creation.input_tokens"] = usage.cache_written_tokens
        said["gen_ai.usage.reasoning.output_tokens"] = usage.reasoning_tokens
    return said


def _read(request: str, parent: str | None) -> _Trace:
    """A trace of its own, or the one that the caller is in."""
    found = _PARENT.fullmatch(parent) if parent is not None else None
    if found is not None and int(found[1], 16) and int(found[2], 16):
        return _Trace(int(found[1], 16), int(found[2], 16), sampled=bool(int(found[3], 16) & 1))
    return _Trace(_number(request, 16), None)


def _number(name: str, size: int) -> int:
    """A number that whoever knows the name finds again."""
    return int.from_bytes(blake2b(name.encode(), digest_size=size).digest(), "big") or 1


def _sender(to: TraceTo) -> Sender:
    try:
        return import_module("manymind.egress.otlp_sender").SdkSender(to)
    except ImportError:
        raise NotInstalled from None
