"""A tokenizer in a process of its own.

It holds the interpreter while it counts, and for a tenth of a second while its vocabulary is read.
Beside the server it holds up nobody, and its memory is given back with it.
"""

import atexit
import sys
from subprocess import PIPE, Popen, TimeoutExpired
from threading import Lock

SIZE = 8
"""Bytes of a length, and of a count."""

END_SECONDS = 1.0


class Beside:
    """The tokenizer of one vocabulary, started when it is first asked. Threads take turns."""

    def __init__(self, vocabulary: str) -> None:
        self._vocabulary = vocabulary
        self._process: Popen[bytes] | None = None
        self._turn = Lock()

    def count(self, text: str) -> int:
        """The tokens of a text; blocks, but holds up no other thread."""
        said = text.encode()
        with self._turn:
            try:
                return self._ask(said)
            except OSError:  # The machine may have ended it, for want of memory say.
                self._end()
                return self._ask(said)

    def end(self) -> None:
        """The process ends; another takes its place when it is asked again."""
        with self._turn:
            self._end()

    def _ask(self, said: bytes) -> int:
        process = self._process or self._start()
        asking, answering = process.stdin, process.stdout
        if asking is None or answering is None:
            raise RuntimeError("A process that was started with pipes has none.")
        asking.write(len(said).to_bytes(SIZE) + said)
        asking.flush()
        count = answering.read(SIZE)
        if len(count) < SIZE:
            raise BrokenPipeError("The tokenizer's process has ended.")
        return int.from_bytes(count)

    def _start(self) -> Popen[bytes]:
        """Started apart from our terminal: what ends us from there is not for it to answer."""
        command = (sys.executable, "-P", "-m", "manymind.tokens.tokenizer", self._vocabulary)
        process = Popen(command, stdin=PIPE, stdout=PIPE, start_new_session=True)  # noqa: S603 # our own module, and one of two names
        self._process = process
        atexit.register(self.end)
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        atexit.unregister(self.end)
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                continue  # What it had not read yet.
        try:
            process.wait(END_SECONDS)
        except TimeoutExpired:
            process.kill()
            process.wait()
