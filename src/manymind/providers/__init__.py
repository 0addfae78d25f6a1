"""Upstreams, one file each. A file that exports `PROVIDER` or `PROVIDERS` is found here."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from manymind.canon.faults import BadRequest
from manymind.dialects.mirror import Dialect
from manymind.egress.trusted import Trusted
from manymind.providers.listing import Listed, models
from manymind.providers.remote import Door, Remote
from manymind.providers.upstream import (
    HEADERS,
    Settings,
    Upstream,
    another,
    beyond,
    greeting,
    locate,
)

__all__ = ["Listed", "Remote", "Settings", "Upstream", "another", "build", "find", "models"]


def find() -> dict[str, Upstream]:
    """Every upstream that this folder describes, by name."""
    found: dict[str, Upstream] = {}
    for entry in iter_modules(__path__):
        module = import_module(f"{__name__}.{entry.name}")
        one: Upstream | None = getattr(module, "PROVIDER", None)
        several: tuple[Upstream, ...] = getattr(module, "PROVIDERS", ())
        for upstream in (one, *several):
            if upstream is not None:
                found[upstream.name] = upstream
    return found


def build(
    upstream: Upstream, settings: Settings, client: Trusted, dialects: Mapping[str, Dialect]
) -> Remote:
    """The provider that answers from this upstream, in those of its dialects that we have."""
    base = locate(upstream, settings.base_url)
    doors = tuple(
        Door(
            dialect,
            url,
            {**HEADERS.get(route.dialect, {}), **greeting(upstream, settings, route.style)},
            beyond(upstream, base, route, stream=True),
        )
        for route in upstream.routes
        if (dialect := route.accent or dialects.get(route.dialect)) is not None
        and (url := beyond(upstream, base, route)) is not None
    )
    if not doors:
        raise BadRequest(f"{upstream.name} speaks no dialect that we have.")
    return Remote(
        upstream.name,
        doors,
        client,
        headers={name.lower(): value for name, value in settings.headers.items()},
        secrets=((settings.key or "").strip(), *settings.headers.values()),
        only=upstream.only,
        routing=upstream.routing,
    )
