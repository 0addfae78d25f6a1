"""What a file in `commands` exports: a function that typer calls, and how its help ends."""

from collections.abc import Callable

from msgspec import Struct

_AS_IT_STANDS = "\b"
"""Before a paragraph of help: its lines are not to be joined."""


class Command(Struct, frozen=True, kw_only=True):
    """`prints` sketches the object that `--json` prints, where the command has that; `notes` is
    a table that has to stand as it is. `name` may be of two words (`models show`); without one
    the command is called as its file."""

    run: Callable[..., None]
    examples: tuple[str, ...]
    name: str = ""
    prints: str = ""
    notes: str = ""

    @property
    def epilog(self) -> str:
        blocks = [_block("Examples:", self.examples)]
        if self.notes:
            title, *lines = self.notes.strip().splitlines()
            blocks.append(_block(title, lines))
        if self.prints:
            blocks.append(_block("--json prints one object:", self.prints.strip().splitlines()))
        return "\n\n".join(blocks)


def _block(title: str, lines: tuple[str, ...] | list[str]) -> str:
    return "\n".join([_AS_IT_STANDS, title, *(f"  {line}" for line in lines)])
