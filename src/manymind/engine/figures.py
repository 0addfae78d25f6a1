"""The figures of a text, and whether they stand in another one.

This reads digits. A number that is spelled out in words is a word to it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

_FIGURES = re.compile(r"\d+(?:[.,'’ \u2009\u202f]\d+)*")
_GROUPED = re.compile(r"(?<=\d)[,'’ \u2009\u202f](?=\d{3}(?!\d))")
_SPACES = re.compile(r"['’ \u2009\u202f]")


def stands(statement: str, *proofs: str) -> bool:
    """Whether every number of the statement stands in a proof, however thousands are parted."""
    return not strangers(statement, proofs)


def strangers(statement: str, proofs: Iterable[str]) -> tuple[str, ...]:
    """The numbers of the statement that stand in no proof, as they are written there."""
    known = {reading for proof in proofs for reading in _readings(proof)}
    return tuple(
        run
        for run in dict.fromkeys(runs(statement))
        if whole(run) not in known and not all(part in known for part in _apart(run))
    )


def runs(text: str) -> list[str]:
    """The numbers of a text, in order."""
    return _FIGURES.findall(unicodedata.normalize("NFKC", text))


def whole(run: str) -> str:
    """`1 234` as one number."""
    return _GROUPED.sub("", run).replace(",", ".")


def _readings(proof: str) -> Iterator[str]:
    """Each number of a proof in every way in which it may be read. In a row of values that are
    parted by commas a comma parts numbers, too."""
    text = unicodedata.normalize("NFKC", proof)
    for found in _FIGURES.finditer(text):
        run = found[0]
        yield whole(run)
        yield from _apart(run)
        before, after = (
            text[max(0, found.start() - 1) : found.start()],
            text[found.end() : found.end() + 2],
        )
        if before == "," or (after[:1] == "," and after[1:].strip()):
            yield from run.split(",")


def _apart(run: str) -> tuple[str, ...]:
    """`1 234` as two numbers that stand side by side."""
    return tuple(whole(part) for part in _SPACES.split(run))
