"""Looks at every quotation in the leader's text once more, after the last edit.

A quotation is more than a few words between quotation marks, or a block that is set as a quote.
It keeps its marks only if it stands word for word in its document: the one that the markers
behind it name, else any. Otherwise the words stay, as the leader's own, and the marks go.
Quotation marks in fenced code are code.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from manymind.canon.documents import Found
from manymind.canon.ports import Library
from manymind.engine.evidence import Evidence
from manymind.engine.marks import MARKER, named

WORDS_FREE = 5
"""Up to so many words in quotation marks are a name or an irony, not a quotation."""

_WIDE_FREE = 10
_CANDIDATES = 8
_ROUNDS_MAX = 50
_FENCE = re.compile(r"^[ \t]*```.*?(?:^[ \t]*```[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_PAIRED = tuple(
    re.compile(pattern)
    for pattern in (
        r"“([^“”]+)”",
        r"„([^„“”\"]+)[“”\"]",
        r"«([^«»]+)»",
        r"»([^»«]+)«",
        r"「([^「」]+)」",
        r"『([^『』]+)』",
        r"(?<!\w)[‘']((?!\s)[^‘\n]+?)(?<!\s)['’](?!\w)",
    )
)
"""Each is looked for by itself: some languages point their marks outwards, some inwards."""

_BEFORE, _AFTER = "([{<>*_—–-/:", ".,;:!?)]}{[<*_—–-/"
"""Signs that stand before a quotation, and behind one."""

_PAIR = re.compile(r'"([^"\n]*)"')
_BLOCK = re.compile(r"(?:^[ \t]*>[^\n]*(?:\n|\Z))+", re.MULTILINE)
_ARROW = re.compile(r"^[ \t]*>+[ \t]?", re.MULTILINE)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class _Span(Struct, frozen=True):
    """A quotation: what it quotes, where it ends, and which stretches are its marks."""

    words: str
    end: int
    marks: tuple[tuple[int, int], ...]


class Quotations:
    """Judges quotations by a library. What it has once looked up it knows."""

    def __init__(self, library: Library, evidence: Evidence) -> None:
        self._library = library
        self._evidence = evidence
        self._known: dict[tuple[str, tuple[str, ...]], bool] = {}
        self.refused = 0

    async def guarded(self, text: str) -> str:
        """The text without the marks of quotations that stand nowhere."""
        for _ in range(_ROUNDS_MAX):
            spans = tuple(span for span in _spans(text) if _long(span.words))
            marks = [
                mark for span in spans if not await self._stands(span, text) for mark in span.marks
            ]
            if not marks:
                return text
            self.refused += 1
            text = _without(text, marks)
        return re.sub(r"[“”„«»\"「」『』]", "", text)

    async def verbatim(self, words: str) -> bool:
        """Whether these words stand in any document."""
        return await self._anywhere(words, ())

    async def _stands(self, span: _Span, text: str) -> bool:
        behind = text[span.end : _line_end(text, span.end)]
        claims = (self._evidence.get(name) for name in named(behind[: _next_quote(behind)]))
        documents = (claim.found.document_id for claim in claims if claim is not None)
        return await self._anywhere(span.words, tuple(dict.fromkeys(documents)))

    async def _anywhere(self, words: str, documents: tuple[str, ...]) -> bool:
        words = " ".join(MARKER.sub(" ", words).split())
        key = (words, documents)
        if key not in self._known:
            trimmed = words.rstrip(",.;:!? ")
            where = documents or await self._candidates(words)
            self._known[key] = await self._in_one(words, where) or (
                trimmed != words and await self._in_one(trimmed, where)
            )
        return self._known[key]

    async def _in_one(self, words: str, documents: tuple[str, ...]) -> bool:
        for document in documents:
            if isinstance(await self._library.check(document, words), Found):
                return True
        return False

    async def _candidates(self, words: str) -> tuple[str, ...]:
        cited = (claim.found.document_id for claim in self._evidence.claims)
        found = await self._library.search(words[:400], limit=_CANDIDATES)
        return tuple(dict.fromkeys((*cited, *(passage.document_id for passage in found))))


def _long(words: str) -> bool:
    bare = MARKER.sub(" ", words)
    return len(bare.split()) > WORDS_FREE or len(_WIDE.findall(bare)) > _WIDE_FREE


def _spans(text: str) -> Iterator[_Span]:
    fences = [fence.span() for fence in _FENCE.finditer(text)]
    for span in (*_paired(text), *_straight(text), *_blocks(text)):
        if not any(start <= span.marks[0][0] < end for start, end in fences):
            yield span


def _paired(text: str) -> Iterator[_Span]:
    for pattern in _PAIRED:
        for found in pattern.finditer(text):
            start, end = found.start(), found.end()
            if not _turned(text, start, end - 1):
                yield _Span(found[1], end, ((start, start + 1), (end - 1, end)))


def _turned(text: str, start: int, end: int) -> bool:
    """Whether this is what stands between two quotations: the first mark looks back, the second
    forward."""
    back = text[start + 1 : start + 2].isspace() and not text[start - 1 : start].isspace()
    forward = text[end - 1 : end].isspace() and not text[end + 1 : end + 2].isspace()
    return back and forward and start > 0


def _straight(text: str) -> Iterator[_Span]:
    """Straight marks show their direction by what stands beside them. One that shows none may
    be either; a quotation does not reach over a blank line. And two by two along a line, as a
    reader takes them who looks at no neighbours: both readings must hold."""
    yield from (
        _Span(pair[1], pair.end(), ((pair.start(), pair.start() + 1), (pair.end() - 1, pair.end())))
        for pair in _PAIR.finditer(text)
    )
    places = [found.start() for found in re.finditer('"', text)]
    for number, start in enumerate(places):
        if _closes(text, start) and not _opens(text, start):
            continue
        for end in places[number + 1 :]:
            words = text[start + 1 : end]
            if "\n\n" in words:
                break
            if _closes(text, end) or not _opens(text, end):
                yield _Span(words, end + 1, ((start, start + 1), (end, end + 1)))
                break


def _opens(text: str, place: int) -> bool:
    before, after = text[max(0, place - 1) : place], text[place + 1 : place + 2]
    return after.strip() != "" and (before.strip() == "" or before in _BEFORE)


def _closes(text: str, place: int) -> bool:
    before, after = text[max(0, place - 1) : place], text[place + 1 : place + 2]
    return before.strip() != "" and (after.strip() == "" or after in _AFTER)


def _blocks(text: str) -> Iterator[_Span]:
    for block in _BLOCK.finditer(text):
        words = _ARROW.sub("", block[0]).strip().strip('“”"«»„')
        arrows = _ARROW.finditer(text, block.start(), block.end())
        yield _Span(words, block.end(), tuple(arrow.span() for arrow in arrows))


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _next_quote(text: str) -> int:
    found = re.search(r"[“„«»\"「『]", text)
    return found.start() if found else len(text)


def _without(text: str, marks: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    start = 0
    for begin, end in sorted(set(marks)):
        pieces.append(text[start:begin])
        start = max(start, end)
    return "".join((*pieces, text[start:]))
