"""What an item's content is made of."""

from typing import TypeAlias

from msgspec import Struct

from manymind.canon.values import Aside, Json


class Citation(Struct, frozen=True, kw_only=True):
    """Where a stretch of text comes from. `start` and `end` count code points of that text.

    `quote` is verbatim in `document_id` at `source_start`; `verified` says that code looked.
    """

    form: str = "url_citation"
    url: str | None = None
    title: str | None = None
    start: int = 0
    end: int = 0
    quote: str | None = None
    document_id: str | None = None
    source_start: int | None = None
    source_end: int | None = None
    verified: bool | None = None
    aside: Aside | None = None


class Text(Struct, frozen=True, kw_only=True, tag_field="kind", tag="text"):
    text: str
    citations: tuple[Citation, ...] = ()
    logprobs: tuple[Json, ...] | None = None
    cache: Json | None = None
    aside: Aside | None = None


class Image(Struct, frozen=True, kw_only=True, tag_field="kind", tag="image"):
    """An image by `url`, by `file_id`, or as base64 `data` of a `media_type`."""

    url: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    data: str | None = None
    detail: str | None = None
    cache: Json | None = None
    aside: Aside | None = None


class File(Struct, frozen=True, kw_only=True, tag_field="kind", tag="file"):
    """A document by `url`, by `file_id`, as base64 `data`, or as plain `text`."""

    name: str | None = None
    url: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    data: str | None = None
    text: str | None = None
    cache: Json | None = None
    aside: Aside | None = None


class Audio(Struct, frozen=True, kw_only=True, tag_field="kind", tag="audio"):
    data: str
    format: str
    aside: Aside | None = None


class Refusal(Struct, frozen=True, kw_only=True, tag_field="kind", tag="refusal"):
    text: str
    aside: Aside | None = None


class UnreadPart(Struct, frozen=True, kw_only=True, tag_field="kind", tag="unread"):
    """A part of a kind that we do not know, whole, for the dialect that does."""

    dialect: str
    data: Json


Part: TypeAlias = Text | Image | File | Audio | Refusal | UnreadPart
