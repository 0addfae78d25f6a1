"""`manymind config` shows settings with their origin, checks a file, and gives its schema."""

import json

import pytest

from tests.cli.shell import ROOT, Shell


def test_what_was_changed_is_shown_with_its_origin(shell: Shell) -> None:
    shell.settle("[server]\nport = 9000\n")
    ran = shell.run("config", "show", "--changed", OPENAI_API_KEY="sk-canary-93ab")
    lines = [line.split(maxsplit=2) for line in ran.out.splitlines()]
    assert lines[0] == ["setting", "value", "from"]
    assert lines[1][:2] == ["server.port", "9000"]
    assert lines[1][2].endswith("manymind.toml:2")
    assert lines[2] == ["providers.openai.key", "set", "key from OPENAI_API_KEY"]
    assert "canary" not in ran.out


def test_everything_is_shown_as_json(shell: Shell) -> None:
    rows = shell.run("config", "show", "--json", MANYMIND_HOST="::1").data["settings"]
    by_name = {row["name"]: row for row in rows}
    assert by_name["server.host"] == {
        "name": "server.host",
        "value": "::1",
        "origin": "MANYMIND_HOST",
    }
    assert by_name["server.port"]["origin"] == "default"


def test_a_good_file_is_well(shell: Shell) -> None:
    ran = shell.run("config", "validate", str(ROOT / "demo" / "manymind.toml"))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("is well.\n")


def test_every_mistake_takes_one_line(shell: Shell) -> None:
    shell.settle("[server]\nprt = 1\nhost = 4\n")
    ran = shell.run("config", "validate")
    assert ran.code == 3
    first, second = ran.out.splitlines()
    assert "manymind.toml:2: server.prt: " in first
    assert "Did you mean port?" in first
    assert "manymind.toml:3: server.host: expected str, got int." in second
    told = shell.run("config", "validate", "--json").data
    assert (told["ok"], [each["line"] for each in told["problems"]]) == (False, [2, 3])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[providers.acme]\n", "providers.acme has no base_url"),
        ('[providers.openai]\ndialect = "x"\n', "providers.openai.dialect is x"),
    ],
)
def test_a_provider_that_cannot_be_is_told(shell: Shell, settings: str, said: str) -> None:
    shell.settle(settings)
    ran = shell.run("config", "validate")
    assert ran.code == 3
    assert said in ran.out


def test_a_file_that_is_not_there_is_told(shell: Shell) -> None:
    assert shell.run("config", "validate").code == 4
    ran = shell.run("config", "validate", "absent.toml")
    assert (ran.code, ran.out) == (4, "")
    assert "absent.toml is not there." in ran.err
    (shell.home / "folder").mkdir()
    assert "folder is a folder" in shell.run("config", "validate", "folder").err
    assert "folder is a folder" in shell.run("config", "show", "--config", "folder").err


def test_the_schema_is_printed_or_written(shell: Shell) -> None:
    printed = json.loads(shell.run("config", "schema").out)
    assert "port" in printed["$defs"]["ServerSettings"]["properties"]
    assert shell.run("config", "schema", "-o", "schema.json").out == ""
    assert json.loads((shell.home / "schema.json").read_text()) == printed
