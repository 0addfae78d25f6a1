"""The reference of events names every kind that can be spoken, as it is spoken."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from manymind.canon.events import Event, Happened
from tests.docs.conftest import OURS, Addresses
from tests.docs.curl import commands, read_curl, send
from tests.docs.pages import ROOT, page, plain
from tests.docs.proof import is_object

EVENTS = page("docs/reference/events.md")
KINDS = EVENTS.rows("kind", "means", "fields")
NOTES = EVENTS.rows("what", "who", "says", "data")


def spoken() -> dict[str, type[Event]]:
    kinds: tuple[type[Event], ...] = get_args(Happened)
    return {str(kind.__struct_config__.tag): kind for kind in kinds}


def test_every_kind_of_event_is_told() -> None:
    assert sorted(plain(row[0]) for row in KINDS) == sorted(spoken())


@pytest.mark.parametrize("row", KINDS, ids=lambda row: plain(row[0]))
def test_a_kind_has_the_fields_that_are_told(row: list[str]) -> None:
    kind = spoken()[plain(row[0])]
    fields = {field.name for field in msgspec.structs.fields(kind)} - {"voice", "aside"}
    told = {word for word in row[2].split("`")[1::2]}
    assert fields <= told
    assert told - fields <= {"content", "summary"}


def test_every_note_is_told() -> None:
    noted = {what for path in sources() for what in notes_of(ast.parse(path.read_text()))}
    assert len(noted) > 8
    assert sorted(plain(row[0]) for row in NOTES) == sorted(noted)


@pytest.fixture
def heard(addresses: Callable[[str], Addresses]) -> list[dict[str, object]]:
    """What the team's agents say when the example of the page is sent."""
    [example] = EVENTS.blocks("bash")
    text = example.text.replace(OURS, addresses(EVENTS.name)[OURS])
    [words] = commands(text)
    lines = send(read_curl(words)).body.splitlines()
    events = [msgspec.json.decode(line[6:]) for line in lines if line.startswith("data: {")]
    return [event for event in events if event["type"] == "manymind.agent.event"]


def test_the_notes_of_a_run_hold_what_is_told(heard: list[dict[str, object]]) -> None:
    told = {plain(row[0]): set(row[3].split("`")[1::2]) for row in NOTES}
    seen: set[str] = set()
    for event in (said["event"] for said in heard):
        assert is_object(event)
        if event["kind"] == "noted":
            data, what = event["data"], str(event["what"])
            assert is_object(data)
            assert set(data) <= told[what], what
            seen.add(what)
    assert {"spawned", "brief", "search", "claim", "report", "budget"} <= seen


def test_the_event_that_is_shown_looks_like_those_of_a_run(heard: list[dict[str, object]]) -> None:
    [example] = EVENTS.blocks("json")
    shown: dict[str, object] = msgspec.json.decode(example.text)
    assert any(shape(shown) == shape(each) for each in heard)


def shape(value: object) -> object:
    """A value without what differs from run to run."""
    if not is_object(value):
        return type(value)
    kinds = {name: value[name] for name in ("type", "kind", "what") if name in value}
    return {name: shape(inner) for name, inner in value.items()} | kinds


def sources() -> Iterator[Path]:
    yield from (ROOT / "src" / "manymind").rglob("*.py")


def notes_of(module: ast.Module) -> set[str]:
    """What a module notes: the words that reach `Noted(what=…)`, directly, by a variable, or by a
    parameter of the function that notes."""
    found: set[str] = set()
    for function in functions(module):
        for what in (value for call in calls(function, "Noted") for value in keyword(call)):
            if not isinstance(what, ast.Name):
                found |= words(what)
                continue
            names = [argument.arg for argument in function.args.args]
            if what.id in names:
                place = names.index(what.id) - (names[0] == "self")
                passed = calls(module, function.name)
                found |= {word for call in passed for word in words(call.args[place])}
            else:
                found |= assigned(function, what.id)
    return found


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls(inside: ast.AST, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(inside)
        if isinstance(node, ast.Call)
        and name in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
    ]


def keyword(call: ast.Call) -> list[ast.expr]:
    return [each.value for each in call.keywords if each.arg == "what"]


def assigned(function: ast.AST, name: str) -> set[str]:
    return {
        word
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
        for word in words(node.value)
    }


def words(value: ast.expr) -> set[str]:
    """The texts that an expression may give; a condition's own are none of them."""
    if isinstance(value, ast.IfExp):
        return words(value.body) | words(value.orelse)
    return (
        {value.value} if isinstance(value, ast.Constant) and isinstance(value.value, str) else set()
    )
