"""The redaction of the house: its rules, its key, and who is exempt."""

import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.exits import Cover
from manymind.config import Config, ConfigError, RedactionSettings
from manymind.policy.redaction.personal import PERSONAL
from manymind.policy.redaction.redaction import Exempt, Redacting
from manymind.policy.redaction.remembering import Remembering
from manymind.policy.redaction.rules import Rule
from manymind.policy.redaction.scanner import BadPattern, Scanner
from manymind.policy.redaction.sealing import Sealed
from manymind.policy.redaction.secrets import SECRETS

BUILT_IN = {rule.name: rule for rule in (*SECRETS, *PERSONAL)}

KEY_NAME = "redaction.key"
_KEY_LENGTH_MIN = 16


class Redacted(Struct, frozen=True, kw_only=True):
    """What looks through the exits, and what covers the store. `cover` stays when redaction is
    switched off: what was sealed is still read."""

    exits: Redacting | None = None
    cover: Cover | None = None


def redacted(config: Config) -> Redacted:
    settings = config.redaction
    rules = tuple(_rules(settings))
    on = settings.mode == "on"
    master = _master(config, make=on)
    if master is None:
        return Redacted()
    store_key = _derived(master, "store", 64)
    if not on:
        return Redacted(cover=Sealed(None, store_key, os.urandom))
    finding = Remembering(Scanner(rules))
    exempt = Exempt(keys=settings.exempt_keys, routes=settings.exempt_routes)
    return Redacted(
        exits=Redacting(finding, _derived(master, "placeholders", 32), exempt),
        cover=Sealed(finding, store_key, os.urandom),
    )


def _rules(settings: RedactionSettings) -> Iterator[Rule]:
    """Every rule that looks for something, each with its action. The operator's own come first,
    and so have what others would find too."""
    usual = {"secret": settings.secrets, "personal": settings.personal}
    own: list[Rule] = []
    changed = dict(BUILT_IN)
    for name, said in settings.rules.items():
        if said.pattern is not None:
            own.append(_own(settings, name, said.pattern))
        elif name not in BUILT_IN:
            raise ConfigError(
                f"redaction.rules.{name} has no pattern, and no rule of that name is built in. "
                f"Built in are {', '.join(BUILT_IN)}."
            )
        else:
            changed[name] = replace(BUILT_IN[name], action=said.action)
    for rule in (*own, *changed.values()):
        action = rule.action or usual[rule.kind]
        if action != "off":
            yield replace(rule, action=action)


def _own(settings: RedactionSettings, name: str, pattern: str) -> Rule:
    """A rule of the operator's. Patterns are tried here, so that a bad one is called by name."""
    said = settings.rules[name]
    plain = name.isascii() and name.replace("_", "a").isalnum() and name[0].isalpha()
    if name in BUILT_IN or not plain:
        why = "is built in" if name in BUILT_IN else "is not made of letters, digits and _"
        raise ConfigError(f"redaction.rules.{name}: the name {why}. Choose another.")
    rule = Rule(
        name=name, kind=said.kind, pattern=pattern, action=said.action, keyword=said.keyword
    )
    try:
        Scanner([rule])
    except BadPattern as error:
        raise ConfigError(
            f"redaction.rules.{name}.pattern: RE2 does not take it: {error}. "
            "It has neither look-around nor back-references."
        ) from None
    return rule


def _master(config: Config, *, make: bool) -> bytes | None:
    """The operator's key, or one that is made for the data folder when it is first needed."""
    if config.redaction_key is not None:
        return _long_enough(config.redaction_key.encode(), "MANYMIND_REDACTION_KEY")
    said = config.redaction.key_file
    path = config.data / KEY_NAME if said is None else Path(said)
    try:
        if said is None and make and not path.exists():
            _make(path)
        if said is None and not path.exists():
            return None
        return _long_enough(path.read_bytes().strip(), f"{path}")
    except OSError as error:
        raise ConfigError(f"redaction.key_file is {path}: {error.strerror}.") from None


def _make(path: Path) -> None:
    """Of several who start at once, the first makes the key of all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(f"{os.urandom(32).hex()}\n")
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def _long_enough(key: bytes, place: str) -> bytes:
    if len(key) < _KEY_LENGTH_MIN:
        raise ConfigError(
            f"{place} holds {len(key)} characters; a key needs {_KEY_LENGTH_MIN} or more. "
            "`openssl rand -hex 32` makes a good one."
        )
    return key


def _derived(master: bytes, purpose: str, length: int) -> bytes:
    info = f"manymind redaction {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(master)
