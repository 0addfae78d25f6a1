"""`manymind help-exits`: what the exit codes mean."""

from manymind.cli import exits
from manymind.cli.command import Command


def help_exits() -> None:
    """List the exit codes and what they mean."""
    for code, meaning in exits.MEANINGS:
        print(f"{code:>3}  {meaning}")


COMMAND = Command(
    run=help_exits,
    examples=("manymind help-exits", 'manymind ask "…" --budget 0.10 || echo "left with $?"'),
)
