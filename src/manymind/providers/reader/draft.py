"""What is going to be said: text, and the marks of citations between it."""

from collections.abc import Iterator
from textwrap import dedent
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.parts import Citation
from manymind.providers.reader.evidence import CLAIM, Evidence


class Mark(Struct, frozen=True):
    """`[[1]](url)`, and what it cites; its offsets are known when it is spoken."""

    text: str
    citation: Citation | None


Segment: TypeAlias = str | Mark


class Draft:
    """Grows as it is written. A source keeps its number wherever it is cited again."""

    def __init__(self, *, curly: bool = False) -> None:
        self.segments: list[Segment] = []
        self._numbers: dict[str, int] = {}
        self._curly = curly
        self._columns = ""

    @property
    def sources(self) -> int:
        return len(self._numbers)

    def say(self, text: str) -> None:
        self.segments.append(text)

    def paragraph(self, text: str) -> None:
        self.gap()
        self.segments.append(text)

    def gap(self) -> None:
        """An empty line, unless this is the beginning."""
        if self.segments:
            self.segments.append("\n\n")

    def quote(self, evidence: Evidence, told: str = "") -> None:
        """A quote and its source; before it what it says in short, if that is known. Code of
        several lines stands as it is written."""
        if evidence.is_block:
            self.segments.append(f"```\n{dedent(evidence.raw)}\n```\n")
        elif told:
            self.segments.append(f"{_inert(told)} — “{_inert(evidence.text)}” ")
        elif evidence.columns and evidence.columns != self._columns:
            self._columns = evidence.columns
            self.segments.append(f"“{_inert(evidence.text)}” ({_inert(evidence.columns)}) ")
        else:
            self.segments.append(f"“{_inert(evidence.text)}” ")
        self.cite(evidence)

    def cite(self, evidence: Evidence) -> None:
        found = evidence.found
        if self._curly and CLAIM.fullmatch(found.document_id):
            self.segments.append(Mark(f"{{{{{found.document_id}}}}}", None))
            return
        number = self._numbers.setdefault(found.url, len(self._numbers) + 1)
        citation = Citation(
            url=found.url,
            title=str(number),
            quote=found.text,
            document_id=found.document_id,
            source_start=found.start,
            source_end=found.end,
            verified=True,
        )
        self.segments.append(Mark(f"[[{number}]]({found.url})", citation))


def _inert(quote: str) -> str:
    """A quote cannot carry a citation mark of its own: `]](` in it would be read as ours."""
    return quote.replace("]](", "]] (")


def placed(segments: list[Segment]) -> Iterator[tuple[str, Citation | None]]:
    """The segments in order, each citation with its offsets in code points of the whole text."""
    at = 0
    for segment in segments:
        if isinstance(segment, str):
            at += len(segment)
            yield segment, None
            continue
        start, at = at, at + len(segment.text)
        citation = segment.citation
        if citation is not None:
            citation = replace(citation, start=start, end=at)
        yield segment.text, citation
