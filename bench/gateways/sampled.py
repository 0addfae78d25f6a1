"""Runs a Python program, and says afterwards where its processor time went.

    python -m bench.gateways.sampled OUTCOME PROGRAM [ARGUMENT ...]

Each SIGUSR1 opens a section; all are written to OUTCOME at the end. A timer of processor time
raises a signal, and its handler looks at the stack. Python calls a handler between two of its own
steps, so that compiled code is found at work only when it comes back: what a function called counts
as its own, and a sample at the first step of what the event loop called belongs to the loop.
"""

import runpy
import signal
import sys
from collections import Counter
from dis import opmap
from pathlib import Path
from types import FrameType

import msgspec

EVERY_SECONDS = 0.001
LOOP, LIBRARIES = "loop", "libraries"
OWN = "/manymind/"
_DOOR = "cli"
"""Whoever started the loop stands below every stack, and has done none of the work."""


class Place(msgspec.Struct, frozen=True):
    """A function of the program, in one of its rooms. What is none has a room alone."""

    room: str
    function: str = ""


class Spot(msgspec.Struct, frozen=True):
    """How often a place was found at work."""

    place: Place
    samples: int


class Sampler:
    """Counts places, section by section."""

    def __init__(self) -> None:
        self.sections: list[Counter[Place]] = []

    def open(self, number: int, frame: FrameType | None) -> None:
        self.sections.append(Counter())
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def look(self, number: int, frame: FrameType | None) -> None:
        if frame is not None and self.sections:
            self.sections[-1][found(frame)] += 1

    def told(self) -> bytes:
        return msgspec.json.encode(
            [
                [Spot(place, samples) for place, samples in section.most_common()]
                for section in self.sections
            ]
        )


def found(frame: FrameType) -> Place:
    """The innermost function of the program itself: what it calls, it answers for."""
    caller = frame.f_back
    fresh = frame.f_code.co_code[frame.f_lasti] == opmap["RESUME"]
    if fresh and caller is not None and caller.f_code.co_name in ("run", "run_until_complete"):
        return Place(LOOP)
    inner: FrameType | None = frame
    while inner is not None:
        code = inner.f_code
        _, own, rest = code.co_filename.rpartition(OWN)
        if own:
            room = rest.removesuffix(".py").split("/")
            if room[0] == _DOOR:
                break
            return Place(room[0], f"{'/'.join(room)}: {code.co_qualname}")
        inner = inner.f_back
    return Place(LIBRARIES)


def main(outcome: str, program: str, *arguments: str) -> None:
    sampler = Sampler()
    signal.signal(signal.SIGPROF, sampler.look)
    signal.signal(signal.SIGUSR1, sampler.open)
    sys.argv = [program, *arguments]
    try:
        runpy.run_path(program, run_name="__main__")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        Path(outcome).write_bytes(sampler.told())


if __name__ == "__main__":
    main(*sys.argv[1:])
