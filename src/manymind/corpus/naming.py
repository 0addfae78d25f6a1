"""What documents are called, and where a citation of one points."""

from collections.abc import Iterable
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Document

ID_MAX = 300
_URL_MAX = 2_000
_URL_SIGNS = "/:?#[]@!$&'*+,;=%~"


class Skipped(Struct, frozen=True):
    """Something that was given and not read, or read otherwise than given, and why."""

    name: str
    why: str


def citation_url(document: Document) -> str:
    """The document's own address if it is one of the web, else `document:` and its id.

    Round brackets are always encoded, so that the address can stand in `[[1]](…)`; other schemes
    (`javascript:` …) are never passed on, since pages show citations as links.
    """
    url = document.url.strip() if document.url else ""
    if url.lower().startswith(("https://", "http://")) and len(url) <= _URL_MAX:
        return quote(url, safe=_URL_SIGNS, errors="replace")
    return "document:" + quote(document.id, safe="/", errors="replace")


def with_own_ids(documents: Iterable[Document]) -> tuple[list[Document], list[Skipped]]:
    """The documents with an id each; a second one of the same id gets a suffix.

    The very same document given twice is kept once, without a word.
    """
    kept: dict[str, Document] = {}
    remarks: list[Skipped] = []
    suffixes: dict[str, int] = {}
    for document in documents:
        name = document.id.strip()[:ID_MAX] or "document"
        if name in kept:
            if kept[name].text == document.text:
                continue
            wanted, name = name, _next_name(name, kept, suffixes)
            remarks.append(Skipped(wanted, f"The id is taken; this document is called {name}."))
        kept[name] = document if document.id == name else replace(document, id=name)
    return list(kept.values()), remarks


def _next_name(name: str, kept: dict[str, Document], suffixes: dict[str, int]) -> str:
    number = suffixes.get(name, 1) + 1
    while f"{name}-{number}" in kept:
        number += 1
    suffixes[name] = number
    return f"{name}-{number}"
