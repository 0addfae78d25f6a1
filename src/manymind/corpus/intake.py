"""The documents that a request brings along, and what is said around them.

Documents are marked blocks in any text of the caller, file parts that hold text, and long
unmarked texts. What cannot be read is left out with a remark, never with an error: the question
may well be answered without it.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator
from pathlib import PurePosixPath

from msgspec import Struct

from manymind.canon.documents import Document
from manymind.canon.items import Item, Said
from manymind.canon.parts import Audio, File, Image, Part, Text, UnreadPart
from manymind.canon.requests import Request
from manymind.corpus.marked import read_marked
from manymind.corpus.naming import Skipped, with_own_ids
from manymind.corpus.plain import as_text

LONG_TEXT = 4_000
"""An unmarked text of the user's of more code points than this is a document."""

_QUESTION_MAX = 600

_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/yaml")
_TEXT_MARKS = ("+json", "+xml", "javascript", "typescript", "x-yaml", "toml", "sql", "x-sh", "csv")


class Turn(Struct, frozen=True):
    """What one item says, without the documents that were in it."""

    role: str
    text: str
    images: int = 0


class Intake(Struct, frozen=True):
    documents: tuple[Document, ...]
    turns: tuple[Turn, ...]
    skipped: tuple[Skipped, ...]


def take_in(request: Request) -> Intake:
    """Part the documents of a request from what is said around them."""
    taking = _Taking()
    for text in request.instructions or ():
        taking.turn("system", (text,))
    for item in request.items:
        taking.item(item)
    documents, remarks = with_own_ids(taking.documents)
    return Intake(tuple(documents), tuple(taking.turns), (*taking.skipped, *remarks))


def split_question(text: str) -> tuple[str, str]:
    """A long text and the question that stands at its end or its beginning, if one does.

    The question leaves the text, or every search for it would find the question itself.
    """
    body = text.rstrip()
    last = body.rfind("\n\n") + 2
    if last > 1 and len(body) - last <= _QUESTION_MAX and _asks(body[last:]):
        return body[:last].rstrip(), body[last:].strip()
    start = len(text) - len(text.lstrip())
    first = text.find("\n\n", start)
    if 0 < first - start <= _QUESTION_MAX and _asks(text[start:first]):
        return text[first:].strip("\n"), text[start:first].strip()
    return text, ""


_ASKING = (
    "question", "task", "what", "who", "when", "where", "which", "why", "how", "find", "list",
    "summar", "tell", "please", "does", "is ", "are ", "did", "can ", "answer", "extract",
    "explain",
)  # fmt: skip


def _asks(paragraph: str) -> bool:
    words = paragraph.strip().lower()
    return words.endswith(("?", "？", "؟")) or words.startswith(_ASKING)


class _Taking:
    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.turns: list[Turn] = []
        self.skipped: list[Skipped] = []

    def item(self, item: Item) -> None:
        if isinstance(item, Said):
            self.turn(item.role, item.parts)

    def turn(self, role: str, parts: tuple[Part, ...]) -> None:
        texts = list(self._texts(role, parts))
        images = sum(isinstance(part, Image) for part in parts)
        self.turns.append(Turn(role, "\n\n".join(filter(None, texts)), images))

    def _texts(self, role: str, parts: tuple[Part, ...]) -> Iterator[str]:
        for part in parts:
            match part:
                case Text() if role == "assistant":
                    yield part.text
                case Text():
                    yield self._own_words(role, part.text)
                case File():
                    self._file(part)
                case Audio():
                    self.skipped.append(Skipped("audio", "Sound cannot be read here."))
                case UnreadPart():
                    self.skipped.append(Skipped("a part", "Its kind is not known here."))
                case _:
                    pass

    def _own_words(self, role: str, text: str) -> str:
        marked = read_marked(text, len(self.documents) + 1)
        self.documents += marked.documents
        self.skipped += marked.remarks
        if role != "user" or len(marked.rest) <= LONG_TEXT:
            return marked.rest.strip()
        body, question = split_question(marked.rest)
        self._keep(Document(id=f"text-{len(self.documents) + 1}", text=body))
        return question

    def _file(self, file: File) -> None:
        name = file.name or f"file-{len(self.documents) + 1}"
        if file.text is not None:
            self._keep(Document(id=name, text=file.text, url=file.url))
            return
        if file.data is None:
            self._skip(name, "Only its address was given; send its text or its data.")
            return
        data, media_type = _decoded(file.data, file.media_type)
        if data is None:
            self._skip(name, "Its data is not base64.")
            return
        read = as_text(data)
        if read is None or not _text_like(media_type, data):
            kind = media_type or PurePosixPath(name).suffix or "this kind"
            self._skip(name, f"Files of {kind[:80]} are not read; send the text that is in it.")
            return
        self._keep(Document(id=name, text=read, url=file.url))

    def _keep(self, document: Document) -> None:
        if document.text.strip():
            self.documents.append(document)
        else:
            self._skip(document.id, "It is empty.")

    def _skip(self, name: str, why: str) -> None:
        self.skipped.append(Skipped(name[:200], why))


def _decoded(data: str, media_type: str | None) -> tuple[bytes | None, str | None]:
    """The bytes of base64, which may stand in a `data:` URL that names the type."""
    if data.startswith("data:"):
        head, _, data = data.partition(",")
        media_type = media_type or head[5:].partition(";")[0] or None
    try:
        return b64decode(data.encode("ascii", "replace")), media_type
    except binascii.Error:
        return None, media_type


def _text_like(media_type: str | None, data: bytes) -> bool:
    """Whether a file is text by its type, or at least nothing that says otherwise."""
    if data.startswith((b"%PDF", b"PK\x03\x04", b"{\\rtf")):
        return False
    if media_type is None or media_type == "application/octet-stream":
        return True
    plain = media_type.lower().partition(";")[0].strip()
    return plain.startswith(_TEXT_TYPES) or any(mark in plain for mark in _TEXT_MARKS)
