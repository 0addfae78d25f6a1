"""How `manymind cost` shows its rows to a person."""

from manymind.catalog.money import dollars
from manymind.cli.columns import print_columns
from manymind.cli.pricing import Row

_HEADINGS = ("model", "at", "in", "cached", "out", "window", "price", "cost")


def print_table(found: list[Row]) -> None:
    """One line a row; further columns stand there only where they say something."""
    named = any(row.file is not None for row in found)
    many = any(row.calls > 1 for row in found)
    headings = (*_HEADINGS, *(("calls", "total") if many else ()))
    table = [
        (*(("file",) if named else ()), *headings),
        *((*((row.file or "",) if named else ()), *_cells(row, many)) for row in found),
    ]
    print_columns(table, left=3 if named else 2)
    if named:
        _print_sums(found)
    if any(row.bound == "estimate" for row in found):
        print("~ is an estimate, about the most that it can be.")
    for reason in dict.fromkeys(row.missing for row in found if row.missing is not None):
        print(reason)


def _cells(row: Row, many: bool) -> tuple[str, ...]:
    calls = (f"{row.calls:,}", _money(row.total)) if many else ()
    return (
        row.model,
        row.provider,
        f"{'~' if row.bound == 'estimate' else ''}{row.input_tokens:,}",
        f"{row.cached_tokens:,}",
        f"{row.output_tokens:,}",
        _window(row),
        _price(row),
        _money(row.cost),
        *calls,
    )


def _print_sums(found: list[Row]) -> None:
    """What all files cost together, model by model."""
    for model in dict.fromkeys(row.model for row in found):
        totals = [row.total for row in found if row.model == model]
        known = [total for total in totals if total is not None]
        if len(known) == len(totals):
            print(f"{model}: {_money(sum(known))} for {len(totals):,} files")


def _window(row: Row) -> str:
    if row.context is None:
        return "?"
    if not row.fits:
        return "too long"
    return f"{100 * (row.input_tokens + row.output_tokens) // max(1, row.context)}%"


def _price(row: Row) -> str:
    """Dollars for a million tokens in and out, in the tier that the call lands in."""
    if row.price is None:
        return "?"
    return f"${dollars(row.price.input)}/{dollars(row.price.output)}"


def _money(amount: int | None) -> str:
    return "?" if amount is None else f"${dollars(amount)}"
