"""The blocks of a content that are parts in the canon: texts, images, documents."""

import re
from base64 import b64decode
from binascii import Error
from typing import assert_never, cast

from msgspec.structs import replace

from manymind.canon.parts import Audio, File, Image, Part, Refusal, Text, UnreadPart
from manymind.canon.values import Aside, Json
from manymind.dialects.anthropic_messages.citations import native, read_citation, write_citation
from manymind.dialects.anthropic_messages.words import NAME
from manymind.dialects.losses import Losses, nest
from manymind.dialects.reading import Object

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,")


def kind_of(block: Object) -> str:
    kind = block.peek("type")
    if kind is None:
        raise block.wrong("type", "is missing")
    if not isinstance(kind, str):
        raise block.mistyped("type", "a string", kind)
    return kind


def read_content(holder: Object, name: str) -> tuple[Part, ...] | None:
    """A content field: a string, an array of blocks, or nothing."""
    value = holder.peek(name)
    if isinstance(value, str):
        holder.take(name)
        return (Text(text=value),)
    if value is not None and not isinstance(value, list):
        raise holder.mistyped(name, "a string or an array of blocks", value)
    blocks = holder.each(name)
    return None if blocks is None else tuple(read_part(block) for block in blocks)


def read_part(block: Object) -> Part:
    match kind_of(block):
        case "text":
            return read_text(block)
        case "image":
            return _read_image(block)
        case "document":
            return _read_document(block)
        case _:
            return UnreadPart(dialect=NAME, data=block.left())


def read_text(block: Object) -> Text:
    block.take("type")
    text = block.needed("text", block.text("text"))
    notes = block.each("citations") or ()
    return Text(
        text=text,
        citations=tuple(read_citation(note, len(text)) for note in notes),
        cache=block.json("cache_control"),
        aside=block.rest(NAME),
    )


def _read_image(block: Object) -> Image | UnreadPart:
    whole = dict(block.left())
    source = block.needed("source", block.inner("source"))
    kind = kind_of(source)
    source.take("type")
    image = Image(cache=block.json("cache_control"))
    match kind:
        case "base64":
            image = replace(
                image,
                media_type=source.needed("media_type", source.text("media_type")),
                data=source.needed("data", source.text("data")),
            )
        case "url":
            image = replace(image, url=source.needed("url", source.text("url")))
        case "file":
            image = replace(image, file_id=source.needed("file_id", source.text("file_id")))
        case _:
            return UnreadPart(dialect=NAME, data=whole)
    return replace(image, aside=_aside(block, source.left()))


def _read_document(block: Object) -> File | UnreadPart:
    whole = dict(block.left())
    source = block.needed("source", block.inner("source"))
    kind = kind_of(source)
    kept: Json = {}
    file = File(name=block.text("title"), cache=block.json("cache_control"))
    match kind:
        case "base64":
            file = replace(
                file,
                media_type=source.text("media_type"),
                data=source.needed("data", source.text("data")),
            )
        case "text":
            source.take("media_type")
            file = replace(file, text=source.needed("data", source.text("data")))
        case "url":
            file = replace(file, url=source.needed("url", source.text("url")))
        case "file":
            file = replace(file, file_id=source.needed("file_id", source.text("file_id")))
        case "content":
            kept = dict(source.left())
            file = replace(file, text=_joined(source))
        case _:
            return UnreadPart(dialect=NAME, data=whole)
    source.take("type")
    return replace(file, aside=_aside(block, kept or source.left()))


def _joined(source: Object) -> str:
    """The words of a document that is given in blocks; the blocks themselves stay aside."""
    parts = source.needed("content", read_content(source, "content"))
    return "\n\n".join(part.text for part in parts if isinstance(part, Text))


def _aside(block: Object, source: Json) -> Aside | None:
    """What is left of a block, and of the source inside it."""
    block.take("type")
    left = {**block.left(), "source": source} if source else block.left()
    return Aside(NAME, left) if left else None


class PartWriter:
    """Writes parts as blocks. `own` says that the request came in this dialect, and then its
    texts may be empty and its files are known here. In a `reply` every citation is shown."""

    def __init__(self, losses: Losses, *, own: bool, reply: bool = False) -> None:
        self._losses = losses
        self._own = own
        self._reply = reply

    def blocks(self, parts: tuple[Part, ...], place: str) -> list[Json]:
        written = [self.block(part, f"{place}.content[{n}]") for n, part in enumerate(parts)]
        return [block for block in written if block is not None]

    def block(self, part: Part, place: str) -> Json | None:
        match part:
            case Text():
                return self._text(part, place)
            case Image():
                return self._image(part, place)
            case File():
                return self._document(part, place)
            case Refusal():
                # A refusal in history reads here as words that the assistant said.
                self._losses.lose(place)
                return {"type": "text", "text": part.text}
            case UnreadPart() if part.dialect == NAME:
                return part.data
            case Audio() | UnreadPart():
                self._losses.lose(place)
                return None
            case _:
                assert_never(part)

    def text(self, text: Text, place: str) -> Json:
        fields: Json = {"type": "text", "text": text.text}
        shown = [note for note in text.citations if self._reply or native(note)]
        notes = [write_citation(note, len(text.text)) for note in shown]
        told = [note for note in notes if note is not None]
        if told:
            fields["citations"] = told
        if len(told) < len(text.citations):
            self._losses.lose(f"{place}.citations")
        self._losses.unless(text.logprobs, f"{place}.logprobs")
        return self._finished(fields, text.cache, text.aside, place)

    def _text(self, text: Text, place: str) -> Json | None:
        """Servers refuse empty texts, which other dialects are full of."""
        return self.text(text, place) if text.text or self._own or self._reply else None

    def _image(self, image: Image, place: str) -> Json | None:
        found = _DATA_URL.match(image.url or "")
        if image.data is not None:
            media_type = image.media_type or "image/png"
            source: Json = {"type": "base64", "media_type": media_type, "data": image.data}
        elif image.url is not None and found is not None:
            source = {"type": "base64", "media_type": found[1], "data": image.url[found.end() :]}
        elif image.url is not None:
            source = {"type": "url", "url": image.url}
        elif image.file_id is not None and self._own:
            source = {"type": "file", "file_id": image.file_id}
        else:
            self._losses.lose(place)
            return None
        if image.detail not in (None, "auto"):
            self._losses.lose(f"{place}.detail")
        fields = self._finished({"type": "image"}, image.cache, image.aside, place)
        return nest(fields, "source", source)

    def _document(self, file: File, place: str) -> Json | None:
        source = self._source(file)
        if source is None:
            self._losses.lose(place)
            return None
        fields: Json = {"type": "document"}
        if file.name is not None:
            fields["title"] = file.name
        fields = self._finished(fields, file.cache, file.aside, place)
        told = _told_in_blocks(fields.get("source"))
        if told is None:
            return nest(fields, "source", source)
        # Whoever has changed the words means them to be sent, not the blocks they came from.
        return fields if told == file.text else {**fields, "source": source}

    def _source(self, file: File) -> Json | None:
        if file.data is not None:
            text = None if self._own else _plain(file)
            if text is not None:
                return {"type": "text", "media_type": "text/plain", "data": text}
            media_type = file.media_type or "application/pdf"
            return {"type": "base64", "media_type": media_type, "data": file.data}
        if file.text is not None:
            return {"type": "text", "media_type": "text/plain", "data": file.text}
        if file.url is not None:
            return {"type": "url", "url": file.url}
        if file.file_id is not None and self._own:
            return {"type": "file", "file_id": file.file_id}
        return None

    def _finished(self, fields: Json, cache: Json | None, aside: Aside | None, place: str) -> Json:
        if cache is not None:
            fields["cache_control"] = cache
        return self._losses.merge(fields, aside, place)


def _plain(file: File) -> str | None:
    """The words of a text file that was sent as data; this dialect takes only PDF so."""
    if not (file.media_type or "").startswith("text/"):
        return None
    try:
        return b64decode(file.data or "", validate=True).decode()
    except (Error, UnicodeError):
        return None


def _told_in_blocks(kept: object) -> str | None:
    """The words of a source in blocks that was kept aside; None if there is none."""
    if not isinstance(kept, dict):
        return None
    source = Object(cast("Json", kept), "source")
    return _joined(source) if source.peek("type") == "content" else None
