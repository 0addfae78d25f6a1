"""Where a command's words go: data to `out`, everything for the person to `err`."""

import sys
from collections.abc import Mapping
from typing import TextIO

from msgspec import Struct

from manymind.cli.harmless import Cleaner, harmless


class Terminal(Struct, frozen=True, kw_only=True):
    """`drawable` says that a person watches `err` and that lines on it can be drawn again."""

    out: TextIO
    err: TextIO
    drawable: bool = False

    @property
    def shared(self) -> bool:
        """Whether the answer and what is told of it come out in one place."""
        return self.drawable and self.out.isatty()

    def tell(self, line: str) -> None:
        print(line, file=self.err, flush=True)

    def write(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()

    def shown(self, text: str) -> str:
        """On a terminal a model's text must not steer it; elsewhere it passes as it is."""
        return harmless(text) if self.out.isatty() else text

    def cleaner(self) -> Cleaner | None:
        return Cleaner() if self.out.isatty() else None


def here(environment: Mapping[str, str]) -> Terminal:
    """The process's own streams."""
    dumb = environment.get("TERM") in (None, "", "dumb") or bool(environment.get("CI"))
    return Terminal(out=sys.stdout, err=sys.stderr, drawable=sys.stderr.isatty() and not dumb)
