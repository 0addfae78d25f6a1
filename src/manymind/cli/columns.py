"""Columns of a plain table."""

from collections.abc import Sequence


def print_columns(table: Sequence[tuple[str, ...]], *, left: int) -> None:
    """The first `left` columns begin at their left edge, the others end at their right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        padded = [
            f"{cell:<{width}}" if number < left else f"{cell:>{width}}"
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        print("  ".join(padded).rstrip())
