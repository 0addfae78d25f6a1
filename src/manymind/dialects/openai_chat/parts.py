"""The parts of a message's content, both ways."""

import re

from manymind.canon.parts import Audio, File, Image, Part, Refusal, Text, UnreadPart
from manymind.canon.values import Aside, Json
from manymind.dialects.losses import Losses, nest
from manymind.dialects.reading import Object

NAME = "openai_chat"

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,")


def read_content(message: Object, name: str = "content") -> tuple[Part, ...] | None:
    """A content field: a string, an array of parts, or nothing."""
    value = message.peek(name)
    if isinstance(value, str):
        message.take(name)
        return (Text(text=value),)
    if value is not None and not isinstance(value, list):
        raise message.mistyped(name, "a string or an array of parts", value)
    parts = message.each(name)
    return None if parts is None else tuple(read_part(part) for part in parts)


def read_part(part: Object) -> Part:
    match part.peek("type"):
        case "text" if part.peek("text") is not None:
            return _read_text(part)
        case "image_url" if part.peek("image_url") is not None:
            return _read_image(part)
        case "file" if part.peek("file") is not None:
            return _read_file(part)
        case "input_audio" if part.peek("input_audio") is not None:
            return _read_audio(part)
        case "refusal" if part.peek("refusal") is not None:
            part.take("type")
            refusal = part.needed("refusal", part.text("refusal"))
            return Refusal(text=refusal, aside=part.rest(NAME))
        case str() as kind if kind not in _KNOWN:
            return UnreadPart(dialect=NAME, data=part.left())
        case str() as kind:
            raise part.wrong(kind, "is missing")
        case None:
            raise part.wrong("type", "is missing")
        case other:
            raise part.mistyped("type", "a string", other)


_KNOWN = frozenset({"text", "image_url", "file", "input_audio", "refusal"})


def _read_text(part: Object) -> Text:
    part.take("type")
    text = part.needed("text", part.text("text"))
    return Text(text=text, cache=part.json("cache_control"), aside=part.rest(NAME))


def _read_image(part: Object) -> Image:
    part.take("type")
    if isinstance(part.peek("image_url"), str):
        url, detail = part.text("image_url"), None
        inner: Json = {}
    else:
        image = part.needed("image_url", part.inner("image_url"))
        url = image.needed("url", image.text("url"))
        detail = image.text("detail")
        inner = image.left()
    cache = part.json("cache_control")
    aside = _aside(part, "image_url", inner)
    found = _DATA_URL.match(url or "")
    if url is not None and found is not None:
        return Image(
            media_type=found[1], data=url[found.end() :], detail=detail, cache=cache, aside=aside
        )
    return Image(url=url, detail=detail, cache=cache, aside=aside)


def _read_file(part: Object) -> File:
    part.take("type")
    file = part.needed("file", part.inner("file"))
    name, file_id, data = file.text("filename"), file.text("file_id"), file.text("file_data")
    cache = part.json("cache_control")
    aside = _aside(part, "file", file.left())
    if data is None:
        return File(name=name, file_id=file_id, cache=cache, aside=aside)
    if data.startswith(("https://", "http://")):
        return File(name=name, file_id=file_id, url=data, cache=cache, aside=aside)
    found = _DATA_URL.match(data)
    return File(
        name=name,
        file_id=file_id,
        media_type=found[1] if found else None,
        data=data[found.end() :] if found else data,
        cache=cache,
        aside=aside,
    )


def _read_audio(part: Object) -> Audio:
    part.take("type")
    audio = part.needed("input_audio", part.inner("input_audio"))
    data = audio.needed("data", audio.text("data"))
    form = audio.needed("format", audio.text("format"))
    return Audio(data=data, format=form, aside=_aside(part, "input_audio", audio.left()))


def _aside(part: Object, name: str, inner: Json) -> Aside | None:
    """What is left of a part and of the object inside it."""
    left = {**part.left(), name: inner} if inner else part.left()
    return Aside(NAME, left) if left else None


class PartWriter:
    """Writes parts for one request. What came from Chat goes back as it was; what came from
    elsewhere keeps to what every server of this dialect knows, or to OpenRouter's additions
    where `extended`."""

    def __init__(self, losses: Losses, *, ours: bool, extended: bool) -> None:
        self._losses = losses
        self._ours = ours
        self._extended = extended

    def content(self, parts: tuple[Part, ...], place: str) -> str | list[Json]:
        """A plain string where that says it all, else an array."""
        match parts:
            case (Text(cache=None, aside=None) as only,):
                return only.text
            case _:
                written = [
                    self.part(part, f"{place}.content[{n}]" if len(parts) > 1 else place)
                    for n, part in enumerate(parts)
                ]
                return [part for part in written if part is not None]

    def part(self, part: Part, place: str) -> Json | None:
        match part:
            case Text():
                fields: Json = {"type": "text", "text": part.text}
                return self._losses.merge(fields | self.cache(part.cache, place), part.aside, place)
            case Image():
                return self._image(part, place)
            case File():
                return self._file(part, place)
            case Audio():
                inner: Json = {"data": part.data, "format": part.format}
                return self._nested("input_audio", inner, part.aside, place)
            case Refusal():
                fields = {"type": "refusal", "refusal": part.text}
                return self._losses.merge(fields, part.aside, place)
            case UnreadPart() if part.dialect == NAME:
                return part.data
            case UnreadPart():
                self._losses.lose(place)
                return None

    def cache(self, cache: Json | None, place: str) -> Json:
        """Marks of a prompt cache: an addition of OpenRouter's that others refuse."""
        if cache is None:
            return {}
        if self._ours or self._extended:
            return {"cache_control": cache}
        self._losses.lose(f"{place}.cache_control")
        return {}

    def _image(self, part: Image, place: str) -> Json | None:
        url = part.url
        if part.data is not None:
            url = f"data:{part.media_type or 'image/png'};base64,{part.data}"
        if url is None:
            self._losses.lose(place)
            return None
        inner: Json = {"url": url} if part.detail is None else {"url": url, "detail": part.detail}
        return self._nested("image_url", inner, part.aside, place, part.cache)

    def _file(self, part: File, place: str) -> Json | None:
        if part.text is not None:
            title = f"{part.name}\n\n" if part.name else ""
            return {"type": "text", "text": title + part.text} | self.cache(part.cache, place)
        if part.url is not None and not (self._ours or self._extended):
            self._losses.lose(place)
            return None
        inner: Json = {}
        if part.name is not None or (part.data is not None and not self._ours):
            inner["filename"] = part.name or "document"
        if part.url is not None:
            inner["file_data"] = part.url
        elif part.data is not None:
            head = f"data:{part.media_type};base64," if part.media_type else ""
            inner["file_data"] = head + part.data
        if part.file_id is not None:
            inner["file_id"] = part.file_id
        return self._nested("file", inner, part.aside, place, part.cache)

    def _nested(
        self, name: str, inner: Json, aside: Aside | None, place: str, cache: Json | None = None
    ) -> Json:
        """A part of the form {type, <type>: {…}}, with the unknown fields of both levels."""
        fields = self._losses.merge({"type": name} | self.cache(cache, place), aside, place)
        return nest(fields, name, inner)
