"""Where stretches of text come from, both ways.

Here a citation belongs to a whole text block. Those of the web are the canon's url citations;
those of documents keep their own form, with what only this dialect knows aside. Ours add the
stretch of the text, the document's id and whether code has looked: clients that do not know
these fields pass them over.
"""

from msgspec import Struct

from manymind.canon.parts import Citation
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages.words import NAME
from manymind.dialects.reading import Object

WEB = "web_search_result_location"
DOCUMENT = "char_location"


class Form(Struct, frozen=True):
    """What one form of citation calls the canon's fields; None: it has no such field."""

    url: str | None = None
    title: str = "document_title"
    start: str | None = None
    end: str | None = None


FORMS = {
    WEB: Form(url="url", title="title"),
    DOCUMENT: Form(start="start_char_index", end="end_char_index"),
    "page_location": Form(),
    "content_block_location": Form(),
    "search_result_location": Form(url="source", title="title"),
}

_NEEDED: dict[str, Json] = {WEB: {"encrypted_index": ""}, DOCUMENT: {"document_index": 0}}
"""What clients insist on and nobody but a server of this dialect knows."""


def read_citation(note: Object, length: int) -> Citation:
    """A citation of a text of so many code points."""
    kind = note.needed("type", note.text("type"))
    form = FORMS.get(kind, Form())
    start, end = note.whole("start_index", 0), note.whole("end_index", 0)
    if kind == WEB and note.peek("encrypted_index") == "":
        note.take("encrypted_index")
    source_start = note.whole(form.start or "source_start", 0)
    source_end = note.whole(form.end or "source_end", 0)
    return Citation(
        form="url_citation" if kind == WEB else kind,
        url=note.text(form.url or "url"),
        title=note.text(form.title),
        start=start or 0,
        end=length if end is None else end,
        quote=note.text("cited_text") or None,
        document_id=note.text("document_id"),
        source_start=source_start,
        source_end=source_end,
        verified=note.flag("verified"),
        aside=note.rest(NAME),
    )


def native(citation: Citation) -> bool:
    """Whether a server of this dialect made it: it takes back no web citation but its own."""
    if citation.form != "url_citation":
        return citation.form in FORMS
    aside = citation.aside
    return aside is not None and aside.dialect == NAME and "encrypted_index" in aside.fields


def write_citation(citation: Citation, length: int) -> Json | None:
    """A citation of a text of so many code points; None where there is nothing to point at."""
    kind = _kind(citation)
    if kind is None:
        return None
    form = FORMS.get(kind, Form())
    kept = citation.aside.fields if citation.aside is not None and _own(citation) else {}
    return {
        **_NEEDED.get(kind, {}),
        **kept,
        "type": kind,
        "cited_text": citation.quote or "",
        form.title: citation.title,
        **_source(citation, form),
        **_ours(citation, length),
    }


def _own(citation: Citation) -> bool:
    return citation.aside is not None and citation.aside.dialect == NAME


def _kind(citation: Citation) -> str | None:
    if citation.form == "url_citation":
        return WEB if _own(citation) or citation.url is not None else _document(citation)
    if citation.form in FORMS or _own(citation):
        return citation.form
    return WEB if citation.url is not None else _document(citation)


def _document(citation: Citation) -> str | None:
    return DOCUMENT if citation.quote or citation.document_id else None


def _source(citation: Citation, form: Form) -> Json:
    fields: Json = {}
    if form.url is not None or citation.url is not None:
        fields[form.url or "url"] = citation.url or ""
    if form.start is not None and form.end is not None:
        start = citation.source_start or 0
        end = citation.source_end
        return {**fields, form.start: start, form.end: start if end is None else end}
    stretch = {"source_start": citation.source_start, "source_end": citation.source_end}
    return fields | {name: place for name, place in stretch.items() if place is not None}


def _ours(citation: Citation, length: int) -> Json:
    fields: Json = {"document_id": citation.document_id, "verified": citation.verified}
    if (citation.start, citation.end) != (0, length):
        fields |= {"start_index": citation.start, "end_index": citation.end}
    return {name: value for name, value in fields.items() if value is not None}
