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


@pytest.mark.parametrize("written", [b"caf\xe9 au lait", "h\u00e9llo".encode("utf-16"), b""])
def test_text_is_counted_however_it_is_written(shell: Shell, written: bytes) -> None:
    (shell.home / "raw").write_bytes(written)
    ran = shell.run("tokens", "raw", "--json")
    assert 0 <= ran.data["rows"][0]["tokens"] < 10


def test_what_is_left_out_of_a_folder_is_told(shell: Shell) -> None:
    folder = shell.home / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("hello world")
    (folder / "raw.bin").write_bytes(b"\0" * 100)
    (folder / "up").symlink_to(shell.home)
    ran = shell.run("tokens", "notes")
    assert (ran.code, ran.out.split()[-2:]) == (0, ["notes/a.md", "2"])
    assert "notes: left out raw.bin (it is not text), and 1 more" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "nothing to count"),
        (["absent.md"], 4, "absent.md cannot be read"),
        (["/dev/zero"], 2, "/dev/zero is not text."),
        (["."], 4, ". holds no text."),
        (["-m", "grok-99", "/dev/null"], 4, "Did you mean x-ai/grok"),
        (["-m", "no/such", "/dev/null"], 4, "manymind models --all lists every name."),
        (["-m", "", "/dev/null"], 4, "manymind models --all lists every name."),
        (["--drift", "--server", "nonsense"], 2, "--server is no http or https address."),
        (["--drift", "--server", "http://127.0.0.1:9"], 6, "Start it with manymind serve"),
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
