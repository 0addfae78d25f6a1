"""A run drawn live: a heading with time and money, and a lane for each voice."""

import time
from collections.abc import Callable

from rich.console import Console, Group
from rich.constrain import Constrain
from rich.live import Live
from rich.table import Table
from rich.text import Text

from manymind.canon.events import LEADER, Chunk
from manymind.cli.lanes import Board, Lane
from manymind.cli.telling import Spending, clock, cost

MARGIN = 3
"""Columns left free at the right. The terminal echoes ^C there; in the last column it would begin
a new line and push the frame out of its place."""

WIDE = 72
"""Columns from which on tokens and cost of each lane find room beside its words."""


class Lanes:
    """The frame is drawn again on a tick, and only if it differs, so that it stands still when
    nothing happens. `spent` gives the cost so far, which agents tell only when they end."""

    def __init__(
        self,
        console: Console,
        heading: str,
        spent: Spending,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._heading = heading
        self._spent = spent
        self._now = now
        self._began = now()
        self._told = ""
        self._board = Board()
        self._console = console
        self._drawn: object = None
        self._live = Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._live.start()
        self.tick()

    def tell(self, line: str) -> None:
        self._told = line

    def hear(self, chunk: Chunk) -> None:
        self._board.hear(chunk, self._now())

    def tick(self) -> None:
        facts = self._facts()
        if self._live.is_started and facts != self._drawn:
            self._drawn = facts
            self._live.update(self._frame(), refresh=True)

    def close(self) -> None:
        """Nothing stays of a single voice; of a team, what became of each."""
        if not self._live.is_started:
            return
        team = len(self._board.lanes) > 1
        self._live.transient = not team
        self._live.update(self._frame(), refresh=team)
        self._live.stop()

    def _facts(self) -> object:
        """All that a frame depends on; the clock counts by the second."""
        now = self._now()
        lanes = [
            (lane.name, lane.doing, lane.tokens, int(self._seconds(lane, now)))
            for lane in self._board.lanes
        ]
        return (self._console.size, int(now - self._began), self._spent(), self._told, lanes)

    def _frame(self) -> Constrain:
        now = self._now()
        size = self._console.size
        shown, hidden = _chosen(self._board.lanes, size.height - 3)
        frame: list[Table | Text] = [self._head(now)]
        if not self._board.lanes and self._told:
            frame.append(_plain(f" {self._told}", "dim"))
        frame.append(self._table(shown, size.width, now))
        if hidden:
            frame.append(_plain(f" … {_counted(hidden)}", "dim"))
        return Constrain(Group(*frame), size.width - MARGIN)

    def _head(self, now: float) -> Table:
        head = Table.grid(expand=True, padding=(0, 1))
        head.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        head.add_column(no_wrap=True, justify="right")
        right = f"{cost(self._spent())}  {clock(now - self._began)}"
        head.add_row(_plain(self._heading, "bold"), _plain(right, "bold"))
        return head

    def _table(self, lanes: tuple[Lane, ...], width: int, now: float) -> Table:
        wide = width >= WIDE
        table = Table.grid(expand=True, padding=(0, 1))
        table.add_column(no_wrap=True, width=1)
        table.add_column(no_wrap=True, max_width=16, overflow="ellipsis")
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        if wide:
            table.add_column(no_wrap=True, justify="right")
            table.add_column(no_wrap=True, justify="right")
        table.add_column(no_wrap=True, justify="right")
        for lane in lanes:
            style = "" if lane.ended is None else "dim"
            tokens = f"{lane.tokens:,} tok" if lane.tokens else ""
            used = "" if lane.usage.cost is None else cost(lane.usage.cost)
            cells = [_mark(lane), lane.name, lane.doing, *([tokens, used] if wide else [])]
            cells.append(clock(self._seconds(lane, now)))
            table.add_row(*(_plain(cell, style) for cell in cells))
        return table

    def _seconds(self, lane: Lane, now: float) -> float:
        return (now if lane.ended is None else lane.ended) - lane.began


def _chosen(lanes: tuple[Lane, ...], room: int) -> tuple[tuple[Lane, ...], tuple[Lane, ...]]:
    """The lanes that find room, and the rest: the leader first, then whoever still works."""
    if len(lanes) <= max(1, room):
        return lanes, ()
    ranked = sorted(lanes, key=lambda lane: (lane.name != LEADER, lane.ended is not None))
    kept = ranked[: max(1, room - 1)]
    return (
        tuple(lane for lane in lanes if lane in kept),
        tuple(lane for lane in lanes if lane not in kept),
    )


def _counted(lanes: tuple[Lane, ...]) -> str:
    done = sum(lane.ended is not None for lane in lanes)
    states = [(done, "done"), (len(lanes) - done, "working")]
    return f"{len(lanes)} more ({', '.join(f'{n} {state}' for n, state in states if n)})"


def _mark(lane: Lane) -> str:
    if lane.name == LEADER:
        return "◆"
    return {"": "●", "completed": "✓"}.get(lane.outcome, "✕")


def _plain(text: str, style: str) -> Text:
    """Never markup: the words are a model's."""
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
