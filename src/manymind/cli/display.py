"""What a person sees of a run while it goes on. All of it goes to stderr; the answer does not."""

import re
import sys
import time
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text as RichText

from manymind.canon.events import (
    LEADER,
    Began,
    Chunk,
    Ended,
    Happened,
    Noted,
    Opened,
    Spent,
    Stopped,
    Wrote,
)
from manymind.canon.items import Called, Hosted, Thought
from manymind.canon.usage import Usage
from manymind.catalog.money import dollars

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")


def harmless(text: str) -> str:
    """Text of a model without what could steer a terminal."""
    return _CONTROLS.sub("", text)


def money(usage: Usage | None) -> str:
    if usage is None or usage.cost is None:
        return "tokens only"
    return f"${dollars(usage.cost)}"


class Display(Protocol):
    def hear(self, chunk: Chunk) -> None: ...

    def close(self) -> None: ...


class Silent:
    """For `--quiet`."""

    def hear(self, chunk: Chunk) -> None:
        pass

    def close(self) -> None:
        pass


class Lane:
    """One voice: what it does now, and what it has used."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = "starting"
        self.usage: Usage | None = None
        self.calls = 0
        self.started = time.monotonic()
        self.over = False

    def hear(self, event: Happened) -> str | None:
        """Takes an event in; a line about it if it changes what the voice does."""
        before = self.state
        match event:
            case Began():
                self.state = f"thinking ({event.model})"
            case Opened():
                self._open(event)
            case Wrote() if event.where == "content" and not self.state.startswith("thinking"):
                self.state = "writing"
            case Noted():
                return self._note(event)
            case Spent():
                self.usage = event.usage
            case Ended():
                self.over = True
                self.state = "done" if event.status == "completed" else f"{event.status}"
                self.state += f": {event.reason}" if event.reason else ""
            case Stopped() | _:
                pass
        return self.state if self.state != before else None

    def _open(self, event: Opened) -> None:
        match event.value:
            case Called():
                self.calls += 1
                self.state = f"calls {event.value.name}"
            case Hosted():
                self.calls += 1
                self.state = f"uses {event.value.tool}"
            case Thought():
                self.state = "thinking"
            case _:
                self.state = "writing"

    def _note(self, event: Noted) -> str:
        facts = [f"{name} {value}" for name, value in event.data.items() if _short(value)]
        return harmless(f"{event.what}  {', '.join(facts)}"[:160])


class Lines:
    """One plain line a change of state: for pipes, files and dumb terminals."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._lanes: dict[str, Lane] = {}

    def hear(self, chunk: Chunk) -> None:
        for event in chunk.events:
            lane = self._lanes.setdefault(event.voice, Lane(event.voice))
            line = lane.hear(event)
            if line is not None and not (lane.name == LEADER and line == "writing"):
                print(f"{lane.name}: {line}", file=self._out, flush=True)

    def close(self) -> None:
        pass


class Lanes:
    """The team live: a row a voice, redrawn in place."""

    def __init__(self, console: Console, heading: str) -> None:
        self._heading = heading
        self._lanes: dict[str, Lane] = {}
        self._started = time.monotonic()
        self._live = Live(console=console, refresh_per_second=8, transient=True)
        self._live.start()

    def hear(self, chunk: Chunk) -> None:
        for event in chunk.events:
            self._lanes.setdefault(event.voice, Lane(event.voice)).hear(event)
        self._live.update(self._draw())

    def close(self) -> None:
        self._live.stop()

    def _draw(self) -> RichText:
        now = time.monotonic()
        drawn = RichText(f"{self._heading}  {_clock(now - self._started)}\n", style="bold")
        for lane in self._lanes.values():
            drawn.append(_row(lane, now) + "\n", style="dim" if lane.over else "")
        return drawn


def _row(lane: Lane, now: float) -> str:
    mark = "◆" if lane.name == LEADER else "✓" if lane.over else "●"
    usage = lane.usage
    tokens = usage.input_tokens + usage.output_tokens if usage is not None else 0
    said = harmless(lane.state)[:40]
    seconds = "" if lane.over else _clock(now - lane.started)
    return (
        f" {mark} {lane.name:<10} {said:<40} {tokens:>9,} tok  {money(usage):>12}"
        f"  {lane.calls:>3} calls  {seconds}"
    )


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"


def _short(value: object) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) <= 60)
