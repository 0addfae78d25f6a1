"""What there is to know about an upstream before it is called: plain data, one value a provider.

A base URL is what the vendor's own SDK would take: `https://api.openai.com/v1` with the version,
`https://api.anthropic.com` without. Either is accepted for either: a base without any path gets
`/v1`, and one that ends in `/v1` is never given a second. Any other path stands as it is, with
`/v1` behind it only where the vendor's SDK would add it (`versioned` is then False).
"""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from manymind.canon.faults import BadRequest
from manymind.dialects.mirror import Dialect

Style = Literal["bearer", "x-api-key"]


class Credential(Struct, frozen=True):
    """An environment variable that may hold the key, and the header that carries it."""

    variable: str
    style: Style = "bearer"


class Route(Struct, frozen=True):
    """A dialect that the upstream speaks, and the path behind the versioned base. `accent` is
    that dialect as this very upstream speaks it, None where it speaks as the book says."""

    dialect: str
    path: str
    accent: Dialect | None = None


class Only(Struct, frozen=True):
    """Models whose id contains `model` are served in this dialect alone."""

    model: str
    dialect: str


class Upstream(Struct, frozen=True, kw_only=True):
    """A provider. The first route is the preferred one; `authors` are the prefixes of model ids
    that it serves; `model` is what a team runs on unless told otherwise. `keyless` upstreams need
    no key. `listing` is the path of its list of models, None where it has none. A `routing` one
    chooses among others in its turn, and takes what a caller says about that.
    """

    name: str
    routes: tuple[Route, ...]
    authors: tuple[str, ...] = ()
    credentials: tuple[Credential, ...] = ()
    address_variables: tuple[str, ...] = ()
    address: str | None = None
    port: int | None = None
    versioned: bool = True
    keyless: bool = False
    model: str | None = None
    listing: str | None = "/models"
    headers: tuple[tuple[str, str], ...] = ()
    only: tuple[Only, ...] = ()
    routing: bool = False


class Settings(Struct, frozen=True, kw_only=True):
    """What the operator set for one upstream; None means its own default. `headers` win over
    those of the description. `style` is that of the credential that the key came from."""

    base_url: str | None = None
    key: str | None = None
    style: Style | None = None
    headers: Mapping[str, str] = {}


PATHS = {
    "openai_chat": "/chat/completions",
    "openai_responses": "/responses",
    "anthropic_messages": "/messages",
}
"""Where each dialect is served behind a versioned base, at every vendor that we know."""


HEADERS: Mapping[str, Mapping[str, str]] = {
    "anthropic_messages": {"anthropic-version": "2023-06-01"},
}
"""What each dialect demands beside its body, at whatever vendor."""


def routes(*dialects: str | Dialect) -> tuple[Route, ...]:
    """The usual routes of these dialects, the preferred one first."""
    return tuple(
        Route(dialect, PATHS[dialect])
        if isinstance(dialect, str)
        else Route(dialect.name, PATHS[dialect.name], dialect)
        for dialect in dialects
    )


def another(
    name: str, *, base_url: str, dialect: str = "openai_chat", authors: tuple[str, ...] = ()
) -> Upstream:
    """An upstream that we have no file for, from what a settings file says of it."""
    if dialect not in PATHS:
        known = ", ".join(PATHS)
        raise BadRequest(
            f"The provider {name} is set to the dialect {dialect}, which is not known.",
            advice=f"Choose one of {known}.",
        )
    variable = "".join(sign if sign.isalnum() else "_" for sign in name.upper())
    messages = dialect == "anthropic_messages"
    return Upstream(
        name=name,
        routes=routes(dialect),
        authors=authors or (name,),
        credentials=(Credential(f"{variable}_API_KEY", "x-api-key" if messages else "bearer"),),
        address_variables=(f"{variable}_BASE_URL",),
        address=base_url,
        versioned=not messages,
        keyless=True,
        routing=True,
        headers=tuple(HEADERS.get(dialect, {}).items()),
    )


def greeting(upstream: Upstream, settings: Settings) -> dict[str, str]:
    """The headers of every request to this upstream: the only place where its key goes."""
    headers = dict(upstream.headers)
    if settings.key:
        known = upstream.credentials[0].style if upstream.credentials else "bearer"
        if (settings.style or known) == "bearer":
            headers["authorization"] = f"Bearer {settings.key.strip()}"
        else:
            headers["x-api-key"] = settings.key.strip()
    return headers | {name.lower(): value for name, value in settings.headers.items()}


def locate(upstream: Upstream, base_url: str | None) -> str:
    """The versioned base that routes are put behind, from a base URL as people write it."""
    written = (base_url or upstream.address or "").strip()
    problem = f"The base URL of {upstream.name}"
    if not written:
        raise BadRequest(
            f"{problem} is not set.", advice=f"Set {' or '.join(upstream.address_variables)}."
        )
    try:
        parts = urlsplit(written if "://" in written else f"http://{written}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise BadRequest(
            f"{problem} is not an http or https address.",
            advice="Write it as in https://api.example.com/v1.",
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise BadRequest(
            f"{problem} holds more than a host and a path.",
            advice="Set the key apart from the address, and leave out ? and #.",
        )
    if "://" not in written and port is None:
        port = upstream.port
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 # Where Ollama binds.
    netloc = f"[{host}]" if ":" in host else host
    netloc += f":{port}" if port is not None else ""
    path = parts.path.rstrip("/")
    if not path or (not upstream.versioned and not path.endswith("/v1")):
        path += "/v1"
    return urlunsplit((parts.scheme, netloc, path, "", ""))
