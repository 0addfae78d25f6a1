"""How `ask` is carried out: heard, shown, interrupted, and brought to its end in any case."""

import os
import signal
import time
from pathlib import Path
from uuid import uuid4

import anyio
import msgspec
from msgspec.structs import replace
from rich.console import Console

from manymind.app.house import open_house
from manymind.canon.answers import Answer, Folding
from manymind.canon.events import LEADER, Chunk, Wrote
from manymind.canon.faults import Fault
from manymind.canon.requests import Request
from manymind.canon.values import Ticks
from manymind.cli import exits, telling
from manymind.cli.display import Display, Lines, Silent
from manymind.cli.live import Lanes
from manymind.cli.question import Question, reads_shelves, requested
from manymind.cli.terminal import Terminal
from manymind.config import Config, CorpusSettings
from manymind.ledger.allotments import Purse
from manymind.policy.keys import Caller

FRAMES_A_SECOND = 8

_OPTIONS = {"max_output_tokens": "--max-output", "agent_count": "--agents"}
"""What advice calls a field of the request, and how it is set here."""


async def ask(question: Question, config: Config, terminal: Terminal) -> int:
    """Ask it; the exit code says how it went."""
    request = requested(question, config)
    if question.files and reads_shelves(question.model, config):
        folders = tuple(str(path) for path in question.files)
        config = replace(config, corpus=CorpusSettings(folders=folders))
    course = _Course(question, terminal)
    await course.run(request, config)
    return course.finish()


def _key() -> str:
    """A name in the ledger, which every question has for itself."""
    return f"ask_{uuid4().hex}"


class _Course:
    """One question from its beginning to its end, however it ends."""

    def __init__(self, question: Question, terminal: Terminal) -> None:
        self._question = question
        self._terminal = terminal
        self._purses: list[Purse] = []
        self._began = time.monotonic()
        self._work = anyio.CancelScope()
        self._signal: int | None = None
        self._error: Exception | None = None
        self._display = _display(question, terminal, self._spent)
        self._listener = _Listener(question, terminal, self._display)

    async def run(self, request: Request, config: Config) -> None:
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._heed_signals)
                group.start_soon(self._tick)
                with self._work:
                    await self._answer(request, config)
                group.cancel_scope.cancel()
        finally:
            self._display.close()

    async def _answer(self, request: Request, config: Config) -> None:
        for path in config.files:
            self._display.tell(f"settings from {path}")
        for path in config.unread:
            self._display.tell(f"{path} lies here, but is not read unless named: --config {path}")
        try:
            async with open_house(config, self._display.tell, self._purses.append) as house:
                await house.gateway.answer(Caller(id="owner"), request, self._hear, key=_key())
        except Exception as error:  # Told at the end, when the screen is ours again.
            self._error = error

    async def _hear(self, chunk: Chunk) -> None:
        """Where nobody reads the answer any more, no more of it is paid for."""
        try:
            self._listener.hear(chunk)
        except OSError as error:
            self._error = error
            self._work.cancel()
            await anyio.lowlevel.checkpoint()

    async def _heed_signals(self) -> None:
        """The first one ends the run in good order, the second at once."""
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for number in signals:
                if self._signal is not None:
                    os._exit(exits.SIGNALLED + number)
                self._signal = number
                self._work.cancel()

    async def _tick(self) -> None:
        while True:
            await anyio.sleep(1 / FRAMES_A_SECOND)
            self._display.tick()

    def _spent(self) -> Ticks:
        return sum(purse.spent for purse in self._purses)

    def finish(self) -> int:
        """Give the answer, as far as there is one, and say how it ended."""
        error, answer = self._error, self._listener.answer()
        if error is not None and not isinstance(error, Fault):
            raise error
        status = answer.status if error is None else "failed"
        if self._signal is not None:
            status, error = "interrupted", None
        self._listener.finish()
        if self._question.output is not None and answer.text:
            _save(self._question.output, answer.text)
        seconds = time.monotonic() - self._began
        if self._question.json:
            said = telling.report(
                answer, status=status, fault=error, seconds=seconds, spent=self._spent()
            )
            self._terminal.write(msgspec.json.encode(said).decode() + "\n")
        begun = answer.model or self._spent() or error is None
        if begun and self._question.look != "quiet":
            self._tell_ending(answer, status, seconds)
        if error is not None:
            self._terminal.tell(f"manymind: {_in_options(error.full)}")
            return exits.of_fault(error)
        if self._signal is not None:
            return exits.SIGNALLED + self._signal
        return exits.of_answer(status, answer.reason)

    def _tell_ending(self, answer: Answer, status: str, seconds: float) -> None:
        sources = telling.sources(answer) if self._terminal.err.isatty() else ()
        for line in ("", *sources, "") if sources else ():
            self._terminal.tell(line)
        how = "done" if status == "completed" else status
        how = how if answer.reason is None else f"{how} ({answer.reason})"
        self._terminal.tell(telling.ending(answer, how, seconds, self._spent()))


class _Listener:
    """Hears the run: shows it, writes the answer's words as they come, keeps the answer."""

    def __init__(self, question: Question, terminal: Terminal, display: Display) -> None:
        self._json = question.json
        self._apart = question.look == "live" and not terminal.out.isatty()
        self._terminal = terminal
        self._display = display
        self._cleaner = terminal.cleaner()
        self._folding = Folding()
        self._last = ""

    def hear(self, chunk: Chunk) -> None:
        self._folding.hear(chunk)
        self._display.hear(chunk)
        for event in chunk.events if not self._json else ():
            if isinstance(event, Wrote) and event.voice == LEADER and event.where == "content":
                self._write(event.text)

    def finish(self) -> None:
        """An answer ends with its line."""
        if self._cleaner is not None:
            self._put(self._cleaner.rest())
        if self._last and not self._last.endswith("\n"):
            self._put("\n")

    def answer(self) -> Answer:
        return self._folding.answer()

    def _write(self, text: str) -> None:
        if not self._last and not self._apart:
            self._display.close()  # Words and lanes would overwrite each other.
            if self._terminal.shared:
                self._put("\n")
        self._put(text if self._cleaner is None else self._cleaner.clean(text))

    def _put(self, text: str) -> None:
        if text:
            self._terminal.write(text)
            self._last = text


def _display(question: Question, terminal: Terminal, spent: telling.Spending) -> Display:
    match question.look:
        case "quiet":
            return Silent()
        case "live":
            limit = "" if question.budget is None else f" · budget ${question.budget}"
            console = Console(file=terminal.err, highlight=False)
            return Lanes(console, f"{question.model}{limit}", spent)
        case _:
            return Lines(terminal)


def _in_options(advice: str) -> str:
    for field, option in _OPTIONS.items():
        advice = advice.replace(field, option)
    return advice


def _save(path: Path, text: str) -> None:
    path.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
