"""From markers to citations: the only way in which a link with a number gets into an answer."""

import re
from collections.abc import Callable
from urllib.parse import quote

from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.items import Said
from manymind.canon.parts import Citation, Text
from manymind.engine.evidence import Claim, Evidence, stands
from manymind.engine.speaking import Piece

MARKER = re.compile(r"\{\{\s*(E\d+(?:\s*[,;]?\s*E\d+)*)\s*\}\}")

_NAME = re.compile(r"E\d+")
_BRACKETED = re.compile(r"(?<!\[)\[\s*(E\d+(?:\s*[,;]\s*E\d+)*)\s*\](?![\](])|【\s*(E\d+)\s*】")
_TORN = re.compile(r"\{\{\s*+E\d++[\dE,; ]*+(?!\}\})\}?|\{\{\s*E?\}?$")
_FORGED = re.compile(r"\[\[\s*\d+\s*\]\](?:\((?:[^()\n]|\([^()\n]*\))*\)?)?|\[\d+\]\([^()\s]*\)")
_RUN = re.compile(rf"(?:{MARKER.pattern}[ \t]*)*{MARKER.pattern}")
_OWN_MARK = re.compile(r"\s*\[\[?\d+\]?\](?:\([^\n]*\))?\s*")
_SENTENCE_END = re.compile(r"(?<=[.!?。])\s+|\n")
_LISTED = re.compile(r"^\s*\d+[.)]\s")
_UNSAFE = re.compile(r"[\s()<>\[\]\\\"`{}|^\x00-\x1f\x7f]")


def marked(answer: Answer, evidence: Evidence) -> str:
    """The leader's words; where it cites a claim in its dialect's own way, with our marker."""
    return "".join(
        _part_marked(part, evidence)
        for output in answer.outputs
        if output.choice == 0 and isinstance(output.item, Said)
        for part in output.item.parts
        if isinstance(part, Text)
    )


def scrubbed(text: str, evidence: Evidence) -> str:
    """Without markers of unknown claims, and without links that look like ours; what remains
    when those are gone is looked at again."""
    while True:
        clean = _FORGED.sub("", _BRACKETED.sub(_as_marker(evidence), text))
        clean = _TORN.sub("", MARKER.sub(_known(evidence), clean))
        if clean == text:
            return clean
        text = clean


def disarmed(text: str) -> str:
    """Words of a document, or of an agent, without what would pass for a marker of the leader's:
    a document could put another one's evidence behind its own claims."""
    return MARKER.sub("", _BRACKETED.sub("", text))


def named(text: str) -> tuple[str, ...]:
    """The claims that a text names, in order."""
    return tuple(name for marker in MARKER.finditer(text) for name in _NAME.findall(marker[1]))


def rendered(text: str, evidence: Evidence) -> tuple[Piece, ...]:
    """The text in pieces. N counts sources by first use; a run of markers for one source is one
    link with a citation for each claim. Offsets are code points of the whole."""
    numbers: dict[str, int] = {}
    pieces: list[Piece] = []
    position = start = 0
    for run in _RUN.finditer(text):
        for piece in (Piece(text[start : run.start()]), *_links(run[0], evidence, numbers)):
            pieces.append(_placed(piece, position))
            position += len(piece.text)
        start = run.end()
    pieces.append(Piece(text[start:]))
    return tuple(piece for piece in pieces if piece.text)


def unproved(text: str, evidence: Evidence) -> int:
    """How many sentences cite evidence for a figure that does not stand in it. They may be sums,
    so they stay; but they are counted."""
    count = 0
    for sentence in _SENTENCE_END.split(text):
        claims = [claim for name in named(sentence) if (claim := evidence.get(name))]
        quotes = "\n".join(claim.found.text for claim in claims)
        plain = _LISTED.sub("", MARKER.sub("", sentence))
        count += bool(claims) and not stands(plain, quotes)
    return count


def safe_url(claim: Claim) -> str:
    """The claim's address in a form that ends where a Markdown link ends."""
    url = claim.found.url or f"document:{claim.found.document_id}"
    return _UNSAFE.sub(lambda found: quote(found[0], safe=""), url)


def _part_marked(part: Text, evidence: Evidence) -> str:
    text = part.text
    ours = [cited for cited in part.citations if evidence.get(cited.document_id or "")]
    for cited in sorted(ours, key=lambda cited: -cited.end):
        marker = f"{{{{{cited.document_id}}}}}"
        if not 0 <= cited.start < cited.end <= len(text):
            text = text.rstrip() + marker
        elif _OWN_MARK.fullmatch(text[cited.start : cited.end]):
            text = text[: cited.start] + marker + text[cited.end :]
        else:
            text = text[: cited.end] + marker + text[cited.end :]
    return text


def _as_marker(evidence: Evidence) -> Callable[[re.Match[str]], str]:
    def replaced(found: re.Match[str]) -> str:
        names = _NAME.findall(found[0])
        known = all(evidence.get(name) for name in names)
        return f"{{{{{', '.join(names)}}}}}" if known else found[0]

    return replaced


def _known(evidence: Evidence) -> Callable[[re.Match[str]], str]:
    def replaced(found: re.Match[str]) -> str:
        names = [name for name in _NAME.findall(found[1]) if evidence.get(name)]
        return f"{{{{{', '.join(names)}}}}}" if names else ""

    return replaced


def _links(run: str, evidence: Evidence, numbers: dict[str, int]) -> list[Piece]:
    by_url: dict[str, list[Claim]] = {}
    for name in dict.fromkeys(named(run)):
        claim = evidence.get(name)
        if claim is not None:
            by_url.setdefault(safe_url(claim), []).append(claim)
    links: list[Piece] = []
    for url, claims in by_url.items():
        number = numbers.setdefault(url, len(numbers) + 1)
        citations = tuple(_citation(claim, url, number) for claim in claims)
        links.append(Piece(f"[[{number}]]({url})", citations))
    return links


def _citation(claim: Claim, url: str, number: int) -> Citation:
    found = claim.found
    return Citation(
        url=url,
        title=str(number),
        quote=found.text,
        document_id=found.document_id,
        source_start=found.start,
        source_end=found.end,
        verified=True,
    )


def _placed(piece: Piece, start: int) -> Piece:
    end = start + len(piece.text)
    citations = tuple(replace(citation, start=start, end=end) for citation in piece.citations)
    return Piece(piece.text, citations)
