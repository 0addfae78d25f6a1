"""Replies that a caller need not be sent again: `ETag`, and `If-None-Match`."""

from hashlib import sha256

from manymind.server.exchange import Exchange

_TAG_LENGTH = 32


def tag(*parts: str) -> str:
    """A strong tag of what a reply is made of."""
    return '"' + sha256("\0".join(parts).encode()).hexdigest()[:_TAG_LENGTH] + '"'


async def reply(exchange: Exchange, current: str, body: bytes) -> None:
    """The reply, or 304 to whoever has it already. It may be kept, but is asked for again each
    time: prices change, and another key may see another list."""
    headers = [
        ("etag", current),
        ("cache-control", "private, no-cache"),
        ("vary", "anthropic-version, authorization, x-api-key, x-goog-api-key, x-goog-api-client"),
    ]
    if _has(exchange.header("if-none-match"), current):
        await exchange.start(304, headers)
        await exchange.send(b"", more=False)
    else:
        await exchange.reply(200, body, headers=headers)


def _has(said: str | None, current: str) -> bool:
    """Whether the caller names this tag. A weak one will do: the body is the same in any case."""
    if said is None:
        return False
    named = (each.strip().removeprefix("W/") for each in said[:4096].split(","))
    return any(each in (current, "*") for each in named)
