"""What the official SDKs' types say of JSON: whether it fits, and what in it they do not know."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from anthropic.types import Message, RawMessageStreamEvent
from google.genai.types import GenerateContentResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from tests.docs.pages import page, plain

EVENTS: Mapping[str, TypeAdapter[Any]] = {
    "chat": TypeAdapter(ChatCompletionChunk),
    "responses": TypeAdapter(ResponseStreamEvent),
    "messages": TypeAdapter(RawMessageStreamEvent),
    "gemini": TypeAdapter(GenerateContentResponse),
}
WHOLES: Mapping[str, TypeAdapter[Any]] = {
    "chat": TypeAdapter(ChatCompletion),
    "responses": TypeAdapter(Response),
    "messages": TypeAdapter(Message),
    "gemini": TypeAdapter(GenerateContentResponse),
}


def listed() -> frozenset[tuple[str, str]]:
    """What the reference says we send beyond the official types: a type of theirs, and a field."""
    rows = page("docs/reference/wire.md").rows("in", "beyond the official types", "means")
    return frozenset(
        (plain(kind).strip(), field.strip())
        for kinds, fields, _ in rows
        for kind in kinds.split(",")
        for field in plain(fields).split(",")
    )


def extras(adapter: TypeAdapter[Any], data: str) -> set[tuple[str, str]]:
    """Fields that the type does not know, each with the type that it stands in; what does not fit
    strictly raises. Google's types refuse what they do not know; that is asked apart here, too."""
    return set(_extras(adapter.validate_json(data, strict=True, extra="allow")))


def _extras(value: object) -> Iterator[tuple[str, str]]:
    match value:
        case BaseModel():
            name = type(value).__name__
            yield from ((name, field) for field in value.model_extra or {})
            for field in type(value).model_fields:
                yield from _extras(getattr(value, field))
        case list():
            for each in cast("list[object]", value):
                yield from _extras(each)
        case _:
            pass
