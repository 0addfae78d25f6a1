"""Parts of a message and citations, both ways."""

from base64 import b64encode
from typing import assert_never

from msgspec.structs import replace

from manymind.canon.parts import Audio, Citation, File, Image, Part, Refusal, Text, UnreadPart
from manymind.canon.values import Aside, Json
from manymind.dialects.openai_responses.pen import Pen, given
from manymind.dialects.openai_responses.words import NAME
from manymind.dialects.reading import Object, named

_SPANS = frozenset({"url_citation", "container_file_citation"})
"""The citations that point at a stretch of the text."""

_FORMS = _SPANS | {"file_citation", "file_path"}


def read_parts(holder: Object, name: str) -> tuple[Part, ...]:
    """A string, or an array of parts. Absent means none."""
    value = holder.peek(name)
    if isinstance(value, str):
        holder.take(name)
        return (Text(text=value),)
    if value is not None and not isinstance(value, list):
        raise holder.wrong(name, f"must be a string or an array, not {named(value)}")
    return tuple(read_part(part) for part in holder.each(name) or ())


def read_part(part: Object) -> Part:
    kind = part.needed("type", part.text("type"))
    match kind:
        case "input_text" | "output_text" | "text":
            return _read_text(part)
        case "refusal":
            return Refusal(text=part.needed("refusal", part.text("refusal")), aside=part.rest(NAME))
        case "input_image":
            return _read_image(part)
        case "input_file":
            return _read_file(part)
        case "input_audio":
            return _read_audio(part)
        case _:
            return UnreadPart(dialect=NAME, data={"type": kind, **part.left()})


def read_thought_text(part: Object) -> Text:
    """A piece of reasoning, in the open or in short. Only the text of other kinds is known."""
    if part.peek("type") in ("summary_text", "reasoning_text"):
        part.take("type")
    return Text(text=part.text("text") or "", aside=part.rest(NAME))


def _read_text(part: Object) -> Text:
    return Text(
        text=part.needed("text", part.text("text")),
        citations=tuple(read_citation(each) for each in part.each("annotations") or ()),
        logprobs=read_logprobs(part),
        cache=part.json("cache_control"),
        aside=part.rest(NAME),
    )


def read_logprobs(part: Object) -> tuple[Json, ...] | None:
    """No logprobs and an empty array of them, which most pieces of a stream have, are the same."""
    if part.peek("logprobs") in (None, []):
        part.take("logprobs")
        return None
    return tuple(each.left() for each in part.each("logprobs") or ()) or None


def _read_image(part: Object) -> Image:
    url = part.text("image_url")
    media_type, data = _split(url)
    image = Image(
        url=None if data is not None else url,
        file_id=part.text("file_id"),
        media_type=media_type,
        data=data,
        detail=part.text("detail"),
        cache=part.json("cache_control"),
        aside=part.rest(NAME),
    )
    if url is None and image.file_id is None and image.aside is None:
        raise part.wrong("image_url", "is missing")
    return image


def _read_file(part: Object) -> File:
    data = part.text("file_data")
    media_type, inner = _split(data)
    return File(
        name=part.text("filename"),
        url=part.text("file_url"),
        file_id=part.text("file_id"),
        media_type=media_type,
        data=data if inner is None else inner,
        cache=part.json("cache_control"),
        aside=part.rest(NAME),
    )


def _read_audio(part: Object) -> Audio:
    sound = part.needed("input_audio", part.inner("input_audio"))
    data = sound.needed("data", sound.text("data"))
    form = sound.needed("format", sound.text("format"))
    left = {**part.left(), "input_audio": sound.left()} if sound.left() else part.left()
    return Audio(data=data, format=form, aside=Aside(NAME, left) if left else None)


def _split(url: str | None) -> tuple[str | None, str | None]:
    """Media type and base64 of a data URL; neither, if it is anything else."""
    if url is None or not url.startswith("data:"):
        return None, None
    head, comma, data = url.partition(",")
    media_type, mark, more = head.removeprefix("data:").partition(";base64")
    plain = comma and mark and not more and media_type and ";" not in media_type
    return (media_type, data) if plain else (None, None)


def read_citation(note: Object) -> Citation:
    form = note.text("type") or "url_citation"
    spans = form in _SPANS
    return Citation(
        form=form,
        url=note.text("url"),
        title=note.text("title"),
        start=(note.whole("start_index") or 0) if spans else 0,
        end=(note.whole("end_index") or 0) if spans else 0,
        quote=note.text("quote"),
        document_id=note.text("document_id"),
        source_start=note.whole("source_start"),
        source_end=note.whole("source_end"),
        verified=note.flag("verified"),
        aside=note.rest(NAME),
    )


def write_citation(citation: Citation, at: str, pen: Pen) -> Json:
    citation, fields = _in_our_forms(citation)
    if citation.form == "url_citation":
        fields |= {"url": citation.url or "", "title": citation.title or ""}
    else:
        fields |= given(url=citation.url, title=citation.title)
    if citation.form in _SPANS or citation.end:
        fields |= {"start_index": citation.start, "end_index": citation.end}
    fields |= given(
        quote=citation.quote,
        document_id=citation.document_id,
        source_start=citation.source_start,
        source_end=citation.source_end,
        verified=citation.verified,
    )
    return pen.merge(fields, citation.aside, at)


def _in_our_forms(citation: Citation) -> tuple[Citation, Json]:
    """A citation of another dialect's form, as the form of ours that says most of it."""
    ours = citation.aside is not None and citation.aside.dialect == NAME
    if ours or citation.form in _FORMS:
        return citation, {"type": citation.form}
    if citation.url is not None:
        return replace(citation, form="url_citation"), {"type": "url_citation"}
    return citation, {
        "type": "file_citation",
        "file_id": citation.document_id or "",
        "filename": citation.title or "",
        "index": citation.end,
    }


def write_part(part: Part, role: str, at: str, pen: Pen) -> Json | None:
    """None where this dialect has no such part; the pen then knows."""
    match part:
        case Text():
            return _write_text(part, role, at, pen)
        case Image():
            return _write_image(part, at, pen)
        case File():
            return _write_file(part, at, pen)
        case Audio():
            return _write_audio(part, at, pen)
        case Refusal():
            return pen.merge({"type": "refusal", "refusal": part.text}, part.aside, at)
        case UnreadPart():
            if part.dialect == NAME:
                return part.data
            pen.lose(at)
            return None
        case _:
            assert_never(part)


def write_parts(parts: tuple[Part, ...], role: str, at: str, pen: Pen) -> list[Json]:
    written = [write_part(part, role, f"{at}[{n}]", pen) for n, part in enumerate(parts)]
    return [part for part in written if part is not None]


def write_thought_texts(texts: tuple[Text, ...], kind: str, at: str, pen: Pen) -> list[Json]:
    return [
        {"type": kind, **pen.merge({"text": text.text}, text.aside, f"{at}[{n}]")}
        for n, text in enumerate(texts)
    ]


def plain(parts: tuple[Part, ...]) -> str | None:
    """The text of content that is nothing but one text: such content may be a string."""
    match parts:
        case (Text(citations=(), logprobs=None, cache=None, aside=None, text=text),):
            return text
        case _:
            return None


def _write_text(part: Text, role: str, at: str, pen: Pen) -> Json:
    if role == "assistant":
        notes = [
            write_citation(note, f"{at}.annotations[{n}]", pen)
            for n, note in enumerate(part.citations)
        ]
        fields: Json = {"type": "output_text", "text": part.text, "annotations": notes}
        if part.logprobs is not None:
            fields["logprobs"] = list(part.logprobs)
    else:
        fields = {"type": "input_text", "text": part.text}
        if part.citations:
            pen.lose(f"{at}.annotations")
    pen.extend(fields, "cache_control", part.cache, f"{at}.cache_control")
    return pen.merge(fields, part.aside, at)


def _write_image(part: Image, at: str, pen: Pen) -> Json:
    url = part.url
    if part.data is not None:
        url = f"data:{part.media_type or 'image/png'};base64,{part.data}"
    fields: Json = {
        "type": "input_image",
        **given(image_url=url, file_id=part.file_id, detail=part.detail),
    }
    pen.extend(fields, "cache_control", part.cache, f"{at}.cache_control")
    return pen.merge(fields, part.aside, at)


def _write_file(part: File, at: str, pen: Pen) -> Json:
    fields: Json = {
        "type": "input_file",
        **given(
            filename=_filename(part, pen),
            file_url=part.url,
            file_id=part.file_id,
            file_data=_file_data(part),
        ),
    }
    pen.extend(fields, "cache_control", part.cache, f"{at}.cache_control")
    return pen.merge(fields, part.aside, at)


def _filename(part: File, pen: Pen) -> str | None:
    """Data needs a name here, where other dialects do without."""
    if part.name is not None or pen.own or (part.data is None and part.text is None):
        return part.name
    kind = "txt" if part.data is None else (part.media_type or "").rpartition("/")[2]
    return f"document.{'txt' if kind == 'plain' else kind or 'pdf'}"


def _file_data(part: File) -> str | None:
    if part.data is not None:
        return f"data:{part.media_type};base64,{part.data}" if part.media_type else part.data
    if part.text is not None:
        return f"data:text/plain;base64,{b64encode(part.text.encode()).decode()}"
    return None


def _write_audio(part: Audio, at: str, pen: Pen) -> Json:
    fields = pen.merge({"type": "input_audio"}, part.aside, at)
    inner = fields.get("input_audio")
    sound: Json = {"data": part.data, "format": part.format}
    return {**fields, "input_audio": {**inner, **sound} if isinstance(inner, dict) else sound}
