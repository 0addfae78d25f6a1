"""`manymind tokens` counts texts, and tells how well the server counts."""

import pytest

from tests.cli.shell import Shell


def test_files_and_models_make_a_table(shell: Shell) -> None:
    (shell.home / "a.md").write_text("hello world")
    (shell.home / "b.md").write_text("hello world\n" * 10)
    asked = ("tokens", "a.md", "b.md", "-m", "openai/gpt-5", "-m", "x-ai/grok-4")
    lines = shell.run(*asked).out.splitlines()
    assert lines[0].split() == ["file", "openai/gpt-5", "x-ai/grok-4"]
    assert lines[1].split() == ["a.md", "2", "~3"]
    assert lines[3].split()[:2] == ["all", "32"]
    rows = shell.run(*asked, "--json").data["rows"]
    assert [(row["file"], row["basis"]) for row in rows[:2]] == [
        ("a.md", "exact"),
        ("a.md", "estimate"),
    ]


def test_what_cannot_be_read_as_text_is_counted_all_the_same(shell: Shell) -> None:
    (shell.home / "raw").write_bytes(b"\xff\xfe\x00<|endoftext|>")
    assert shell.run("tokens", "raw", "--json").data["rows"][0]["tokens"] > 7


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "nothing to count"),
        (["absent.md"], 4, "absent.md cannot be read"),
        (["-m", "grok-99", "/dev/null"], 4, "Did you mean x-ai/grok"),
        (["--drift", "--server", "http://127.0.0.1:9"], 6, "127.0.0.1"),
    ],
)
def test_a_mistake_takes_one_line(shell: Shell, arguments: list[str], code: int, said: str) -> None:
    ran = shell.run("tokens", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (code, "", 1)
    assert said in ran.err


def test_another_kind_of_server_is_none_of_ours(shell: Shell, simulated: str) -> None:
    ran = shell.run("tokens", "--drift", "--server", simulated)
    assert (ran.code, ran.out) == (6, "")
    assert "does not answer as a Manymind server would" in ran.err
