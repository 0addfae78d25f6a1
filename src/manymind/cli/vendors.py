"""What `manymind providers` tells of each provider. Variables are named; no value is."""

import msgspec
from msgspec import Struct

from manymind.app.upstreams import Found, discover
from manymind.config import Config
from manymind.providers.upstream import Elsewhere, locate


class Vendor(Struct, frozen=True, kw_only=True):
    """`found_by` says where key and address come from, empty where it is not ready; `set` is what
    would make it so. `elsewhere` are its other addresses, for accounts of other kinds."""

    name: str
    ready: bool
    found_by: str
    set: str
    address: str
    address_variables: tuple[str, ...]
    dialects: tuple[str, ...]
    embeddings: bool
    elsewhere: tuple[Elsewhere, ...]


def vendors(config: Config, words: tuple[str, ...] = ()) -> tuple[Vendor, ...]:
    """Those whose name has all the words, the ready ones first."""
    wanted = [word.lower() for word in words]
    told = map(_vendor, discover(config))
    return tuple(each for each in told if all(word in each.name.lower() for word in wanted))


def _vendor(found: Found) -> Vendor:
    upstream, base = found.upstream, found.settings.base_url
    return Vendor(
        name=found.name,
        ready=found.ready,
        found_by=found.note if found.ready else "",
        set="" if found.ready else found.setting,
        address=locate(upstream, base) if base is not None else upstream.address or "",
        address_variables=upstream.address_variables,
        dialects=tuple(dict.fromkeys(route.dialect for route in upstream.routes)),
        embeddings=upstream.embeds is not None,
        elsewhere=upstream.elsewhere,
    )


def print_lines(found: tuple[Vendor, ...]) -> None:
    for each in found:
        if each.ready:
            _print_ready(each)
    missing = [each for each in found if not each.ready]
    width = max((len(each.name) for each in missing), default=0)
    for each in missing:
        print(f"- {each.name:<{width}}  set {each.set}")


def _print_ready(vendor: Vendor) -> None:
    print(f"✓ {vendor.name}: {vendor.found_by}")
    print(f"    at {vendor.address}")
    speaks = ", ".join((*vendor.dialects, *(("embeddings",) if vendor.embeddings else ())))
    print(f"    speaks {speaks}")
    for each in vendor.elsewhere:
        print(f"    {each.where}: {vendor.address_variables[0]}={each.address}")


def print_json(found: tuple[Vendor, ...]) -> None:
    report = {"schema_version": 1, "providers": found}
    print(msgspec.json.encode(report).decode())
