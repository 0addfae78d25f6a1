"""Every setting, with where its value comes from. No secret leaves this file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct

from manymind.config import Flags, flagged, load
from manymind.config.files import read
from manymind.config.lines import Content, Place, leaves, lines
from manymind.config.settings import Config, SettingsFile
from manymind.config.variables import in_variables, variables

SET, NOT_SET = "set", "not set"
DEFAULT = "default"

_CUSTOMARY: Mapping[str, tuple[str, ...]] = {
    "egress.ca_file": ("SSL_CERT_FILE",),
    "egress.http_proxy": ("HTTP_PROXY", "http_proxy"),
    "egress.https_proxy": ("HTTPS_PROXY", "https_proxy"),
    "egress.no_proxy": ("NO_PROXY", "no_proxy"),
}
"""Settings that a variable of everybody's stands in for."""


class Setting(Struct, frozen=True, kw_only=True):
    """`value` is what JSON would write, and for what may be a secret only whether it is set.
    `origin` is default, the name of a variable or of an option, or `file:line`."""

    name: str
    value: object
    origin: str


def settings(flags: Flags, environment: Mapping[str, str]) -> tuple[Setting, ...]:
    """Every setting in the order of the guide, then those that only variables hold."""
    config = load(flags, environment)
    origins = _origins(config, flags, environment)
    whole = msgspec.to_builtins({name: getattr(config, name) for name in _tables()})
    found = [
        Setting(
            name=".".join(place),
            value=_shown(place, _at(whole, place)),
            origin=origins.get(place) or _customary(place, environment) or DEFAULT,
        )
        for place in leaves(whole)
    ]
    return (*found, *_beside(config, flags, environment))


def _tables() -> tuple[str, ...]:
    return SettingsFile.__struct_fields__


def _origins(config: Config, flags: Flags, environment: Mapping[str, str]) -> dict[Place, str]:
    """Where each setting was said; the nearer place is written over the farther."""
    found: dict[Place, str] = {}
    for file in config.files:
        standing = lines(file.read_text(encoding="utf-8"))
        for place in leaves(read(file)):
            found[place] = f"{file}:{standing.get(place, 0)}"
    named = {setting: variable for variable, setting, _ in variables()}
    for place in leaves(in_variables(environment)):
        found[place] = named[".".join(place)]
    for place in leaves(flagged(flags)):
        found[place] = f"--{place[-1]}"
    return found


def _customary(place: Place, environment: Mapping[str, str]) -> str | None:
    names = _CUSTOMARY.get(".".join(place), ())
    return next((name for name in names if environment.get(name)), None)


def _beside(config: Config, flags: Flags, environment: Mapping[str, str]) -> Iterator[Setting]:
    """What no file can say."""
    data = "--data" if flags.data is not None else "MANYMIND_DATA"
    said = flags.data is not None or bool(environment.get(data))
    yield Setting(name="data", value=str(config.data), origin=data if said else DEFAULT)
    key = config.key is not None
    yield Setting(
        name="key", value=SET if key else NOT_SET, origin="MANYMIND_API_KEY" if key else DEFAULT
    )
    sealing = config.redaction_key is not None
    yield Setting(
        name="redaction_key",
        value=SET if sealing else NOT_SET,
        origin="MANYMIND_REDACTION_KEY" if sealing else DEFAULT,
    )


def _at(content: Content, place: Place) -> object:
    *tables, name = place
    for table in tables:
        content = cast("Content", content[table])
    return content[name]


def _shown(place: Place, value: object) -> object:
    """Headers are as secret as keys, and an address may hold a password."""
    if "headers" in place[1:] and value != {}:
        return SET
    if isinstance(value, str) and "://" in value and ("@" in value or "?" in value):
        return SET
    return str(value) if isinstance(value, Path) else value
