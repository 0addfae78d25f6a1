"""Help is quick, complete, and fits a terminal of 80 columns."""

import re
import subprocess
import sys

import msgspec
import pytest

from manymind.canon.faults import BadRequest
from manymind.cli import exits
from manymind.cli.main import commands, meant
from manymind.server.simulated import Knobs
from tests.cli.shell import ROOT, Shell

COMMANDS = sorted(commands())
HEAVY = ("aiohttp", "tantivy", "genai_prices", "uvicorn", "rich.live", "anyio", "sqlite3")


def test_help_imports_nothing_that_takes_its_time() -> None:
    """The honest form of a limit in milliseconds."""
    program = (
        "import sys\n"
        "from manymind.cli.main import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert loaded == [], loaded\n"
    )
    for arguments in (["--help"], ["ask", "--help"], ["--version"]):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], capture_output=True, check=False
        )
        assert done.stderr.decode() == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_two_examples(shell: Shell, name: str) -> None:
    ran = shell.run(name, "--help", COLUMNS="80")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    examples = lines[lines.index("  Examples:") + 1 :]
    assert sum("manymind" in line for line in examples) >= 2
    assert ("--json" in ran.out) == bool(commands()[name].prints)


def test_the_list_of_commands_cuts_no_sentence_short(shell: Shell) -> None:
    out = shell.run("--help", COLUMNS="80").out
    assert "..." not in out.partition("Commands:")[2]
    assert all(f"  {name} " in out for name in COMMANDS)


def test_json_sketches_name_the_keys_that_are_printed(shell: Shell) -> None:
    runs = {
        "ask": ("ask", "What can you do?", "-m", "manymind/reader", "--json", "-q"),
        "cost": ("cost", "-i", "5", "--json"),
        "doctor": ("doctor", "--json"),
        "models": ("models", "--json"),
        "models show": ("models", "show", "reader", "--json"),
        "models compare": ("models", "compare", "manymind/reader", "gpt-5", "--json"),
        "catalog show": ("catalog", "show", "--json"),
        "catalog drift": ("catalog", "drift", "--json"),
        "catalog sync": ("catalog", "sync", "--from", "http://127.0.0.1:9", "--json"),
        "tokens": ("tokens", "/dev/null", "--json"),
        "providers": ("providers", "--json"),
        "config show": ("config", "show", "--json"),
        "config validate": ("config", "validate", str(ROOT / "demo/manymind.toml"), "--json"),
        "keys create": ("keys", "create", "ci", "--json"),
        "keys list": ("keys", "list", "--json"),
        "keys show": ("keys", "show", "ci", "--json"),
        "keys rotate": ("keys", "rotate", "ci", "--json"),
        "keys disable": ("keys", "disable", "ci", "--json"),
        "keys enable": ("keys", "enable", "ci", "--json"),
        "keys open": ("keys", "open", "ci", "--json"),
        "budgets set": ("budgets", "set", "tenant", "--usd", "5", "--json"),
        "budgets list": ("budgets", "list", "--json"),
        "budgets drop": ("budgets", "drop", "absent", "--json"),
        "budgets lost": ("budgets", "lost", "--json"),
        "budgets reconcile": ("budgets", "reconcile", "absent", "--used", "0", "--json"),
        "keys delete": ("keys", "delete", "ci", "--json"),
        "usage": ("usage", "--json"),
        "logs": ("logs", "--json"),
    }
    assert {name for name in COMMANDS if commands()[name].prints} == runs.keys()
    for name, arguments in runs.items():
        printed = set(re.findall(r'"(\w+)":', shell.run(*arguments).out))
        sketched = set(re.findall(r'"(\w+)"', commands()[name].prints))
        assert printed <= sketched


def test_help_can_be_asked_for_in_every_customary_way(shell: Shell) -> None:
    for arguments in ([], ["help"], ["-h"], ["--help"]):
        ran = shell.run(*arguments)
        assert (ran.code, "Commands:" in ran.out) == (0, True)
    assert "Examples:" in shell.run("help", "cost").out


def test_the_version_is_printed(shell: Shell) -> None:
    assert shell.run("--version").out.startswith("manymind ")


def test_exit_codes_are_listed(shell: Shell) -> None:
    listed = shell.run("help-exits").out.splitlines()
    assert [int(line.split()[0]) for line in listed] == [code for code, _ in exits.MEANINGS]


@pytest.mark.parametrize(
    ("arguments", "understood"),
    [
        (["What changed in 2025?"], ["ask", "What changed in 2025?"]),
        (["-f", "notes/", "What changed?"], ["ask", "-f", "notes/", "What changed?"]),
        (["Why", "so", "serious"], ["ask", "Why", "so", "serious"]),
        (["serve", "--port", "1"], ["serve", "--port", "1"]),
        (["--version"], ["--version"]),
        (["help", "ask"], ["ask", "--help"]),
        (["help", "me", "choose"], ["ask", "help", "me", "choose"]),
        (["hello"], ["ask", "hello"]),
    ],
)
def test_what_begins_with_no_command_is_a_question(
    arguments: list[str], understood: list[str]
) -> None:
    assert meant(arguments, COMMANDS) == understood


@pytest.mark.parametrize("slip", ["modles", "sevre", "docter", "costs"])
def test_a_slip_of_the_pen_does_not_ask_a_model(slip: str) -> None:
    with pytest.raises(BadRequest, match=f"There is no command {slip}"):
        meant([slip], COMMANDS)


def test_every_mishap_of_the_simulation_is_in_its_help(shell: Shell) -> None:
    out = shell.run("simulate", "--help", COLUMNS="80").out
    known = [field.name for field in msgspec.structs.fields(Knobs)]
    assert [name for name in known if not re.search(rf"\b{name}\b", out)] == []
