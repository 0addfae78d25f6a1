"""The checks of `manymind doctor`."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import msgspec
from msgspec import Struct

from manymind import __version__
from manymind.app.upstreams import discover, reach
from manymind.config import Config
from manymind.server.guard import is_loopback

FREE_BYTES_MIN = 500 * 1024 * 1024


class Check(Struct, frozen=True, kw_only=True):
    """`state` is ok, note (works, but you may want to know) or wrong."""

    name: str
    state: str
    said: str
    advice: str = ""


async def check(config: Config, live: bool) -> list[Check]:
    checks = [
        _program(),
        _settings(config),
        _data(config),
        _door(config),
        _search(),
        *_corpus(config),
    ]
    for found in discover(config):
        advice = "" if found.ready else f"Set {found.setting} to have it."
        state = "ok" if found.ready else "note"
        checks.append(
            Check(name=f"provider {found.name}", state=state, said=found.note, advice=advice)
        )
    if not any(found.ready for found in discover(config)):
        said = "none is configured; manymind/reader and the team on it work all the same"
        checks.append(Check(name="providers", state="note", said=said))
    elif live:
        for name, problem in (await reach(config)).items():
            said = problem or "answers, and accepts the key"
            state = "wrong" if problem else "ok"
            checks.append(Check(name=f"reach {name}", state=state, said=said))
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


def _settings(config: Config) -> Check:
    files = ", ".join(str(path) for path in config.files) or "no file; environment and defaults"
    return Check(name="settings", state="ok", said=files)


def _data(config: Config) -> Check:
    folder = next(path for path in (config.data, *config.data.parents) if path.exists())
    if not os.access(folder, os.W_OK):
        return Check(
            name="data folder",
            state="wrong",
            said=f"{config.data} cannot be written",
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


def _search() -> Check:
    if find_spec("tantivy") is not None:
        return Check(name="search", state="ok", said="tantivy")
    return Check(name="search", state="note", said="SQLite FTS5, as tantivy is not installed")


def _corpus(config: Config) -> list[Check]:
    checks: list[Check] = []
    for name in config.corpus.folders:
        there = Path(name).exists()
        checks.append(
            Check(
                name="corpus",
                state="ok" if there else "wrong",
                said=name if there else f"{name} is not there",
                advice="" if there else "Correct corpus.folders in the settings.",
            )
        )
    return checks
