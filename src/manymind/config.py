"""The only reader of settings: flags, then the environment, then files, then defaults.

What comes out is frozen and complete. No other module looks at the environment.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace


class ConfigError(Exception):
    """A setting that cannot be used: which one, where it stands, and what it should be."""


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`hosts` are the names under which the server is called, beside the one it binds to;
    `origins` the web pages that may call it from a browser."""

    host: str = "127.0.0.1"
    port: int = 8484
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    body_limit_mb: int = 64
    body_seconds: float = 60.0
    heartbeat_seconds: float = 10.0
    drain_seconds: float = 30.0


class CorpusSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Folders and files that questions without documents of their own are answered from."""

    folders: tuple[str, ...] = ()


class TeamSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The models that a team's roles run on; empty means the first that is there."""

    leader: str | None = None
    agent: str | None = None


class ProviderSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One upstream. `key_env` names the variable that holds its key, so that no key need stand
    in a file. `dialect` is needed only for a provider that we have no file for."""

    base_url: str | None = None
    key_env: str | None = None
    key_file: str | None = None
    dialect: str | None = None
    authors: tuple[str, ...] = ()
    headers: dict[str, str] = {}


class LimitSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one request may spend where the caller sets no cap, in dollars written as text."""

    request_cost_usd: str | None = None
    team_cost_usd: str = "5.00"
    request_seconds: float = 3600.0


class EgressSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`allow` opens private hosts by name for addresses that callers or models give."""

    allow: tuple[str, ...] = ()
    ca_file: str | None = None
    http_proxy: str | None = None
    https_proxy: str | None = None
    no_proxy: tuple[str, ...] = ()


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a settings file may hold."""

    server: ServerSettings = ServerSettings()
    corpus: CorpusSettings = CorpusSettings()
    team: TeamSettings = TeamSettings()
    limits: LimitSettings = LimitSettings()
    egress: EgressSettings = EgressSettings()
    providers: dict[str, ProviderSettings] = {}
    aliases: dict[str, str] = {}
    ceilings: dict[str, str] = {}


class Config(Struct, frozen=True, kw_only=True):
    """All settings. `environment` holds what providers are found by; it is never printed.

    `ceilings` say, in dollars, what a call may cost at the most where nobody can compute it: by
    `provider/model`, or `provider/model@effort`.
    """

    server: ServerSettings
    corpus: CorpusSettings
    team: TeamSettings
    limits: LimitSettings
    egress: EgressSettings
    providers: dict[str, ProviderSettings]
    aliases: dict[str, str]
    ceilings: dict[str, str]
    environment: Mapping[str, str]
    data: Path
    files: tuple[Path, ...] = ()
    key: str | None = None


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
    seen = _dotenv(Path(".env")) | dict(os.environ if environment is None else environment)
    files = _files(flags, seen)
    merged = msgspec.convert(_merge([_read(path) for path in files]), _File)
    server = replace(
        merged.server,
        host=flags.host or seen.get("MANYMIND_HOST") or merged.server.host,
        port=_port(flags, seen, merged.server.port),
    )
    return Config(
        server=server,
        corpus=CorpusSettings(folders=flags.folders or merged.corpus.folders),
        team=merged.team,
        limits=merged.limits,
        egress=_egress(merged.egress, seen),
        providers=merged.providers,
        aliases=merged.aliases,
        ceilings=merged.ceilings,
        environment=seen,
        data=flags.data or _data_folder(seen),
        files=tuple(files),
        key=seen.get("MANYMIND_API_KEY") or None,
    )


def secret(config: Config, name: str) -> str | None:
    """The key of a provider, from where its settings say that it is."""
    settings = config.providers.get(name)
    if settings is not None and settings.key_file is not None:
        path = Path(settings.key_file).expanduser()
        try:
            return path.read_text(encoding="utf-8").strip() or None
        except OSError as error:
            reason = error.strerror or "it cannot be read"
            raise ConfigError(f"providers.{name}.key_file is {path}: {reason}.") from None
    if settings is not None and settings.key_env is not None:
        return config.environment.get(settings.key_env) or None
    return None


def _files(flags: Flags, environment: Mapping[str, str]) -> list[Path]:
    """Farthest first: the user's file, then the project's; a named file stands alone."""
    named = flags.config or _path(environment.get("MANYMIND_CONFIG"))
    if named is not None:
        if not named.is_file():
            raise ConfigError(f"There is no configuration file {named}.")
        return [named]
    home = _path(environment.get("XDG_CONFIG_HOME")) or _home(environment) / ".config"
    candidates = [home / "manymind" / "manymind.toml", Path("manymind.toml")]
    return [path for path in candidates if path.is_file()]


def _read(path: Path) -> dict[str, object]:
    """One file, checked alone, so that a mistake is reported with the file it stands in."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from None
    try:
        checked = msgspec.convert(content, _File)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}.") from None
    if checked.corpus.folders:
        # A folder is meant from where the file lies, not from where the program was started.
        folders = [str(path.parent / Path(name).expanduser()) for name in checked.corpus.folders]
        content["corpus"] = {"folders": folders}
    return content


def _merge(contents: list[dict[str, object]]) -> dict[str, object]:
    """Later files win, table by table."""
    merged: dict[str, object] = {}
    for content in contents:
        for name, value in content.items():
            before = merged.get(name)
            if isinstance(before, dict) and isinstance(value, dict):
                merged[name] = {**before, **value}
            else:
                merged[name] = value
    return merged


def _dotenv(path: Path) -> dict[str, str]:
    """`NAME=value` lines of a `.env` file in the working directory."""
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("'\"")
    return found


def _port(flags: Flags, environment: Mapping[str, str], default: int) -> int:
    if flags.port is not None:
        return flags.port
    said = environment.get("MANYMIND_PORT")
    if not said:
        return default
    if not said.isdecimal() or int(said) > 65535:
        raise ConfigError("MANYMIND_PORT must be a number from 0 to 65535.")
    return int(said)


def _egress(settings: EgressSettings, environment: Mapping[str, str]) -> EgressSettings:
    """The customary variables stand in where the file says nothing."""

    def customary(name: str) -> str | None:
        return environment.get(name) or environment.get(name.lower()) or None

    bypass = tuple(name.strip() for name in (customary("NO_PROXY") or "").split(",") if name)
    return replace(
        settings,
        ca_file=settings.ca_file or environment.get("SSL_CERT_FILE") or None,
        http_proxy=settings.http_proxy or customary("HTTP_PROXY"),
        https_proxy=settings.https_proxy or customary("HTTPS_PROXY"),
        no_proxy=settings.no_proxy or bypass,
    )


def _data_folder(environment: Mapping[str, str]) -> Path:
    said = _path(environment.get("MANYMIND_DATA"))
    if said is not None:
        return said
    share = _path(environment.get("XDG_DATA_HOME")) or _home(environment) / ".local" / "share"
    return share / "manymind"


def _home(environment: Mapping[str, str]) -> Path:
    return _path(environment.get("HOME")) or Path.home()


def _path(value: str | None) -> Path | None:
    return Path(value).expanduser() if value else None
