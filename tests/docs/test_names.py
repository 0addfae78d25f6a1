"""Whatever the pages name exists: variables, headers, paths, fields."""

import re
from collections.abc import Callable
from functools import cache

import pytest

from manymind.providers import another, find
from tests.docs.conftest import OURS, Addresses
from tests.docs.curl import Curl, send
from tests.docs.pages import ROOT, Page, manual_pages

_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_CHOSEN = re.compile(r'key_env = "(\w+)"')
"""Variables that an example's own settings name."""
_READ_BY_LIBRARIES = {"NO_COLOR"}
_HEADER = re.compile(r"(?i)\b(?:x|anthropic|openai)-[a-z]+(?:-[a-z]+)*\b")
_PATH = re.compile(r"/(?:[\w.{}-]+(?:/[\w.{}-]+)*)?")
_FIELD = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")


@cache
def source() -> str:
    """All that the program is made of, settings of the demo included."""
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "src").rglob("*.toml")]
    files += [ROOT / "Makefile", ROOT / "demo" / "manymind.toml"]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def variables() -> set[str]:
    """The variables by which providers are found; some names are put together in the source."""
    return {
        name
        for upstream in (*find().values(), another("acme", base_url="http://acme.example"))
        for name in (
            *upstream.address_variables,
            *(credential.variable for credential in upstream.credentials),
        )
    }


def named(page: Page, pattern: re.Pattern[str], *, examples: bool) -> set[str]:
    """What a page names in words set as code, and in its examples."""
    words = [*page.code]
    if examples:
        words += [block.text for block in page.blocks("bash", "toml")]
    return {found for word in words for found in pattern.findall(word)}


def own(word: str) -> str:
    """A word of code without what is not ours to name: models, and files."""
    return "" if "/" in word or word.endswith(".md") else word


PAGES = manual_pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_is_read_somewhere(page: Page) -> None:
    known = variables() | _READ_BY_LIBRARIES | set(_CHOSEN.findall(page.text))
    lost = {
        name
        for name in named(page, _VARIABLE, examples=True)
        if name not in known and name not in source()
    }
    assert lost == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_header_is_read_or_written_somewhere(page: Page) -> None:
    words = {word for word in page.code if "/" not in word}
    headers = {found.lower() for word in words for found in _HEADER.findall(word)}
    assert {name for name in headers if f'"{name}' not in source().lower()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_field_is_known_to_the_program(page: Page) -> None:
    fields = {found for word in page.code for found in _FIELD.findall(own(word))}
    assert {name for name in fields if name not in source()} == set()


PREFIXES = {"/v1", "/api/v1", "/v1beta"}
"""Where the paths of a house begin."""


def paths() -> list[str]:
    words = {word for page in PAGES for word in page.code if _PATH.fullmatch(word)}
    return sorted(words - PREFIXES)


def test_paths_are_named() -> None:
    assert len(paths()) > 10


@pytest.mark.parametrize("path", paths())
def test_every_path_leads_somewhere(path: str, addresses: Callable[[str], Addresses]) -> None:
    """A page answers 200; what takes a body says so; what is asked for by a name that nobody has
    says that. A short form of a path names a part of it."""
    true = path.replace("{account}", "any").replace("{model}", "manymind/reader")
    true = true.replace("{author}", "manymind").replace("{slug}", "reader")
    if path.startswith("/ai/"):
        true = f"/client/v4/accounts/any{true}"
    if path.endswith("/generation"):
        true += "?id=absent"
    where = addresses("README.md")[OURS]
    answered = send(Curl(url=where + true, method="GET", headers={}))
    nameless = ("{" in path or "?" in true) and "nothing at this path" not in answered.body
    assert answered.status in ((200, 404, 405) if nameless else (200, 405)), answered.body
