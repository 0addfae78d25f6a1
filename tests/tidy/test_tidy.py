"""The house stays tidy: sizes, names and words."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
MOCKS = re.compile(r"unittest\.mock|MagicMock|monkeypatch|mocker\.")
EXCUSES = re.compile(r"(# noqa|# type: ignore|# pyright: ignore|pragma: no cover)(.*)")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


PYTHON = tracked("src/*.py", "tests/*.py", "bench/*.py")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_there_is_something_to_keep_tidy() -> None:
    assert len(PYTHON) > 50


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_a_file_holds_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES_MAX
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_a_function_fits_one_page(path: Path) -> None:
    long = [
        node.name
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_nothing_is_left_unfinished_or_mocked(path: Path) -> None:
    if path == Path(__file__):
        return
    text = path.read_text()
    assert UNFINISHED.findall(text) == []
    assert MOCKS.findall(text) == []


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_every_excuse_gives_its_reason(path: Path) -> None:
    if path == Path(__file__):
        return
    for excuse, rest in EXCUSES.findall(path.read_text()):
        assert "#" in rest, f"{excuse}{rest} gives no reason"


@pytest.mark.parametrize("path", tracked("src/*.py"), ids=name_of)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", tracked("src/*.py"), ids=name_of)
def test_imports_stand_at_the_top_of_a_room(path: Path) -> None:
    """Local imports hide circles. Only the terminal's commands use them, to start quickly."""
    if "cli" in path.parts:
        return
    local = [
        (node.name, inner.lineno)
        for node in functions(path)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert local == []


def test_each_room_of_the_source_has_a_room_of_tests() -> None:
    rooms = {path.name for path in (ROOT / "src" / "manymind").iterdir() if path.is_dir()}
    tested = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert rooms - tested - {"__pycache__", "tools"} == set()


def test_decisions_are_numbered_without_gaps() -> None:
    pages = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    numbers = [int(name[:4]) for name in pages]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_dependency_has_its_decision() -> None:
    pages = "\n".join(p.read_text() for p in (ROOT / "docs" / "decisions").glob("*.md"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = [*project["project"]["dependencies"], *groups["dev"], *groups["clients"]]
    names = [re.split(r"[^A-Za-z0-9-]", each)[0] for each in wanted]
    assert len(names) > 15
    assert [name for name in names if f"`{name}`" not in pages] == []


@pytest.mark.parametrize("path", tracked("docs/decisions/*.md"), ids=name_of)
def test_a_decision_can_be_weighed_and_undone(path: Path) -> None:
    text = path.read_text()
    heads = re.findall(r"^\*\*(Question|Options|Choice|Undo it when)\b", text, re.MULTILINE)
    assert heads == ["Question", "Options", "Choice", "Undo it when"]
    assert text.startswith(f"# {int(path.name[:4])} · ")
