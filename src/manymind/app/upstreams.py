"""Which providers there are, from the settings: found, missing, or reachable. No value is told."""

from collections.abc import Sequence

import anyio
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.faults import Fault
from manymind.catalog.offers import Offer
from manymind.catalog.prices import Price
from manymind.catalog.sellers import OWN, seller
from manymind.config import Config, ConfigError, ProviderSettings, secret
from manymind.egress.proxies import Proxies
from manymind.egress.trusted import Trusted, TrustedConfig
from manymind.providers import Listed, Settings, Upstream, another, find, models
from manymind.providers.upstream import PATHS, Style, addressed, blanks, locate, routes

LOCAL_LIST_SECONDS = 3.0
"""How long a server of the operator's may take to say what it serves before we go on without."""


class Found(Struct, frozen=True, kw_only=True):
    """A provider as the settings have it. `setting` is what would make it ready, `note` where
    its key or address comes from, or what is missing. One that has a key and is not ready is
    `begun`."""

    name: str
    ready: bool
    setting: str
    note: str
    begun: bool
    upstream: Upstream
    settings: Settings


def discover(config: Config) -> tuple[Found, ...]:
    """Every provider that we know or that the settings name, the ready ones first."""
    found = [_examine(upstream, config) for upstream in _known(config)]
    return tuple(sorted(found, key=lambda each: not each.ready))


async def reach(config: Config) -> dict[str, str]:
    """What is wrong with each ready provider, by asking it for its models; empty if nothing."""
    ready = [found for found in discover(config) if found.ready]
    problems = {found.name: "" for found in ready}
    client = outgoing(config)

    async def ask(found: Found) -> None:
        try:
            await models(found.upstream, found.settings, client)
        except Fault as fault:
            problems[found.name] = fault.told

    try:
        async with anyio.create_task_group() as group:
            for found in ready:
                group.start_soon(ask, found)
    finally:
        await client.aclose()
    return problems


async def local_models(ready: Sequence[Found], client: Trusted) -> tuple[Offer, ...]:
    """What the operator's own servers serve; only they know. One that does not answer soon is
    left out: its models can still be asked for by name."""
    offers: list[Offer] = []

    async def ask(found: Found) -> None:
        with anyio.move_on_after(LOCAL_LIST_SECONDS):
            try:
                listed = await models(found.upstream, found.settings, client)
            except Fault:
                return
            offers.extend(_offer(found.name, model) for model in listed)

    async with anyio.create_task_group() as group:
        for found in ready:
            if found.upstream.keyless:
                group.start_soon(ask, found)
    return tuple(sorted(offers, key=lambda offer: offer.key))


def outgoing(config: Config) -> Trusted:
    egress = config.egress
    proxies = Proxies(http=egress.http_proxy, https=egress.https_proxy, bypass=egress.no_proxy)
    return Trusted(TrustedConfig(ca_file=egress.ca_file, proxies=proxies))


def _offer(provider: str, model: Listed) -> Offer:
    return Offer(
        provider=provider,
        native=model.id,
        slug=f"{provider}/{model.id}",
        name=model.name or model.id,
        context=model.window,
        prices=(Price(),) if seller(provider).free else (),
    )


def _known(config: Config) -> list[Upstream]:
    known = find()
    for name, said in config.providers.items():
        known[name] = _narrowed(known[name], said) if name in known else _another(name, said)
    return list(known.values())


def _another(name: str, said: ProviderSettings) -> Upstream:
    """A provider that only the settings describe."""
    if name == OWN:
        raise ConfigError(f"providers.{OWN} is our own; call the provider by another name.")
    if said.base_url is None:
        raise ConfigError(
            f"providers.{name} has no base_url, and no provider of that name is built in."
        )
    dialect = said.dialect or "openai_chat"
    if dialect not in PATHS:
        raise _no_dialect(name, dialect)
    return another(name, base_url=said.base_url, dialect=dialect, authors=said.authors)


def _narrowed(upstream: Upstream, said: ProviderSettings) -> Upstream:
    """A provider that we know, kept to the one dialect that the operator wants of it."""
    if said.dialect is None:
        return upstream
    if said.dialect not in PATHS:
        raise _no_dialect(upstream.name, said.dialect)
    own = tuple(each for each in upstream.routes if each.dialect == said.dialect)
    return replace(upstream, routes=own or routes(said.dialect), only=())


def _no_dialect(name: str, dialect: str) -> ConfigError:
    return ConfigError(f"providers.{name}.dialect is {dialect}; it is one of {', '.join(PATHS)}.")


def _examine(upstream: Upstream, config: Config) -> Found:
    said = config.providers.get(upstream.name, ProviderSettings())
    environment = config.environment
    address = next((name for name in upstream.address_variables if environment.get(name)), None)
    base = said.base_url or (environment[address] if address is not None else None)
    key = _key(upstream, config)
    try:
        whole = base if key is None else base or addressed(upstream, environment)
        if whole is not None:
            locate(upstream, whole)
    except Fault as fault:
        raise ConfigError(fault.full) from None
    told = (
        f"key from {key.variable or 'the settings file'}" if key is not None else "",
        f"address from {address or 'the settings file'}" if base is not None else "",
    )
    ready = whole is not None and (key is not None or (upstream.keyless and base is not None))
    lacking = f"{', '.join(blanks(upstream))} is not set" if key is not None else "not configured"
    return Found(
        name=upstream.name,
        ready=ready,
        setting=_wanted(upstream),
        note=", ".join(filter(None, told)) if ready else lacking,
        begun=key is not None and not ready,
        upstream=upstream,
        settings=Settings(
            base_url=whole,
            key=key.value if key is not None else None,
            style=key.style if key is not None else None,
            headers=said.headers,
        ),
    )


class _Key(Struct, frozen=True):
    """`variable` is where it stands, empty if in a file; `style` None the provider's usual one."""

    value: str
    variable: str
    style: Style | None = None


def _key(upstream: Upstream, config: Config) -> _Key | None:
    named = secret(config, upstream.name)
    if named is not None:
        said = config.providers[upstream.name]
        return _Key(named, "" if said.key_file is not None else said.key_env or "")
    for credential in upstream.credentials:
        value = config.environment.get(credential.variable, "").strip()
        if value:
            return _Key(value, credential.variable, credential.style)
    return None


def _wanted(upstream: Upstream) -> str:
    """What must be set to have it, as people would be told of it."""
    if upstream.keyless:
        return " or ".join(upstream.address_variables)
    keys = " or ".join(credential.variable for credential in upstream.credentials)
    return " and ".join((keys, *blanks(upstream)))
