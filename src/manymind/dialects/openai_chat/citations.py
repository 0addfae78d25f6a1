"""Annotations: where stretches of an answer come from, both ways."""

from msgspec.structs import replace

from manymind.canon.parts import Citation
from manymind.canon.values import Json
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.reading import Object


def read_annotations(message: Object) -> tuple[Citation, ...]:
    return tuple(_read(note) for note in message.each("annotations") or ())


def _read(note: Object) -> Citation:
    form = note.text("type") or "url_citation"
    inner = note.inner(form) or note
    return Citation(
        form=form,
        url=inner.text("url"),
        title=inner.text("title"),
        start=inner.whole("start_index") or 0,
        end=inner.whole("end_index") or 0,
        quote=inner.text("quote"),
        document_id=inner.text("document_id"),
        source_start=inner.whole("source_start"),
        source_end=inner.whole("source_end"),
        verified=inner.flag("verified"),
        aside=inner.rest(NAME),
    )


def write_annotation(citation: Citation) -> Json:
    """`quote` and what follows it are ours; a client that does not know them passes them over."""
    inner: Json = {
        "url": citation.url or "",
        "title": citation.title or "",
        "start_index": citation.start,
        "end_index": citation.end,
    }
    ours = {
        "quote": citation.quote,
        "document_id": citation.document_id,
        "source_start": citation.source_start,
        "source_end": citation.source_end,
        "verified": citation.verified,
    }
    inner |= {name: value for name, value in ours.items() if value is not None}
    if citation.aside is not None and citation.aside.dialect == NAME:
        inner = {**citation.aside.fields, **inner}
    return {"type": citation.form, citation.form: inner}


def moved(citation: Citation, by: int) -> Citation:
    """The same citation of a text that begins `by` code points further on."""
    if not by:
        return citation
    return replace(citation, start=citation.start + by, end=citation.end + by)
