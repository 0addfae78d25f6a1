"""In whose words a refusal is written."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from manymind.canon.faults import Fault
from manymind.canon.values import Json
from manymind.dialects.mirror import Dialect
from manymind.server.exchange import Exchange

CHAT, RESPONSES, MESSAGES = "openai_chat", "openai_responses", "anthropic_messages"
GEMINI = "gemini"


class Manners(Struct, frozen=True, kw_only=True):
    """How a path speaks: its dialect, and the house that the path belongs to. `wrapped` replies
    lie in Cloudflare's envelope; `streamed` says that the path itself asks for a stream."""

    dialect: str = CHAT
    house: str = "openai"
    wrapped: bool = False
    streamed: bool = False


class Refusals:
    def __init__(self, dialects: Mapping[str, Dialect]) -> None:
        self._dialects = dialects

    async def refuse(self, exchange: Exchange, fault: Fault, manners: Manners) -> None:
        """A fault before the first byte."""
        dialect = self._dialects[manners.dialect]
        body = dialect.write_fault(fault, exchange.request_id, manners.house)
        if manners.wrapped:
            body = _wrapped(fault)
        exchange.outcome = f"{fault.status} {fault.code}"
        await exchange.reply(fault.status, body, headers=_headers(fault))


def _headers(fault: Fault) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    if fault.retry_after is not None:
        headers.append(("retry-after", str(max(1, round(fault.retry_after)))))
    if fault.status == 401:
        headers.append(("www-authenticate", "Bearer"))
    if fault.status == 408:
        headers.append(("connection", "close"))
    return headers


def _wrapped(fault: Fault) -> bytes:
    error: Json = {"code": fault.status, "message": fault.full}
    return msgspec.json.encode(
        {"result": None, "success": False, "errors": [error], "messages": []}
    )
