"""On a real terminal: lanes while the team works, and nothing that could steer the screen."""

import re
from pathlib import Path

import pytest

from tests.cli.shell import CORPUS, Shell

HEIGHT = "How high is the tower?"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
CURSOR_UP = "\x1b[1A"


def words(written: str) -> str:
    return ESCAPES.sub("", written).replace("\r", "")


def test_lanes_are_drawn_and_the_answer_comes_after_them(shell: Shell) -> None:
    screen = shell.watch("ask", HEIGHT, "-f", str(CORPUS))
    assert screen.code == 0
    assert CURSOR_UP in screen.written
    last = words(screen.written).rpartition("manymind/multi-agent")[2]
    assert re.search(r"^✓ agent-1 +done", last, re.MULTILINE)
    answer = last.index("36.7 metres")
    assert last.index("agent-1") < answer < last.rindex("[1] ") < last.index("quotes verified")


def test_sources_are_listed_with_their_quotes(shell: Shell) -> None:
    told = words(shell.watch("ask", HEIGHT, "-f", str(CORPUS), columns=120).written)
    assert re.search(r"\n\[\d\] tower-survey-2021\.md\n    “The tower is 36\.7 metres high", told)


def test_data_in_a_pipe_stays_free_of_escapes_while_lanes_are_drawn(shell: Shell) -> None:
    screen = shell.watch("ask", HEIGHT, "-f", str(CORPUS), piped=True)
    assert "36.7 metres" in screen.out
    assert "\x1b" not in screen.out
    assert "agent-1" in screen.written
    assert "36.7 metres high from the rock to the vane.” [[1]]" not in screen.written


@pytest.mark.parametrize(("name", "value"), [("TERM", "dumb"), ("TERM", ""), ("CI", "true")])
def test_a_terminal_that_cannot_draw_gets_plain_lines(
    tmp_path: Path, name: str, value: str
) -> None:
    screen = Shell(tmp_path, **{name: value}).watch("ask", HEIGHT, "-f", str(CORPUS))
    assert "\x1b" not in screen.written
    assert "agent-1: begins on manymind/reader" in words(screen.written)


def test_plain_lines_can_be_asked_for(shell: Shell) -> None:
    screen = shell.watch("ask", HEIGHT, "-f", str(CORPUS), "--plain")
    assert "\x1b" not in screen.written


def test_no_color_means_none(shell: Shell) -> None:
    screen = shell.watch("ask", HEIGHT, "-f", str(CORPUS), color=False)
    assert re.search(r"\x1b\[[0-9;]*[34][0-9]", screen.written) is None


def test_a_model_cannot_steer_the_terminal(wired: Shell) -> None:
    evil = "a\x1b]0;owned\x07b \x1b[2Jc \x9b31md \x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\ e\x08f"
    screen = wired.watch("ask", evil, "-m", "vllm/sim-echo;chunk=1")
    assert "ab c d link ef" in words(screen.written)
    for trace in ("owned", "\x1b[2J", "\x9b", "evil", "\x08"):
        assert trace not in screen.written


def test_in_a_pipe_the_answer_is_as_the_model_gave_it(wired: Shell) -> None:
    assert wired.run("ask", "a \x1b[1mb", "-m", "vllm/sim-echo").out == "a \x1b[1mb\n"


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 12)])
def test_sixteen_agents_fit_any_screen(shell: Shell, columns: int, rows: int) -> None:
    screen = shell.watch(
        "ask", HEIGHT, "-f", str(CORPUS), "--agents", "16", columns=columns, rows=rows
    )
    assert screen.code == 0
    drawn = words(screen.written).partition("\n\n")[0]
    for frame in drawn.split("manymind/multi-")[1:]:
        assert frame.count("\n") < rows
        assert all(len(line) < columns for line in frame.split("\n"))


def test_ctrl_c_leaves_the_terminal_as_it_was(wired: Shell) -> None:
    settings = '[team]\nleader = "vllm/sim-researcher;latency=1"\n'
    wired.settle(settings)
    screen = wired.watch("ask", HEIGHT, "-f", str(CORPUS), interrupt_at=b"agent-1")
    assert screen.code == 130
    hidden, shown = screen.written.rfind("\x1b[?25l"), screen.written.rfind("\x1b[?25h")
    assert 0 <= hidden < shown
    assert "interrupted in " in screen.written
