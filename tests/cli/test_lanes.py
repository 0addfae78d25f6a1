"""The lanes of a team, drawn on a screen of any size, by a clock that is wound by hand."""

import io

import pytest
from rich.console import Console

from manymind.canon.events import (
    LEADER,
    Began,
    Chunk,
    Ended,
    Happened,
    Noted,
    Opened,
    Spent,
    Wrote,
    spoken,
)
from manymind.canon.items import Called, Said
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.cli.display import Lines
from manymind.cli.lanes import Board, fact
from manymind.cli.live import Lanes
from manymind.cli.terminal import Terminal


class Stage:
    """Lanes on a screen, and the hands on its clock and its till."""

    def __init__(self, columns: int = 80, rows: int = 24, heading: str = "the team") -> None:
        self.file = io.StringIO()
        self.now = 0.0
        self.spent = 0
        console = Console(file=self.file, force_terminal=True, width=columns, height=rows)
        self.lanes = Lanes(console, heading, lambda: self.spent, lambda: self.now)

    def frame(self) -> list[str]:
        """What is drawn at the next tick, line by line; nothing if nothing has changed."""
        self.file.seek(0)
        self.file.truncate()
        self.lanes.tick()
        text = self.file.getvalue()
        for escape in ("\x1b[2K", "\x1b[1A", "\x1b[1m", "\x1b[2m", "\x1b[0m", "\r"):
            text = text.replace(escape, "")
        assert "\x1b" not in text
        return [line.rstrip() for line in text.split("\n")] if text.strip() else []


def began(voice: str, model: str = "manymind/reader") -> Chunk:
    return spoken(Began(voice=voice, id=voice, model=model))


def noted(voice: str, what: str, **data: object) -> Chunk:
    return spoken(Noted(voice=voice, what=what, data=data))


def a_team(stage: Stage, agents: int = 15) -> None:
    stage.lanes.hear(began(LEADER, "manymind/multi-agent"))
    for number in range(1, agents + 1):
        stage.lanes.hear(began(f"agent-{number}"))


def test_time_and_money_tick() -> None:
    stage = Stage()
    a_team(stage, 1)
    stage.now, stage.spent = 65.0, 123_000_000
    head, leader, agent = stage.frame()
    assert head.split() == ["the", "team", "$0.0123", "1:05"]
    assert leader.split() == ["◆", "leader", "begins", "on", "manymind/multi-agent", "1:05"]
    assert agent.split() == ["●", "agent-1", "begins", "on", "manymind/reader", "1:05"]


def test_the_screen_stands_still_while_nothing_happens() -> None:
    stage = Stage()
    a_team(stage)
    assert stage.frame()
    stage.now = 0.9
    assert stage.frame() == []
    stage.now = 1.0
    assert stage.frame()


@pytest.mark.parametrize(("columns", "rows"), [(200, 50), (80, 24), (72, 18), (40, 10), (20, 4)])
def test_a_frame_fits_its_screen(columns: int, rows: int) -> None:
    stage = Stage(columns, rows, heading="a heading that is much longer than its screen is wide")
    a_team(stage)
    for number in range(1, 16):
        wide = "漢字" * 40
        stage.lanes.hear(noted(f"agent-{number}", "search", query=wide, sources=[], asked_by="x"))
    frame = stage.frame()
    assert len(frame) < rows
    assert all(Console().measure(line).maximum < columns for line in frame)


def test_who_still_works_is_shown_before_who_is_done() -> None:
    stage = Stage(80, 10)
    a_team(stage)
    for number in range(1, 13):
        stage.lanes.hear(spoken(Ended(voice=f"agent-{number}")))
    frame = stage.frame()
    shown = [line.split()[1] for line in frame[1:-1]]
    assert shown[0] == "leader"
    assert {"agent-13", "agent-14", "agent-15"} <= set(shown)
    assert frame[-1] == " … 10 more (10 done)"


def test_a_lane_that_ended_keeps_its_time_its_use_and_its_outcome() -> None:
    stage = Stage()
    a_team(stage, 2)
    stage.now = 9.0
    usage = Usage(input_tokens=21_000, output_tokens=500, cost=121_000_000)
    stage.lanes.hear(noted("agent-1", "claim", document_id="a.md"))
    stage.lanes.hear(spoken(Spent(voice="agent-1", usage=usage), Ended(voice="agent-1")))
    stage.lanes.hear(spoken(Ended(voice="agent-2", status="incomplete", reason="deadline")))
    stage.now = 30.0
    _, _, done, cut = stage.frame()
    assert " ".join(done.split()) == "✓ agent-1 done, 1 quote 21,500 tok $0.0121 0:09"
    assert " ".join(cut.split()) == "✕ agent-2 incomplete (deadline) 0:09"


def test_words_of_a_model_are_neither_markup_nor_commands() -> None:
    stage = Stage()
    stage.lanes.hear(began("agent-1", "[bold red]x[/]\x1b[2J"))
    assert "[bold red]x[/]" in stage.frame()[1]


def test_of_a_single_voice_nothing_stays_on_the_screen() -> None:
    stage = Stage()
    stage.lanes.hear(began(LEADER))
    stage.lanes.close()
    assert stage.file.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K\x1b[1A\x1b[2K")


def test_after_the_end_nothing_more_is_drawn() -> None:
    stage = Stage()
    a_team(stage)
    stage.lanes.close()
    stage.lanes.close()
    stage.now = 99.0
    stage.lanes.hear(began("agent-99"))
    assert stage.frame() == []


@pytest.mark.parametrize(
    ("what", "data", "said"),
    [
        ("search", {"query": "high tower"}, "searches “high tower”"),
        ("claim", {"document_id": "a.md", "start": 1}, "quotes a.md"),
        ("spawned", {"agents_used": 4, "agents_allowed": 16}, "4 agents of at most 16: ?"),
        ("dropped", {"parameters": ["logprobs", "n"]}, "does without logprobs, n"),
        ("search", {}, "searches “?”"),
        ("search", {"query": {"nested": ["x"]}}, "searches “?”"),
        ("search", {"query": "{asked_by.__class__}"}, "searches “{asked_by.__class__}”"),
        ("brief", {"objective": None}, "is asked: ?"),
        ("something_new", {"of": "tomorrow"}, "something new"),
        ("budget", {"spent": 0}, ""),
    ],
)
def test_a_fact_is_told_in_words(what: str, data: Json, said: str) -> None:
    assert fact(Noted(what=what, data=data)) == said


def test_a_brief_is_the_agents_and_not_the_leaders() -> None:
    board = Board()
    chunk = noted(LEADER, "brief", agent="agent-1", objective="Find the height.")
    assert [change.voice for change in board.hear(chunk, 0.0)] == ["agent-1"]


def test_what_changes_nothing_is_not_told_twice() -> None:
    called = Opened(voice="agent-1", item="1", value=Called(call_id="c", name="search"))
    board = Board()
    assert len(board.hear(spoken(called), 0.0)) == 1
    assert board.hear(spoken(called), 0.0) == ()


def lines(*events: Happened) -> list[str]:
    err = io.StringIO()
    display = Lines(Terminal(out=io.StringIO(), err=err))
    for event in events:
        display.hear(spoken(event))
    return err.getvalue().splitlines()


def test_plain_lines_leave_out_what_the_answer_itself_shows() -> None:
    assert lines(
        Began(id="1", model="m"),
        Opened(item="1", value=Said(role="assistant")),
        Wrote(item="1", text="The tower"),
        Ended(),
    ) == ["leader: begins on m"]


def test_a_plain_line_is_one_line_whatever_a_model_says() -> None:
    told = lines(Noted(voice="agent-1", what="search", data={"query": "a\nb\x1b]0;t\x07 c " * 99}))
    assert len(told) == 1
    assert told[0].startswith("agent-1: searches “a b c")
    assert len(told[0]) < 200
