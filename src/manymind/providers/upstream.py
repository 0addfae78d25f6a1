"""What there is to know about an upstream before it is called: plain data, one value a provider.

A base URL is what the vendor's own SDK would take: `https://api.openai.com/v1` with the version,
`https://api.anthropic.com` without. Either is accepted for either: a base with the beginning of
the vendor's own path, or with none, gets the rest of it, and one that ends in `/v1` is never given
a second. Any other path stands as it is, with `/v1` behind it only where the vendor's SDK would
add it (`versioned` is then False).
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct

from manymind.canon.faults import BadRequest
from manymind.dialects.mirror import Dialect

Style = Literal["bearer", "x-api-key", "x-goog-api-key", "api-key"]

_BLANK = re.compile(r"\{([A-Z_|]+)\}")
_FILLING = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,126}[A-Za-z0-9])?")
"""What may stand in a blank: one label of a host's name, so that no value names another host."""


class Credential(Struct, frozen=True):
    """An environment variable that may hold the key, and the header that carries it."""

    variable: str
    style: Style = "bearer"


class Route(Struct, frozen=True):
    """A dialect that the upstream speaks, and the path behind the versioned base. `accent` is
    that dialect as this very upstream speaks it, None where it speaks as the book says.

    Where a path holds `{model}`, the model's name goes there; `streamed` is the path of streams,
    if they have one of their own. A path that lies `beside` stands in the place of the vendor's
    own path instead of behind it. `style` is how the key is shown here, if not as elsewhere.
    """

    dialect: str
    path: str
    accent: Dialect | None = None
    style: Style | None = None
    streamed: str | None = None
    beside: bool = False


class Embeds(Struct, frozen=True, kw_only=True):
    """How the upstream takes requests for vectors. `dimensions` is its name for their length,
    None where it cannot be chosen; `packed` says that it sends base64 if asked, `tokens` that it
    takes token ids for texts, and `user` that it may be told who asks."""

    path: str = "/embeddings"
    dimensions: str | None = "dimensions"
    packed: bool = False
    tokens: bool = False
    user: bool = False


class Elsewhere(Struct, frozen=True):
    """Another address of the same vendor, with accounts of its own."""

    where: str
    address: str


class Only(Struct, frozen=True):
    """Models whose id contains `model` are served in this dialect alone."""

    model: str
    dialect: str


class Upstream(Struct, frozen=True, kw_only=True):
    """A provider. The first route is the preferred one; `authors` are the prefixes of model ids
    that it serves; `model` is what a team runs on unless told otherwise. `keyless` upstreams need
    no key. `listing` is the path of its list of models, None where it has none. A `routing` one
    chooses among others in its turn, and takes what a caller says about that.

    `path` is the vendor's own, behind its host. An `address` may have blanks, named by the
    variables that fill them: `{AWS_REGION|AWS_DEFAULT_REGION}` takes the first that is set.
    """

    name: str
    routes: tuple[Route, ...]
    authors: tuple[str, ...] = ()
    credentials: tuple[Credential, ...] = ()
    address_variables: tuple[str, ...] = ()
    address: str | None = None
    port: int | None = None
    path: str = "/v1"
    versioned: bool = True
    keyless: bool = False
    model: str | None = None
    listing: str | None = "/models"
    headers: tuple[tuple[str, str], ...] = ()
    only: tuple[Only, ...] = ()
    routing: bool = False
    embeds: Embeds | None = None
    elsewhere: tuple[Elsewhere, ...] = ()


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
    "gemini": "/models/{model}:generateContent",
}
"""Where each dialect is served behind a versioned base, at every vendor that we know."""

STREAMED = {"gemini": "/models/{model}:streamGenerateContent?alt=sse"}
"""Where its streams are, if elsewhere."""


HEADERS: Mapping[str, Mapping[str, str]] = {
    "anthropic_messages": {"anthropic-version": "2023-06-01"},
}
"""What each dialect demands beside its body, at whatever vendor."""


_STYLES: Mapping[str, Style] = {"anthropic_messages": "x-api-key", "gemini": "x-goog-api-key"}
"""How keys are shown in each dialect, where not as a bearer's."""


def routes(*dialects: str | Dialect) -> tuple[Route, ...]:
    """The usual routes of these dialects, the preferred one first."""
    return tuple(
        route(dialect) if isinstance(dialect, str) else route(dialect.name, accent=dialect)
        for dialect in dialects
    )


def route(
    dialect: str, *, accent: Dialect | None = None, under: str = "", style: Style | None = None
) -> Route:
    """The usual route of a dialect, `under` a path that stands in place of the vendor's own."""
    streamed = STREAMED.get(dialect)
    return Route(
        dialect,
        under + PATHS[dialect],
        accent,
        style,
        None if streamed is None else under + streamed,
        beside=bool(under),
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
        credentials=(Credential(f"{variable}_API_KEY", _STYLES.get(dialect, "bearer")),),
        address_variables=(f"{variable}_BASE_URL",),
        address=base_url,
        path="/v1beta" if dialect == "gemini" else "/v1",
        versioned=not messages,
        keyless=True,
        routing=True,
        embeds=Embeds(packed=True, tokens=True, user=True),
        headers=tuple(HEADERS.get(dialect, {}).items()),
    )


def greeting(upstream: Upstream, settings: Settings, style: Style | None = None) -> dict[str, str]:
    """The headers of every request to this upstream: the only place where its key goes."""
    headers = dict(upstream.headers)
    if settings.key:
        known = upstream.credentials[0].style if upstream.credentials else "bearer"
        key, shown = settings.key.strip(), style or settings.style or known
        headers |= {"authorization": f"Bearer {key}"} if shown == "bearer" else {shown: key}
    return headers | {name.lower(): value for name, value in settings.headers.items()}


def blanks(upstream: Upstream) -> tuple[str, ...]:
    """The variables that the address asks for, as people would be told of them."""
    asked = _BLANK.findall(upstream.address or "")
    return tuple(names.replace("|", " or ") for names in asked)


def addressed(upstream: Upstream, environment: Mapping[str, str]) -> str | None:
    """The vendor's address with its blanks filled in; None where one of them is not set."""
    address = upstream.address or ""
    for names in _BLANK.findall(address):
        name = next((each for each in names.split("|") if environment.get(each, "").strip()), None)
        if name is None:
            return None
        value = environment[name].strip()
        if not _FILLING.fullmatch(value):
            raise BadRequest(
                f"{name} does not fit into the address of {upstream.name}.",
                advice="It may hold letters, digits and hyphens.",
            )
        address = address.replace(f"{{{names}}}", value)
    return address or None


def beyond(upstream: Upstream, base: str, route: Route, *, stream: bool = False) -> str | None:
    """The URL of a route. One that lies beside has none where the base is not of the vendor's
    form: nobody knows then what stands there."""
    path = route.streamed if stream and route.streamed is not None else route.path
    if not route.beside:
        return base + path
    return base.removesuffix(upstream.path) + path if base.endswith(upstream.path) else None


def named(url: str, model: str) -> str:
    """The URL with the model's name in it, where it has a place for one."""
    return url.replace("{model}", quote(model.removeprefix("models/"), safe=""))


def locate(upstream: Upstream, base_url: str | None) -> str:
    """The versioned base that routes are put behind, from a base URL as people write it."""
    written = (base_url or upstream.address or "").strip()
    problem = f"The base URL of {upstream.name}"
    if not written or "{" in written:
        raise BadRequest(
            f"{problem} is not set.",
            advice=f"Set {' or '.join((*blanks(upstream), *upstream.address_variables))}.",
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
    host = _called(host)
    netloc = f"[{host}]" if ":" in host else host
    netloc += f":{port}" if port is not None else ""
    path = parts.path.rstrip("/")
    if upstream.path.startswith(f"{path}/"):
        path = upstream.path
    elif not upstream.versioned and not path.endswith("/v1"):
        path += "/v1"
    return urlunsplit((parts.scheme, netloc, path, "", ""))


def _called(host: str) -> str:
    """The name to call a host by. Ollama is told where to listen, which may be everywhere; on
    that it can be called on this machine."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"
