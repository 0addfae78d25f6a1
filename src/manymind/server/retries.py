"""How often a caller lets us try: a header may lower what the operator allows, never raise it."""

from msgspec.structs import replace

from manymind.canon.faults import BadRequest
from manymind.canon.requests import Request
from manymind.server.exchange import Exchange, named

RETRIES, ATTEMPTS = "x-manymind-max-retries", "cf-aig-max-attempts"
"""Ours counts what comes after the first attempt; Cloudflare's counts that too."""

MOST = 100

_BOTH = named(RETRIES, ATTEMPTS)


def limits_retries(exchange: Exchange) -> bool:
    return exchange.has_any(_BOTH)


def limited(request: Request, exchange: Exchange) -> Request:
    """The request with the number of attempts that its headers allow."""
    if not limits_retries(exchange):
        return request
    retries, attempts = _count(exchange, RETRIES, 0), _count(exchange, ATTEMPTS, 1)
    most = [retries + 1] if retries is not None else []
    most += [attempts] if attempts is not None else []
    return replace(request, caps=replace(request.caps, attempts=min(most))) if most else request


def _count(exchange: Exchange, name: str, least: int) -> int | None:
    said = exchange.header(name)
    if said is None:
        return None
    if not (said.isascii() and said.isdecimal()) or not least <= int(said[:6]) <= MOST:
        raise BadRequest(f"The header {name} must be a number from {least} to {MOST}.", field=name)
    return int(said)
