"""Documents that stand in a text as `<document id="…">…</document>`.

Only these tags are read; the rest of a text may be any markup or none. An inner `<document>` is
part of its outer one; one that is never closed ends where the next begins, or with the text.
"""

import html
import re
from collections.abc import Sequence

from msgspec import Struct

from manymind.canon.documents import Document
from manymind.corpus.naming import Skipped

DOCUMENTS_MAX = 100_000

_OPEN = re.compile(r"<document(?=[\s>/])((?:[^<>\"']|\"[^\"<]{0,2000}\"|'[^'<]{0,2000}'){0,2000})>")
_CLOSE = re.compile(r"</document\s{0,20}>")
_ATTRIBUTE = re.compile(r"([\w:-]{1,40})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_SOURCE = re.compile(r"\s*<source>([^<]{1,500})</source>")
_CONTENT = re.compile(r"\s*<document_content>\n?")
_CONTENT_END = re.compile(r"\n?</document_content>\s*$")


class Marked(Struct, frozen=True):
    """What a text holds: its documents, and its own words without them."""

    documents: tuple[Document, ...]
    rest: str
    remarks: tuple[Skipped, ...] = ()


class _Tag(Struct):
    start: int
    end: int
    attributes: str | None
    """None marks a closing tag."""
    match: int | None = None


def read_marked(text: str, first: int = 1) -> Marked:
    """Find the documents of a text. Those without an id are numbered from `first`."""
    tags = _tags(text)
    if not any(tag.attributes is not None for tag in tags):
        return Marked((), text)
    _pair(tags)
    documents: list[Document] = []
    remarks: list[Skipped] = []
    rest: list[str] = []
    done = at = 0
    while at < len(tags):
        tag = tags[at]
        if tag.attributes is None:
            at += 1
            continue
        last = tag.match if tag.match is not None else at + 1
        stop = tags[last].start if last < len(tags) else len(text)
        document = _document(tag.attributes, text[tag.end : stop], first + len(documents))
        documents.append(document)
        remarks += _remarks(tags, at, last, document.id)
        rest.append(text[done : tag.start])
        done = stop if tag.match is None else tags[last].end
        at = last if tag.match is None else last + 1
    rest.append(text[done:])
    return Marked(tuple(documents), "".join(rest), tuple(remarks))


def _tags(text: str) -> list[_Tag]:
    tags: list[_Tag] = []
    at = text.find("document")
    while at >= 0 and len(tags) < 2 * DOCUMENTS_MAX:
        opening = _OPEN.match(text, at - 1) if at else None
        if opening:
            tags.append(_Tag(opening.start(), opening.end(), opening[1]))
        closing = _CLOSE.match(text, at - 2) if at > 1 else None
        if closing:
            tags.append(_Tag(closing.start(), closing.end(), None))
        at = text.find("document", at + 8)
    return tags


def _pair(tags: Sequence[_Tag]) -> None:
    waiting: list[_Tag] = []
    for number, tag in enumerate(tags):
        if tag.attributes is not None:
            waiting.append(tag)
        elif waiting:
            waiting.pop().match = number


def _remarks(tags: Sequence[_Tag], at: int, last: int, name: str) -> list[Skipped]:
    if tags[at].match is None:
        return [Skipped(name, "The document is never closed; it was read up to the next one.")]
    if any(tag.attributes is not None for tag in tags[at + 1 : last]):
        return [Skipped(name, "It holds further <document> tags, read as part of its text.")]
    return []


def _document(written: str, body: str, number: int) -> Document:
    attributes = {
        found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "").strip()
        for found in _ATTRIBUTE.finditer(written)
    }
    source = _SOURCE.match(body)
    content = _CONTENT.match(body, source.end() if source else 0)
    if content:
        body = _CONTENT_END.sub("", body[content.end() :])
    elif source:
        body = body[source.end() :]
    named = attributes.get("id") or (source[1].strip() if source else "")
    named = named or attributes.get("name") or attributes.get("index") or ""
    url = attributes.get("url") or attributes.get("href") or attributes.get("source")
    return Document(
        id=named or f"document-{number}",
        text=body.strip("\n") if not content else body,
        title=attributes.get("title") or None,
        url=url or None,
    )
