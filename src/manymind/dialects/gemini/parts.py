"""The parts of a content, both ways: words, and media by address or by value."""

from mimetypes import guess_type

from manymind.canon.parts import Audio, File, Image, Part, Refusal, Text, UnreadPart
from manymind.canon.values import Aside, Json
from manymind.dialects.gemini.casing import camel
from manymind.dialects.gemini.signatures import standard
from manymind.dialects.gemini.words import NAME
from manymind.dialects.losses import Losses, nest
from manymind.dialects.reading import Object

_AUDIO = {"audio/wav": "wav", "audio/mp3": "mp3", "audio/flac": "flac", "audio/ogg": "ogg"}
_TYPES = {form: kind for kind, form in _AUDIO.items()}


def read_part(part: Object) -> Part:
    """A part whose fields were named as the API writes them."""
    if isinstance(part.peek("text"), str):
        return Text(text=part.text("text") or "", aside=part.rest(NAME))
    for name in ("inlineData", "fileData"):
        if part.peek(name) is not None:
            media = camel(part.needed(name, part.inner(name)))
            read = _read_inline(media) if name == "inlineData" else _read_file(media)
            return _with(read, _aside(part, name, media.left()))
    if part.peek("text") is not None:
        raise part.mistyped("text", "a string", part.peek("text"))
    return UnreadPart(dialect=NAME, data=part.left())


def _read_inline(media: Object) -> Image | File | Audio:
    kind = media.needed("mimeType", media.text("mimeType"))
    data = standard(media.needed("data", media.text("data")))
    if kind.startswith("image/"):
        return Image(media_type=kind, data=data)
    if kind in _AUDIO:
        return Audio(data=data, format=_AUDIO[kind])
    return File(name=media.text("displayName"), media_type=kind, data=data)


def _read_file(media: Object) -> Image | File:
    kind = media.text("mimeType")
    uri = media.needed("fileUri", media.text("fileUri"))
    if kind is not None and kind.startswith("image/"):
        return Image(url=uri, media_type=kind)
    return File(name=media.text("displayName"), url=uri, media_type=kind)


def _with(part: Image | File | Audio, aside: Aside | None) -> Part:
    match part:
        case Image():
            return Image(url=part.url, media_type=part.media_type, data=part.data, aside=aside)
        case Audio():
            return Audio(data=part.data, format=part.format, aside=aside)
        case File():
            return File(
                name=part.name,
                url=part.url,
                media_type=part.media_type,
                data=part.data,
                aside=aside,
            )


def _aside(part: Object, name: str, inner: Json) -> Aside | None:
    """What is left of a part and of the object inside it."""
    left = {**part.left(), name: inner} if inner else part.left()
    return Aside(NAME, left) if left else None


class PartWriter:
    """Writes parts of one request or reply; None where there is no form for one here."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses

    def part(self, part: Part, place: str) -> Json | None:
        match part:
            case Text():
                self._uncached(part.cache, place)
                return self._losses.merge({"text": part.text}, part.aside, place)
            case Refusal():
                return self._losses.merge({"text": part.text}, part.aside, place)
            case Audio():
                kind = _TYPES.get(part.format, f"audio/{part.format}")
                inner: Json = {"mimeType": kind, "data": part.data}
                return self._nested("inlineData", inner, part.aside, place)
            case Image():
                return self._image(part, place)
            case File():
                return self._file(part, place)
            case UnreadPart() if part.dialect == NAME:
                return part.data
            case UnreadPart():
                self._losses.lose(place)
                return None

    def _image(self, part: Image, place: str) -> Json | None:
        self._uncached(part.cache, place)
        self._losses.unless(part.detail, f"{place}.detail")
        kind = part.media_type or _guessed(part.url)
        if part.data is not None:
            inner: Json = {"mimeType": kind or "image/png", "data": part.data}
            return self._nested("inlineData", inner, part.aside, place)
        if part.url is None:
            self._losses.lose(place)
            return None
        # An image must say that it is one; servers look for themselves which it is.
        return self._nested("fileData", _address(part.url, kind or "image/jpeg"), part.aside, place)

    def _file(self, part: File, place: str) -> Json | None:
        self._uncached(part.cache, place)
        named: Json = {} if part.name is None else {"displayName": part.name}
        if part.text is not None:
            title = f"{part.name}\n\n" if part.name else ""
            return self._losses.merge({"text": title + part.text}, part.aside, place)
        if part.data is not None:
            kind = part.media_type or _guessed(part.name) or "application/pdf"
            inner = {"mimeType": kind, "data": part.data} | named
            return self._nested("inlineData", inner, part.aside, place)
        if part.url is None:
            self._losses.lose(place)
            return None
        return self._nested(
            "fileData", _address(part.url, part.media_type) | named, part.aside, place
        )

    def _uncached(self, cache: Json | None, place: str) -> None:
        self._losses.unless(cache, f"{place}.cache_control")

    def _nested(self, name: str, inner: Json, aside: Aside | None, place: str) -> Json:
        return nest(self._losses.merge({}, aside, place), name, inner)


def _address(uri: str, kind: str | None) -> Json:
    return {"fileUri": uri} if kind is None else {"mimeType": kind, "fileUri": uri}


def _guessed(name: str | None) -> str | None:
    """What a name's end says of a file."""
    return guess_type((name or "").partition("?")[0])[0]
