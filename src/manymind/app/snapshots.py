"""OpenRouter's list of models, fetched when the operator says so and kept in the data folder."""

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile

from msgspec import Struct

from manymind.app.upstreams import discover, outgoing
from manymind.canon.faults import UpstreamBroken
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.offers import Offer
from manymind.catalog.prices import Price
from manymind.catalog.snapshot import PROVIDER, Snapshot, read, restored, stored
from manymind.config import Config, ConfigError
from manymind.egress.reply import Patience
from manymind.providers.upstream import locate

FETCH_SECONDS = 60.0
BYTES_MAX = 64 * 1024 * 1024
SHRINK_MAX = 2
"""A list of less than half of what it was is taken for a broken one."""

_PATH = Path("catalog") / "openrouter.json"
_QUICK = Patience(first_byte_seconds=FETCH_SECONDS, idle_seconds=10.0)


class Synced(Struct, frozen=True, kw_only=True):
    """What a new snapshot changed, by the names of models: `cheaper` and `dearer` compare the
    prices that hold with it to those that held before."""

    source: str
    fetched: date
    models: int
    unusable: int
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    cheaper: tuple[str, ...] = ()
    dearer: tuple[str, ...] = ()


def place(data: Path) -> Path:
    return data / _PATH


def kept(data: Path) -> Snapshot | None:
    """The snapshot in the data folder; none where there is none, or a damaged one."""
    try:
        return restored(place(data).read_bytes())
    except OSError:
        return None


def usual_address(config: Config) -> str:
    """Where OpenRouter lists its models, or what the operator has put in its place."""
    found = next(each for each in discover(config) if each.name == PROVIDER)
    return f"{locate(found.upstream, found.settings.base_url)}/models?output_modalities=all"


async def sync(config: Config, address: str, day: date) -> Synced:
    """Fetch the list, and put it in the place of the one before. A list that is refused changes
    nothing. No key is sent: what is listed is public."""
    fresh = read(await _fetched(config, address), _shown(address), day)
    before = kept(config.data)
    if before is not None and len(fresh.offers) * SHRINK_MAX < len(before.offers):
        raise UpstreamBroken(
            f"The list of {fresh.source} is not taken: it has {len(fresh.offers):,} models, and "
            f"had {len(before.offers):,}.",
            advice=f"If that is right, remove {place(config.data)} and try again.",
        )
    told = _compared(Catalogue(snapshot=before), Catalogue(snapshot=fresh), fresh)
    _keep(config.data, fresh)
    return told


async def _fetched(config: Config, address: str) -> bytes:
    client = outgoing(config)
    try:
        async with client.get(
            address,
            headers={"accept": "application/json"},
            deadline_seconds=FETCH_SECONDS,
            patience=_QUICK,
        ) as reply:
            if reply.status != 200:
                raise UpstreamBroken(
                    f"{_shown(address)} answered with status {reply.status}.",
                    advice="The snapshot that was there is kept. Check the address.",
                )
            return await reply.read(BYTES_MAX)
    finally:
        await client.aclose()


def _keep(data: Path, snapshot: Snapshot) -> None:
    """Whole or not at all, also if the machine fails in between."""
    path = place(data)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(stored(snapshot))
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {(error.strerror or '').lower()}.") from None


def _compared(before: Catalogue, after: Catalogue, fresh: Snapshot) -> Synced:
    old = {offer.native: offer for offer in before.shelf(PROVIDER).offers}
    new = {offer.native: offer for offer in after.shelf(PROVIDER).offers}
    listed = {offer.native for offer in fresh.offers}
    both = [name for name in listed if name in old]
    return Synced(
        source=fresh.source,
        fetched=fresh.fetched,
        models=len(fresh.offers),
        unusable=fresh.unusable,
        added=tuple(sorted(listed - old.keys())),
        gone=tuple(sorted(old.keys() - listed)),
        cheaper=_moved(both, new, old),
        dearer=_moved(both, old, new),
    )


def _moved(
    names: list[str], lower: Mapping[str, Offer], higher: Mapping[str, Offer]
) -> tuple[str, ...]:
    """Models of which something costs less in `lower` than in `higher`."""
    return tuple(sorted(name for name in names if _undercuts(lower[name], higher[name])))


def _undercuts(one: Offer, other: Offer) -> bool:
    if not one.prices or not other.prices:
        return False
    mine, theirs = one.prices[-1], other.prices[-1]
    return any(low < high for low, high in zip(_figures(mine), _figures(theirs), strict=True))


def _figures(price: Price) -> tuple[int, ...]:
    """What a reservation is made of: the dearest rates, in whatever tier."""
    rates = [price.rates, *(tier.rates for tier in price.tiers)]
    return (max(each.input for each in rates), max(each.output for each in rates), price.request)


def _shown(address: str) -> str:
    """An address without what may be a secret in it."""
    scheme, _, rest = address.partition("://")
    host = rest.partition("?")[0].rpartition("@")[2]
    return f"{scheme}://{host}"
