"""Which internet addresses a stranger's URL may lead to. Pure, and by allow-list for IPv6.

Sources: the IANA registries of special-purpose addresses (RFC 6890 and its successors), and the
addresses under which clouds hand out credentials to whoever asks from inside.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Protocol

from manymind.canon.faults import Forbidden

Internet = IPv4Address | IPv6Address

_SPECIAL_4 = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a metadata service"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.31.196.0/24", "reserved"),
        ("192.52.193.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved"),
        ("198.18.0.0/15", "reserved"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)

_GLOBAL_6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_PRIVATE_6 = IPv6Network("fc00::/7")
_SPECIAL_6 = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved"),
        ("2002::/16", "a tunnel to an IPv4 address"),
        ("2620:4f:8000::/48", "reserved"),
        ("3fff::/20", "reserved"),
    )
)

MAY_BE_ALLOWED = frozenset({"private", "loopback", "shared by a carrier"})
"""What an operator's allow-list can open. Metadata services and the like it cannot."""

_METADATA_6 = IPv6Network("fd00:ec2::/32")

_NUMERIC = re.compile(r"(?:.*\.)?(?:\d+|0[xX][0-9a-fA-F]*)\.?")
_DOTTED = re.compile(r"(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})")


class Resolver(Protocol):
    """Names to addresses."""

    async def resolve(self, host: str, port: int) -> Sequence[str]: ...


def admit(address: str, *, opened: bool) -> None:
    """Raises `Forbidden` unless a socket may be connected to this address. `opened` says that
    the operator allowed, by name, the host that it belongs to."""
    try:
        trouble = trouble_with(ip_address(address))
    except ValueError:
        trouble = "no address at all"
    if trouble is not None and not (opened and trouble in MAY_BE_ALLOWED):
        raise forbidden(f"its address is {trouble}")


def forbidden(why: str) -> Forbidden:
    return Forbidden(
        f"This URL may not be opened: {why}.",
        advice="Use a public address, or ask the operator to allow the host by name.",
    )


def trouble_with(address: Internet) -> str | None:
    """What forbids to connect there, in a word or two; None for the open internet."""
    if isinstance(address, IPv4Address):
        return next((what for network, what in _SPECIAL_4 if address in network), None)
    embedded = _embedded(address)
    if embedded is not None:
        return trouble_with(embedded)
    if address.scope_id is not None or address.is_link_local:
        return "link-local"
    if address in _METADATA_6:
        return "a metadata service"
    if address.is_loopback:
        return "loopback"
    if address in _PRIVATE_6:
        return "private"
    if address not in _GLOBAL_6:
        return "multicast" if address.is_multicast else "reserved"
    return next((what for network, what in _SPECIAL_6 if address in network), None)


def literal(host: str) -> Internet | None:
    """The address that a host of a URL writes out; None if it is a name.

    Raises `ValueError` for the spellings that libraries read differently: one number, hexadecimal,
    octal, fewer than four parts, a dot at the end.
    """
    if ":" in host:
        return ip_address(host)
    if not _NUMERIC.fullmatch(host):
        return None
    if not _DOTTED.fullmatch(host):
        raise ValueError(host)
    return ip_address(host)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that this one really leads to, for the forms that lead to one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _COMPATIBLE and int(address) > 1:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
