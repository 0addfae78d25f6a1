"""From markers to citations: the only way in which a link with a number gets into an answer."""

import re
from collections.abc import Collection
from urllib.parse import quote

from msgspec.structs import replace

from manymind.canon.documents import Found
from manymind.canon.parts import Citation
from manymind.engine.evidence import Evidence
from manymind.engine.marks import MARKER, named
from manymind.engine.sentences import Sentence, doubted
from manymind.engine.speaking import Piece

_RUN = re.compile(rf"(?:{MARKER.pattern}[ \t]*)*{MARKER.pattern}")
_UNSAFE = re.compile(r"[\s()<>\[\]\\\"`{}|^\x00-\x1f\x7f]")


def rendered(text: str, evidence: Evidence, refuted: Collection[str] = ()) -> tuple[Piece, ...]:
    """The text in pieces. N counts sources by first use; a run of markers for one source is one
    link with a citation for each quote. Offsets are code points of the whole.

    A citation is verified if its quote stands in its document, every figure of its sentence
    stands in the evidence that the sentence cites, and its claim is not among the `refuted`.
    """
    numbers: dict[str, int] = {}
    doubts = doubted(text, evidence)
    pieces: list[Piece] = []
    position = start = 0
    for run in _RUN.finditer(text):
        sure = not any(_within(run.start(), sentence) for sentence in doubts)
        links = _links(run[0], evidence, numbers, refuted, sure=sure)
        for piece in (Piece(text[start : run.start()]), *links):
            pieces.append(_placed(piece, position))
            position += len(piece.text)
        start = run.end()
    pieces.append(Piece(text[start:]))
    return tuple(piece for piece in pieces if piece.text)


def safe_url(found: Found) -> str:
    """A document's address in a form that ends where a Markdown link ends."""
    url = found.url or f"document:{found.document_id}"
    return _UNSAFE.sub(lambda sign: quote(sign[0], safe=""), url)


def _within(place: int, sentence: Sentence) -> bool:
    return sentence.start <= place < sentence.end


def _links(
    run: str,
    evidence: Evidence,
    numbers: dict[str, int],
    refuted: Collection[str],
    *,
    sure: bool,
) -> list[Piece]:
    by_url: dict[str, list[tuple[Found, bool]]] = {}
    for name in dict.fromkeys(named(run)):
        claim = evidence.get(name)
        for found in claim.evidence if claim is not None else ():
            verified = sure and name not in refuted
            by_url.setdefault(safe_url(found), []).append((found, verified))
    links: list[Piece] = []
    for url, quotes in by_url.items():
        number = numbers.setdefault(url, len(numbers) + 1)
        citations = tuple(
            _citation(found, url, number, verified=verified) for found, verified in quotes
        )
        links.append(Piece(f"[[{number}]]({url})", citations))
    return links


def _citation(found: Found, url: str, number: int, *, verified: bool) -> Citation:
    return Citation(
        url=url,
        title=str(number),
        quote=found.text,
        document_id=found.document_id,
        source_start=found.start,
        source_end=found.end,
        verified=verified,
    )


def _placed(piece: Piece, start: int) -> Piece:
    end = start + len(piece.text)
    citations = tuple(replace(citation, start=start, end=end) for citation in piece.citations)
    return Piece(piece.text, citations)
