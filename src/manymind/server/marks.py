"""What a caller says of its call in headers: which program it is, and which feature of it."""

import re

from manymind.canon.origins import App, Marks
from manymind.server.exchange import Exchange

FEATURE, SESSION = "x-manymind-feature", "x-manymind-session"
PAGES, TITLES = ("http-referer", "referer"), ("x-title", "x-openrouter-title")

_LENGTH_MAX = 200
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_NONE = Marks()


def marks(exchange: Exchange) -> Marks:
    """The marks of a request; most have none."""
    if not any(map(exchange.has_header, (FEATURE, SESSION, *PAGES, *TITLES))):
        return _NONE
    url = next(filter(None, (_said(exchange, name) for name in PAGES)), "")
    title = next(filter(None, (_said(exchange, name) for name in TITLES)), "")
    return Marks(
        feature=_said(exchange, FEATURE),
        session=_said(exchange, SESSION),
        app=App(url=_place(url), title=title),
    )


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
