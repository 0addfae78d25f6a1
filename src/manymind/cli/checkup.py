"""The checks of `manymind doctor`."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import msgspec
from msgspec import Struct

from manymind import __version__
from manymind.app.stock import described, names
from manymind.app.upstreams import Found, discover, reach
from manymind.cli.ports import problem
from manymind.config import Config, ConfigError, Flags, load, unknown_variables
from manymind.server.guard import is_loopback

FREE_BYTES_MIN = 500 * 1024 * 1024


class Check(Struct, frozen=True, kw_only=True):
    """`state` is ok, note (works, but you may want to know) or wrong."""

    name: str
    state: str
    said: str
    advice: str = ""


async def check(flags: Flags, live: bool) -> list[Check]:
    checks = [_program(), _search()]
    try:
        config = load(flags)
        found = discover(config)
        checks += [_settings(config), *_variables(config), *_models(config, found)]
    except ConfigError as error:
        return [*checks, Check(name="settings", state="wrong", said=str(error))]
    checks += [_data(config), _door(config), _port(config), *_corpus(config), *_ways_out(config)]
    checks += _providers(found)
    problems = await reach(config) if live else {}
    for name, said in problems.items():
        state = "wrong" if said else "ok"
        told = said or "answers, and accepts the key"
        checks.append(Check(name=f"reach {name}", state=state, said=told))
    return checks


def print_lines(checks: list[Check]) -> None:
    marks = {"ok": "✓", "note": "!", "wrong": "✕"}
    for each in checks:
        print(f"{marks[each.state]} {each.name}: {each.said}")
        if each.advice:
            print(f"    {each.advice}")


def print_json(checks: list[Check]) -> None:
    ok = all(each.state != "wrong" for each in checks)
    report = {"schema_version": 1, "ok": ok, "checks": checks}
    print(msgspec.json.encode(report).decode())


def _program() -> Check:
    python = ".".join(str(part) for part in sys.version_info[:3])
    return Check(name="program", state="ok", said=f"manymind {__version__} on Python {python}")


def _search() -> Check:
    if find_spec("tantivy") is not None:
        return Check(name="search", state="ok", said="tantivy")
    return Check(name="search", state="note", said="SQLite FTS5, as tantivy is not installed")


def _settings(config: Config) -> Check:
    files = ", ".join(str(path) for path in config.files) or "no file; environment and defaults"
    return Check(
        name="settings",
        state="note" if config.unread else "ok",
        said=files,
        advice="".join(
            f"{path} is not read unless named: --config {path}" for path in config.unread
        ),
    )


def _variables(config: Config) -> list[Check]:
    unknown = ", ".join(unknown_variables(config))
    said = f"{unknown}: no setting is called so"
    return [Check(name="variables", state="note", said=said)] if unknown else []


def _models(config: Config, found: tuple[Found, ...]) -> list[Check]:
    """Whether the models that the settings name are there, and their prices amounts."""
    catalogue = described(config)
    there = names(each for each in found if each.ready)
    told = {"team": config.team, **{f"teams.{name}": said for name, said in config.teams.items()}}
    roles = {
        f"{place}.{role}": getattr(said, role)
        for place, said in told.items()
        for role in ("leader", "agent", "reader", "verifier")
    }
    checks = [
        Check(
            name=setting,
            state="wrong",
            said=f"nobody here serves {model}",
            advice="Configure its provider, or name another model.",
        )
        for setting, model in roles.items()
        if model is not None and not catalogue.find(model, there)
    ]
    return checks + [
        Check(name=f"alias {name}", state="note", said=f"nobody here serves {model}")
        for name, model in config.aliases.items()
        if not catalogue.find(model, there)
    ]


def _data(config: Config) -> Check:
    folder = next(path for path in (config.data, *config.data.parents) if path.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        why = "cannot be written" if folder.is_dir() else f"cannot be: {folder} is no folder"
        return Check(
            name="data folder",
            state="wrong",
            said=f"{config.data} {why}",
            advice="Name another with --data or MANYMIND_DATA.",
        )
    free = shutil.disk_usage(folder).free
    state = "ok" if free >= FREE_BYTES_MIN else "note"
    return Check(name="data folder", state=state, said=f"{config.data}, {free >> 20:,} MiB free")


def _door(config: Config) -> Check:
    host = config.server.host
    if is_loopback(host):
        key = "a key is required" if config.key else "no key is needed"
        return Check(name="address", state="ok", said=f"{host}: this machine alone; {key}")
    if config.key:
        return Check(name="address", state="ok", said=f"{host}: open to others, with a key")
    return Check(
        name="address",
        state="wrong",
        said=f"{host} is open to others and no key is set",
        advice="Set MANYMIND_API_KEY, or listen on 127.0.0.1.",
    )


def _port(config: Config) -> Check:
    """A taken port is no mistake where the server is running already."""
    port = config.server.port
    why = problem(config.server.host, port)
    if not why:
        return Check(name="port", state="ok", said=f"{port} is free")
    advice = "If that is not manymind itself, choose another with --port or MANYMIND_PORT."
    return Check(name="port", state="note", said=f"{port}: {why}", advice=advice)


def _corpus(config: Config) -> list[Check]:
    return [_folder(Path(name)) for name in config.corpus.folders]


def _folder(path: Path) -> Check:
    if not path.exists():
        said, advice = f"{path} is not there", "Correct corpus.folders in the settings."
        return Check(name="corpus", state="wrong", said=said, advice=advice)
    if not os.access(path, os.R_OK):
        said, advice = f"{path} cannot be read", "Give the user who runs manymind leave to."
        return Check(name="corpus", state="wrong", said=said, advice=advice)
    return Check(name="corpus", state="ok", said=str(path))


def _ways_out(config: Config) -> list[Check]:
    egress = config.egress
    checks: list[Check] = []
    if egress.http_proxy or egress.https_proxy:
        checks.append(Check(name="proxy", state="ok", said="calls go out through a proxy"))
    if egress.ca_file is not None and not Path(egress.ca_file).is_file():
        said = f"{egress.ca_file} is not there"
        advice = "Correct egress.ca_file or SSL_CERT_FILE."
        checks.append(Check(name="certificates", state="wrong", said=said, advice=advice))
    return checks


def _providers(found: tuple[Found, ...]) -> list[Check]:
    """Each that is ready or has half of what it needs; the others together."""
    checks = [
        Check(
            name=f"provider {each.name}",
            state="ok" if each.ready else "note",
            said=each.note,
            advice="" if each.ready else f"Set {each.setting} to have it.",
        )
        for each in found
        if each.ready or each.begun
    ]
    others = [each.name for each in found if not (each.ready or each.begun)]
    none = "none is configured; manymind/reader and the team on it work all the same"
    known = f"not configured: {', '.join(others)}"
    checks.append(
        Check(
            name="providers",
            state="ok" if any(each.ready for each in found) else "note",
            said=known if any(each.ready for each in found) else none,
            advice="Set the key of one, such as XAI_API_KEY; manymind providers names them all.",
        )
    )
    return checks
