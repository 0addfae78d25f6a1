"""What a caller says of its call in headers: which program it is, and which feature of it."""

import re

from manymind.canon.faults import BadRequest
from manymind.canon.origins import App, Marks, Repeat
from manymind.memory.repeats import SECONDS_MAX
from manymind.server.exchange import Exchange, named

FEATURE, SESSION = "x-manymind-feature", "x-manymind-session"
CACHES = ("x-manymind-cache", "x-openrouter-cache")
CACHE_SECONDS, CACHE_ANEW = "x-openrouter-cache-ttl", "x-openrouter-cache-clear"
PAGES, TITLES = ("http-referer", "referer"), ("x-title", "x-openrouter-title")

_LENGTH_MAX = 200
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_NONE, _AS_USUAL = Marks(), Repeat()
_CACHING = named(*CACHES, CACHE_SECONDS, CACHE_ANEW)
_ALL = named(FEATURE, SESSION, *PAGES, *TITLES) | _CACHING


def marks(exchange: Exchange) -> Marks:
    """The marks of a request; most have none."""
    if not exchange.has_any(_ALL):
        return _NONE
    url = next(filter(None, (_said(exchange, name) for name in PAGES)), "")
    title = next(filter(None, (_said(exchange, name) for name in TITLES)), "")
    return Marks(
        feature=_said(exchange, FEATURE),
        session=_said(exchange, SESSION),
        app=App(url=_place(url), title=title),
        repeat=_repeat(exchange),
    )


def _repeat(exchange: Exchange) -> Repeat:
    """What OpenRouter's clients say of answers that may be given again, and ours."""
    if not exchange.has_any(_CACHING):
        return _AS_USUAL
    said = [each for name in CACHES if (each := _flag(exchange, name)) is not None]
    return Repeat(
        wanted=said[0] if said else None,
        seconds=_seconds(exchange, CACHE_SECONDS),
        anew=_flag(exchange, CACHE_ANEW) or False,
    )


def _flag(exchange: Exchange, name: str) -> bool | None:
    value = (exchange.header(name) or "").lower()
    if value not in ("", "true", "false"):
        raise BadRequest(f"The header {name} must be true or false.", field=name)
    return value == "true" if value else None


def _seconds(exchange: Exchange, name: str) -> int | None:
    value = exchange.header(name)
    if not value:
        return None
    whole = value.isascii() and value.isdecimal() and len(value) < 7
    if not whole or not 1 <= int(value) <= SECONDS_MAX:
        raise BadRequest(f"The header {name} must be 1 to {SECONDS_MAX:,} seconds.", field=name)
    return int(value)


def _said(exchange: Exchange, name: str) -> str:
    return _CONTROLS.sub("", exchange.header(name) or "")[:_LENGTH_MAX].strip()


def _place(url: str) -> str:
    """An address without what may be private in it: its query, its fragment, its user."""
    bare = url.partition("#")[0].partition("?")[0]
    scheme, mark, rest = bare.partition("://")
    if not mark:
        return bare
    host, slash, path = rest.partition("/")
    return "".join((scheme, mark, host.rpartition("@")[2], slash, path))
