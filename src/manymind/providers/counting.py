"""Asks a provider itself how many tokens a request is, where it has an answer for that."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias
from urllib.parse import quote

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.faults import Fault
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.mirror import Dialect
from manymind.egress.reply import Patience
from manymind.egress.trusted import Trusted
from manymind.providers.upstream import HEADERS, Settings, Style, Upstream, greeting, locate

COUNT_SECONDS = 3.0
"""How long we wait before our own count has to do."""

_REPLY_BYTES_MAX = 64 * 1024

Ask: TypeAlias = Callable[[Request], Awaitable[int | None]]
"""The count of a request under the provider's own name of the model; None where it has none."""


class Path(Struct, frozen=True, kw_only=True):
    """Where a provider counts, and which fields of a request it takes there. `wrapped` puts them
    into an object of that name; `result` is the field that holds the count."""

    dialect: str
    path: str
    result: str
    fields: tuple[str, ...]
    wrapped: str | None = None
    style: Style | None = None


PATHS: Mapping[str, Path] = {
    "openai": Path(
        dialect="openai_responses",
        path="/responses/input_tokens",
        result="input_tokens",
        fields=(
            *("model", "input", "instructions", "tools", "tool_choice", "text", "reasoning"),
            *("truncation", "parallel_tool_calls"),
        ),
    ),
    "anthropic": Path(
        dialect="anthropic_messages",
        path="/messages/count_tokens",
        result="input_tokens",
        fields=(
            *("model", "messages", "system", "tools", "tool_choice", "thinking"),
            *("output_config", "cache_control"),
        ),
    ),
    "gemini": Path(
        dialect="gemini",
        path="/models/{model}:countTokens",
        result="totalTokens",
        fields=("contents", "systemInstruction", "tools", "toolConfig", "generationConfig"),
        wrapped="generateContentRequest",
        style="x-goog-api-key",
    ),
}


def counting(
    upstream: Upstream, settings: Settings, client: Trusted, dialects: Mapping[str, Dialect]
) -> Ask | None:
    """How to ask this upstream; None where it does not count, or we have no key."""
    path = PATHS.get(upstream.name)
    if path is None or not settings.key or path.dialect not in dialects:
        return None
    dialect, base = dialects[path.dialect], locate(upstream, settings.base_url)
    headers = {
        **HEADERS.get(path.dialect, {}),
        **greeting(upstream, settings, path.style),
        "content-type": "application/json",
        "accept": "application/json",
    }

    async def ask(request: Request) -> int | None:
        try:
            written = dialect.write_request(replace(request, stream=False))
            if written.lost:
                return None  # It would count less than the model is asked.
            async with client.post(
                base + path.path.replace("{model}", quote(request.model, safe="")),
                headers=headers,
                body=_narrowed(written.body, path, request.model),
                deadline_seconds=COUNT_SECONDS,
                patience=Patience(first_byte_seconds=COUNT_SECONDS),
            ) as reply:
                if reply.status != 200:
                    return None
                return _read(await reply.read(_REPLY_BYTES_MAX), path.result)
        except Fault:
            return None

    return ask


def _narrowed(body: bytes, path: Path, model: str) -> bytes:
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    kept: Json = {name: value for name, value in fields.items() if name in path.fields}
    if path.wrapped is not None:
        kept = {path.wrapped: {"model": f"models/{model}", **kept}}
    return msgspec.json.encode(kept)


def _read(body: bytes, name: str) -> int | None:
    try:
        found = msgspec.json.decode(body, type=dict[str, object]).get(name)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None
    return found if type(found) is int and found >= 0 else None
