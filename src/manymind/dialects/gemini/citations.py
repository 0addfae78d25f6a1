"""Where stretches of text come from, both ways.

Here sources are listed once, and stretches of the answer point at them; a stretch is counted in
bytes of UTF-8, within one part. Ours add the quote, the document's id and whether code has looked:
clients that do not know these fields pass them over.
"""

from typing import cast

from msgspec import Struct

from manymind.canon.parts import Citation
from manymind.canon.values import Aside, Json
from manymind.dialects.gemini.calls import fields_of
from manymind.dialects.gemini.casing import camel
from manymind.dialects.gemini.words import NAME
from manymind.dialects.reading import Object

METADATA = "groundingMetadata"
RECITED = "citationMetadata"

_WEB = "web"
_OURS = ("quote", "document_id", "source_start", "source_end", "verified")


class Run(Struct):
    """A stretch of text that no other part stands in. `index` is its place among the parts,
    `item` and `part` where the canon has it; text that the canon parts within it is counted on."""

    index: int
    item: str = ""
    part: int = 0
    pieces: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class Spot(Struct, frozen=True):
    """A citation, and the run that it cites."""

    run: Run
    citation: Citation


def read_grounding(candidate: Object, runs: list[Run]) -> list[Spot]:
    """What is cited; what nobody read of it is left in the candidate."""
    metadata = candidate.inner(METADATA)
    if metadata is None:
        return []
    camel(metadata)
    chunks = metadata.each("groundingChunks") or ()
    sources = [_read_source(camel(chunk)) for chunk in chunks]
    used: set[int] = set()
    spots: list[Spot] = []
    for support in metadata.each("groundingSupports") or ():
        indices = camel(support).array("groundingChunkIndices") or []
        known = [n for n in indices if isinstance(n, int) and 0 <= n < len(sources)]
        used.update(known)
        place = _read_segment(support, runs)
        spots += [_spot(sources[n], support, place) for n in known if place is not None]
    unused = [_write_source(source) for n, source in enumerate(sources) if n not in used]
    if unused:
        metadata.left()["groundingChunks"] = unused
    if metadata.left():
        candidate.left()[METADATA] = metadata.left()
    return spots


class _Place(Struct, frozen=True):
    run: Run
    start: int
    end: int


def _read_source(chunk: Object) -> Citation:
    """A source; of a kind that is not the web's, its own fields stay aside."""
    left = dict(chunk.left())
    kind = next((name for name, value in left.items() if isinstance(value, dict)), None)
    if kind is None:
        return Citation(aside=Aside(NAME, left) if left else None)
    source = chunk.needed(kind, chunk.inner(kind))
    url, title = source.text("uri"), source.text("title")
    inner = source.left()
    plain = kind == _WEB and not inner and not chunk.left()
    fields = {**chunk.left(), kind: inner}
    return Citation(url=url, title=title, aside=None if plain else Aside(NAME, fields))


def _read_segment(support: Object, runs: list[Run]) -> _Place | None:
    """Where a stretch lies: where its offsets say, if its words stand there, else where they do."""
    if not runs:
        return None
    segment = support.inner("segment")
    if segment is None:
        return _Place(runs[-1], 0, 0)
    camel(segment)
    index = segment.whole("partIndex", 0)
    start = segment.whole("startIndex", 0) or 0
    end = segment.whole("endIndex", 0) or 0
    words = segment.text("text")
    meant = [run for run in runs if run.index == index] if index is not None else []
    for run in (*meant, *runs):
        place = _Place(run, _points(run.text, start), _points(run.text, end))
        if words is None or run.text[place.start : place.end] == words:
            return place
    for run in (*meant, *runs):
        at = run.text.find(words or "")
        if words and at >= 0:
            return _Place(run, at, at + len(words))
    run = (meant or runs)[-1]
    return _Place(run, _points(run.text, start), _points(run.text, end))


def _spot(source: Citation, support: Object, place: _Place) -> Spot:
    # One stretch may have several sources, so what is read here stays to be read again.
    said = Object(support.left(), support.path, support.blame)
    quote, document = said.text("quote"), said.text("document_id")
    citation = Citation(
        url=source.url,
        title=source.title,
        start=place.start,
        end=place.end,
        quote=quote,
        document_id=document,
        source_start=said.whole("source_start", 0),
        source_end=said.whole("source_end", 0),
        verified=said.flag("verified"),
        aside=source.aside,
    )
    return Spot(place.run, citation)


def read_recited(candidate: Object, runs: list[Run]) -> list[Spot]:
    """What the model has said by heart, as Google has found."""
    metadata = candidate.inner(RECITED)
    if metadata is None or not runs:
        return []
    cited = camel(metadata).each("citations") or metadata.each("citationSources") or ()
    spots: list[Spot] = []
    for source in cited:
        camel(source)
        run = runs[-1]
        start = _points(run.text, source.whole("startIndex", 0) or 0)
        end = _points(run.text, source.whole("endIndex", 0) or 0)
        url, title = source.text("uri"), source.text("title")
        aside = Aside(NAME, {RECITED: source.left()})
        spots.append(Spot(run, Citation(url=url, title=title, start=start, end=end, aside=aside)))
    return spots


def write_citations(spots: list[Spot], candidate: Json) -> Json:
    """The candidate with what is cited in it."""
    recited = [spot for spot in spots if RECITED in fields_of(spot.citation.aside)]
    grounded = [spot for spot in spots if RECITED not in fields_of(spot.citation.aside)]
    if recited:
        candidate = {**candidate, RECITED: {"citations": [_write_recited(one) for one in recited]}}
    if not grounded:
        return candidate
    sources: list[Json] = []
    supports = [_write_support(spot, sources) for spot in grounded]
    kept = candidate.get(METADATA)
    known = cast("Json", kept) if isinstance(kept, dict) else {}
    unused = cast("list[Json]", known.get("groundingChunks") or [])
    chunks = [*sources, *unused]
    metadata = {**known, "groundingChunks": chunks, "groundingSupports": supports}
    return {**candidate, METADATA: metadata}


def _write_support(spot: Spot, sources: list[Json]) -> Json:
    note = spot.citation
    source = _write_source(note)
    if source not in sources:
        sources.append(source)
    text = spot.run.text
    segment: Json = {
        "partIndex": spot.run.index,
        "startIndex": _bytes(text, note.start),
        "endIndex": _bytes(text, note.end),
        "text": text[note.start : note.end],
    }
    ours = {name: getattr(note, name) for name in _OURS if getattr(note, name) is not None}
    return {"segment": segment, "groundingChunkIndices": [sources.index(source)], **ours}


def _write_source(note: Citation) -> Json:
    fields: Json = {"uri": note.url} if note.url is not None else {}
    if note.title is not None:
        fields["title"] = note.title
    kept = fields_of(note.aside)
    kind = next((name for name, value in kept.items() if isinstance(value, dict)), None)
    if kind is None:
        return {**kept, _WEB: fields} if fields or not kept else kept
    return {**kept, kind: {**cast("Json", kept[kind]), **fields}}


def _write_recited(spot: Spot) -> Json:
    note, text = spot.citation, spot.run.text
    fields = cast("Json", fields_of(note.aside)[RECITED])
    named = {"uri": note.url, "title": note.title}
    return {
        **fields,
        "startIndex": _bytes(text, note.start),
        "endIndex": _bytes(text, note.end),
        **{name: value for name, value in named.items() if value is not None},
    }


def _points(text: str, size: int) -> int:
    """How many code points the first bytes of a text are."""
    return len(text.encode()[:size].decode("utf-8", "ignore"))


def _bytes(text: str, points: int) -> int:
    """How many bytes the first code points of a text are."""
    return len(text[:points].encode())
