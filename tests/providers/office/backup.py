"""Keeps copies of the file server. Run every night by the timer."""

KEPT_DAYS = 90
TARGET = "vault.harrow-pell.example"


def prune(copies: list[str], today: int) -> list[str]:
    """Drop the copies that are older than `KEPT_DAYS`, but never the last one."""
    young = [copy for copy in copies if age_of(copy, today) <= KEPT_DAYS]
    return young or copies[-1:]


def age_of(copy: str, today: int) -> int:
    """The age of a copy in days; its name ends with the day it was made."""
    return today - int(copy.rsplit("-", 1)[1])


class Vault:
    """The machine that the copies go to. It takes one connection at a time."""

    def push(self, path: str) -> None:
        """Send one file. Raises `Busy` when somebody else is connected."""
