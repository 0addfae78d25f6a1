"""`manymind help-exits`: what the exit codes mean."""

from manymind.cli import exits


def help_exits() -> None:
    """List the exit codes and what they mean."""
    for code, meaning in exits.MEANINGS:
        print(f"{code:>3}  {meaning}")


COMMAND = help_exits
