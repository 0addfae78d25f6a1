"""The only reader of settings: flags, then the environment, then a file, then defaults.

What comes out is frozen and complete. No other room looks at the environment. Nothing is read
because it lies in the working directory: that may be a stranger's.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from manymind.config.files import Misplaced, line_of, merged, read
from manymind.config.lines import Content, Place, lines
from manymind.config.named import check
from manymind.config.settings import (
    Config,
    ConfigError,
    CorpusSettings,
    PresetSettings,
    PriceSettings,
    ProviderSettings,
    RedactionSettings,
    RouteSettings,
    ServerSettings,
    SettingsFile,
    ShadowSettings,
    TeamSettings,
)
from manymind.config.variables import OTHERS, in_variables, outgoing, variables

__all__ = [
    "Config",
    "ConfigError",
    "CorpusSettings",
    "Flags",
    "PresetSettings",
    "PriceSettings",
    "ProviderSettings",
    "RedactionSettings",
    "RouteSettings",
    "ServerSettings",
    "ShadowSettings",
    "TeamSettings",
    "file_in_use",
    "flagged",
    "load",
    "misplaced",
    "secret",
    "unknown_variables",
    "webhook_secret",
]

_PROJECT = Path("manymind.toml")


class Flags(Struct, frozen=True, kw_only=True):
    """What the command line said; None means nothing."""

    config: Path | None = None
    data: Path | None = None
    host: str | None = None
    port: int | None = None
    folders: tuple[str, ...] = ()


def load(flags: Flags | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Settings from every place, the nearer one winning."""
    flags = flags or Flags()
    seen = dict(os.environ if environment is None else environment)
    files, named = _files(flags, seen)
    said = merged(*map(read, files), in_variables(seen), flagged(flags))
    settings = msgspec.convert(said, SettingsFile)
    try:
        check(settings)
    except Misplaced as error:
        raise misplaced(files, error.place, error.said) from None
    return Config(
        **asdict(replace(settings, egress=outgoing(settings.egress, seen))),
        environment=seen,
        data=flags.data or _data_folder(seen),
        files=files,
        unread=() if named or not _PROJECT.is_file() else (_PROJECT,),
        key=seen.get("MANYMIND_API_KEY") or None,
        redaction_key=seen.get("MANYMIND_REDACTION_KEY") or None,
    )


def secret(config: Config, name: str) -> str | None:
    """The key of a provider, from where its settings say that it is."""
    settings = config.providers.get(name)
    if settings is not None and settings.key_file is not None:
        return _in_file(f"providers.{name}.key_file", settings.key_file)
    if settings is not None and settings.key_env is not None:
        return config.environment.get(settings.key_env) or None
    return None


def misplaced(files: Sequence[Path], place: Place, said: str) -> ConfigError:
    """A mistake, with the file and the line that it stands on."""
    for file in files:
        line = line_of(lines(file.read_text(encoding="utf-8")), place)
        if line:
            return ConfigError(f"{file}{line}: {'.'.join(place)}: {said}")
    return ConfigError(f"{'.'.join(place)}: {said}")


def webhook_secret(config: Config) -> str | None:
    """What webhooks are signed with."""
    settings = config.webhooks
    if settings.secret_file is not None:
        return _in_file("webhooks.secret_file", settings.secret_file)
    return config.environment.get(settings.secret_env) or None


def _in_file(setting: str, named: str) -> str | None:
    path = Path(named).expanduser()
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError(f"{setting} is {path}: {reason}.") from None


def unknown_variables(config: Config) -> tuple[str, ...]:
    """Variables that look like ours and are none, which may be slips of the pen."""
    known = {*OTHERS, *(variable for variable, _, _ in variables())}
    ours = (name for name in config.environment if name.startswith("MANYMIND_"))
    return tuple(sorted(name for name in ours if name not in known))


def file_in_use(flags: Flags, environment: Mapping[str, str]) -> Path | None:
    """The settings file that would be read, if there is one."""
    return next(iter(_files(flags, environment)[0]), None)


def _files(flags: Flags, environment: Mapping[str, str]) -> tuple[tuple[Path, ...], bool]:
    """The file to read, if there is one, and whether it was named; else it is the user's own."""
    named = flags.config or _path(environment.get("MANYMIND_CONFIG"))
    if named is not None:
        if not named.is_file():
            what = "is a folder, not a file" if named.is_dir() else "is not there"
            raise ConfigError(f"The configuration file {named} {what}.")
        return (named,), True
    home = _path(environment.get("XDG_CONFIG_HOME")) or _home(environment) / ".config"
    own = home / "manymind" / "manymind.toml"
    return (own,) if own.is_file() else (), False


def flagged(flags: Flags) -> Content:
    """What the command line says, laid out as a file would."""
    server = {"host": flags.host, "port": flags.port}
    content: Content = {
        "server": {name: value for name, value in server.items() if value is not None}
    }
    return content | ({"corpus": {"folders": flags.folders}} if flags.folders else {})


def _data_folder(environment: Mapping[str, str]) -> Path:
    named = _path(environment.get("MANYMIND_DATA"))
    if named is not None:
        return named
    share = _path(environment.get("XDG_DATA_HOME")) or _home(environment) / ".local" / "share"
    return share / "manymind"


def _home(environment: Mapping[str, str]) -> Path:
    return _path(environment.get("HOME")) or Path.home()


def _path(value: str | None) -> Path | None:
    return Path(value).expanduser() if value else None
