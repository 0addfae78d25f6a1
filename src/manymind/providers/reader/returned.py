"""What tools gave back, as passages to read from.

Read are lists of passages in JSON, whatever their fields are called, marked blocks, and any other
text as it stands.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec
from anyio import to_thread
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Card, Checked, Document, Found, Missing, Passage
from manymind.canon.items import Returned
from manymind.canon.parts import File, Text
from manymind.canon.values import Json
from manymind.corpus.collection import Collection, build
from manymind.corpus.marked import read_marked
from manymind.corpus.naming import citation_url
from manymind.providers.reader.loose import as_list, as_object

_TEXTS = ("text", "content", "snippet", "body", "quote", "summary", "description", "passage")
_IDS = ("document_id", "id", "doc_id", "source", "name", "title", "url")
_PASSAGE = re.compile(r"<passage\b([^<>]{0,2000})>(.*?)</passage>", re.DOTALL)
_ATTRIBUTE = re.compile(r"(\w+)\s*=\s*\"([^\"]*)\"")
_DEPTH_MAX = 6
_PASSAGES_MAX = 400


class Seen(Struct, frozen=True):
    """A passage of a tool's result, and where its document can be found."""

    passage: Passage
    url: str | None = None
    title: str | None = None


def read_returned(returned: Returned, tool: str) -> list[Seen]:
    """The passages in one result; none of a result that says it failed."""
    if returned.failed:
        return []
    seen: list[Seen] = []
    for part in returned.parts:
        text = part.text if isinstance(part, Text | File) else None
        if text and text.strip():
            seen += _read(text, tool)
    return seen[:_PASSAGES_MAX]


def _read(text: str, tool: str) -> list[Seen]:
    if text.lstrip()[:1] in ("{", "["):
        try:
            found = list(_in_json(msgspec.json.decode(text), tool, 0))
        except (msgspec.DecodeError, RecursionError):
            found = []
        return found or [_plain(text, tool)]
    marked = read_marked(text)
    if marked.documents:
        return [
            Seen(_passage(known.id, 0, known.text), known.url, known.title)
            for known in marked.documents
        ]
    passages = list(_in_marks(text, tool))
    return passages or [_plain(text, tool)]


def _plain(text: str, tool: str) -> Seen:
    return Seen(_passage(tool, 0, text))


def _in_marks(text: str, tool: str) -> Iterator[Seen]:
    for match in _PASSAGE.finditer(text):
        attributes = dict(_ATTRIBUTE.findall(match[1]))
        name = attributes.get("document_id") or attributes.get("id") or tool
        start = attributes.get("start", "0")
        passage = _passage(name, int(start) if start.isdecimal() else 0, match[2])
        yield Seen(replace(passage, heading=attributes.get("heading")), attributes.get("url"))


def _in_json(value: object, tool: str, depth: int) -> Iterator[Seen]:
    if depth > _DEPTH_MAX:
        return
    found = as_object(value)
    if found is None:
        for inner in as_list(value) or ():
            yield from _in_json(inner, tool, depth + 1)
        return
    if "error" in found and "passages" not in found:
        return
    text = next((found[key] for key in _TEXTS if isinstance(found.get(key), str)), None)
    if isinstance(text, str) and text.strip():
        yield _seen(found, text, tool)
        return
    for inner in found.values():
        yield from _in_json(inner, tool, depth + 1)


def _seen(found: Json, text: str, tool: str) -> Seen:
    name = next((found[key] for key in _IDS if isinstance(found.get(key), str)), None)
    start = found.get("start")
    heading = found.get("heading")
    passage = _passage(
        name if isinstance(name, str) and name else tool,
        start if isinstance(start, int) and start > 0 else 0,
        text,
    )
    url, title = found.get("url"), found.get("title")
    return Seen(
        replace(passage, heading=heading if isinstance(heading, str) else None),
        url if isinstance(url, str) else None,
        title if isinstance(title, str) else None,
    )


def _passage(name: str, start: int, text: str) -> Passage:
    return Passage(document_id=name, start=start, end=start + len(text), text=text)


class Gathered:
    """The passages of tool results as a library. Ids and offsets are those of the documents that
    they come from, not of the scraps."""

    def __init__(self, inner: Collection, places: dict[str, Seen]) -> None:
        self._inner = inner
        self._places = places

    def cards(self) -> tuple[Card, ...]:
        known: dict[str, Card] = {}
        for seen in self._places.values():
            passage = seen.passage
            card = known.get(passage.document_id)
            size = len(passage.text) + (card.size if card else 0)
            known[passage.document_id] = Card(
                id=passage.document_id, size=size, title=seen.title, url=seen.url
            )
        return tuple(known.values())

    async def search(
        self, query: str, *, limit: int = 8, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        found = await self._inner.search(query, limit=limit, within=self._scraps(within))
        return tuple(self._outside(passage) for passage in found)

    async def grep(
        self, pattern: str, *, limit: int = 20, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        found = await self._inner.grep(pattern, limit=limit, within=self._scraps(within))
        return tuple(self._outside(passage) for passage in found)

    async def slice(self, document_id: str, start: int, end: int) -> Passage:
        scraps = self._scraps((document_id,))
        offset = self._places[scraps[0]].passage.start if scraps else 0
        scrap = scraps[0] if scraps else document_id
        return self._outside(await self._inner.slice(scrap, start - offset, end - offset))

    async def check(self, document_id: str, quote: str) -> Checked:
        checked: Checked = Missing(reason="No tool returned this document.")
        for scrap in self._scraps((document_id,)):
            checked = await self._inner.check(scrap, quote)
            if isinstance(checked, Found):
                offset = self._places[scrap].passage.start
                return replace(
                    checked,
                    document_id=document_id,
                    url=_url(document_id, self._places[scrap].url),
                    start=checked.start + offset,
                    end=checked.end + offset,
                )
        return checked

    def _scraps(self, within: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            scrap for scrap, seen in self._places.items() if seen.passage.document_id in within
        )

    def _outside(self, passage: Passage) -> Passage:
        place = self._places[passage.document_id].passage
        return replace(
            passage,
            document_id=place.document_id,
            start=passage.start + place.start,
            end=passage.end + place.start,
            heading=passage.heading or place.heading,
        )


async def gather(seen: Sequence[Seen]) -> Gathered:
    """Index what the tools returned, each passage once."""
    places: dict[str, Seen] = {}
    documents: list[Document] = []
    known: set[tuple[str, int, str]] = set()
    for one in seen:
        passage = one.passage
        key = (passage.document_id, passage.start, passage.text)
        if key in known:
            continue
        known.add(key)
        scrap = f"{passage.document_id}#{len(places)}"
        places[scrap] = one
        documents.append(Document(id=scrap, text=passage.text, title=one.title))
    inner = await to_thread.run_sync(build, documents)
    return Gathered(inner, places)


def _url(name: str, url: str | None) -> str:
    """Where a citation points; tools often give a page's address as its id."""
    return citation_url(Document(id=name, text="", url=url or name))
