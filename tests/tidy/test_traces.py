"""What is published names no machine that it was made on, and says one version."""

import re
import tomllib
from pathlib import Path

import pytest

from manymind import __version__
from tests.tidy.test_tidy import ROOT, name_of, tracked

MACHINES = re.compile(
    r"/(?:work|root|workspace|mnt|Users)/|/home/\w|/tmp/\w+_jobs|[A-Z]:\\Users"
    r"|\bsession[_ -](?:id|name|brief)\b|\bissues show\b"
)
FIELD = re.compile(r"\"session_id\"|`session_id`")
"""A field of OpenRouter's has one of these names. It may be named as one, in quotes, where it is
read, written, tried or told of, and nowhere else."""
FIELD_STANDS_IN = {
    "docs/reference/routing.md",
    "src/manymind/routing/stickiness.py",
    "src/manymind/server/record_forms.py",
    "tests/flows/test_records.py",
    "tests/flows/test_retries.py",
}
REGISTRIES = re.compile(
    r"(?i)\bpypi\.org|pythonhosted\.org|registry\.npmjs|\bindex[-_]url\b|\bproxy\.golang"
)
ADDRESS = re.compile(r"https?://([^/\"\s]+)")
RELEASE = re.compile(r"(\d+)\.(\d+)\.(\d+) - \d{4}-\d{2}-\d{2}")


def numbered(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


TEXTS = [path for path in tracked() if path.suffix not in {".png", ".ico", ".woff2"}]


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_no_file_names_the_machine_it_was_written_on(path: Path) -> None:
    if path == Path(__file__):
        return
    text = path.read_text(encoding="utf-8")
    if name_of(path) in FIELD_STANDS_IN:
        text = FIELD.sub("", text)
    assert MACHINES.findall(text) == []
    if path.name != "uv.lock":
        assert REGISTRIES.findall(text) == []


def test_the_lock_names_the_public_registry_alone() -> None:
    hosts = set(ADDRESS.findall((ROOT / "uv.lock").read_text()))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "src/manymind/__init__.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_the_changelog_leads_up_to_this_version() -> None:
    heads = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    unreleased, releases = heads[0] == "Unreleased", [h for h in heads if h != "Unreleased"]
    assert heads
    assert all(RELEASE.fullmatch(head) for head in releases)
    numbers = [numbered(head.split(" ")[0]) for head in releases]
    assert numbers == sorted(numbers, reverse=True)
    newest = numbers[0] if numbers else (0, 0, 0)
    version = numbered(__version__)
    assert newest <= version if unreleased else newest == version
