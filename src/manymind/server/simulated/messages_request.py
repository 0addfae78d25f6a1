"""Requests of Messages, as strict as Anthropic is with them."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from manymind.canon.items import Called, Item, Returned, Said, Thought
from manymind.canon.parts import File, Image, Part, Text
from manymind.canon.requests import Function, OutputFormat, Request, ToolChoice
from manymind.server.simulated import errors, seals
from manymind.server.simulated.talk import Asked, Json, Refused, unanswered


class Base64Source(Struct, tag_field="type", tag="base64"):
    media_type: str
    data: str


class UrlSource(Struct, tag_field="type", tag="url"):
    url: str


class FileSource(Struct, tag_field="type", tag="file"):
    file_id: str


class TextSource(Struct, tag_field="type", tag="text"):
    data: str
    media_type: Literal["text/plain"]


class TextBlock(Struct, tag_field="type", tag="text"):
    text: Annotated[str, Meta(min_length=1)]


class ImageBlock(Struct, tag_field="type", tag="image"):
    source: Base64Source | UrlSource | FileSource


class DocumentBlock(Struct, tag_field="type", tag="document"):
    source: Base64Source | UrlSource | FileSource | TextSource
    title: str | None = None


class ToolUse(Struct, tag_field="type", tag="tool_use"):
    id: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]+$")]
    name: str
    input: Json


class ToolResult(Struct, tag_field="type", tag="tool_result"):
    tool_use_id: str
    content: str | list[TextBlock | ImageBlock | DocumentBlock] | None = None
    is_error: bool | None = None


class Thinking(Struct, tag_field="type", tag="thinking"):
    thinking: str
    signature: str


class RedactedThinking(Struct, tag_field="type", tag="redacted_thinking"):
    data: str


Block = TextBlock | ImageBlock | DocumentBlock | ToolUse | ToolResult | Thinking | RedactedThinking


class Message(Struct):
    role: Literal["user", "assistant", "system"]
    content: str | list[Block]


class Declared(Struct):
    name: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
    type: str | None = None
    description: str | None = None
    input_schema: Json | None = None


class Choice(Struct):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None


class Format(Struct):
    type: Literal["json_schema"]
    schema: Json


class OutputConfig(Struct):
    format: Format | None = None


class ThinkingConfig(Struct):
    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: Annotated[int, Meta(ge=1024)] | None = None


class Body(Struct):
    model: str
    messages: Annotated[list[Message], Meta(min_length=1)]
    max_tokens: Annotated[int, Meta(ge=1)]
    system: str | list[TextBlock] | None = None
    tools: list[Declared] | None = None
    tool_choice: Choice | None = None
    output_config: OutputConfig | None = None
    thinking: ThinkingConfig | None = None
    stop_sequences: list[str] | None = None
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None


class Counted(Struct):
    """What `count_tokens` takes: a body without `max_tokens`."""

    model: str
    messages: Annotated[list[Message], Meta(min_length=1)]
    system: str | list[TextBlock] | None = None
    tools: list[Declared] | None = None


def read(data: Json) -> Asked:
    """What is asked, or `Refused` where Anthropic would refuse it."""
    body = errors.decoded(data, Body)
    _check_thinking(body)
    output = body.output_config.format if body.output_config else None
    request = Request(
        model=body.model,
        items=_history(body.messages),
        instructions=_system(body.system),
        tools=_tools(body.tools),
        tool_choice=_choice(body.tool_choice),
        output=OutputFormat(form="json_schema", schema=output.schema) if output else None,
        max_output_tokens=body.max_tokens,
        stop=tuple(body.stop_sequences or ()),
        stream=bool(body.stream),
    )
    return Asked(request, data)


def _check_thinking(body: Body) -> None:
    """What does not go together with thinking."""
    thinking, choice = body.thinking, body.tool_choice
    if thinking is None or thinking.type == "disabled":
        return
    if thinking.budget_tokens is not None and thinking.budget_tokens >= body.max_tokens:
        raise Refused(400, "`max_tokens` must be greater than `thinking.budget_tokens`.")
    if choice is not None and choice.type in ("any", "tool"):
        raise Refused(400, "Thinking may not be enabled when tool_choice forces tool use.")
    if body.temperature is not None and body.temperature != 1:
        raise Refused(400, "`temperature` may only be set to 1 when thinking is enabled.")


def read_counted(data: Json) -> Asked:
    """The same for `count_tokens`."""
    body = errors.decoded(data, Counted)
    request = Request(
        model=body.model,
        items=_history(body.messages),
        instructions=_system(body.system),
        tools=_tools(body.tools),
    )
    return Asked(request, data)


def _system(system: str | list[TextBlock] | None) -> tuple[Text, ...] | None:
    if isinstance(system, str):
        return (Text(text=system),)
    return None if system is None else tuple(Text(text=block.text) for block in system)


def _history(messages: Sequence[Message]) -> tuple[Item, ...]:
    items: list[Item] = []
    if messages[0].role == "assistant":
        raise Refused(400, 'messages: first message must use the "user" role')
    for place, message in enumerate(messages):
        items += _items(message, f"messages.{place}")
    for _, call_id, is_call in unanswered(tuple(items), adjacent=True):
        raise Refused(
            400,
            f"`tool_use` ids were found without `tool_result` blocks immediately after: {call_id}."
            if is_call
            else f"unexpected `tool_use_id` found in `tool_result` blocks: {call_id}. Each "
            "`tool_result` block must have a corresponding `tool_use` block in the previous "
            "message.",
        )
    return tuple(items)


def _items(message: Message, field: str) -> Iterator[Item]:
    if isinstance(message.content, str):
        if not message.content:
            raise Refused(400, f"{field}: text content blocks must be non-empty")
        yield Said(role=message.role, parts=(Text(text=message.content),))
        return
    parts: list[Part] = []
    for place, block in enumerate(message.content):
        match block:
            case TextBlock() | ImageBlock() | DocumentBlock():
                parts.append(_part(block))
            case _:
                if parts:
                    yield Said(role=message.role, parts=tuple(parts))
                    parts = []
                yield _item(block, message.role, f"{field}.content.{place}")
    if parts:
        yield Said(role=message.role, parts=tuple(parts))


def _item(block: ToolUse | ToolResult | Thinking | RedactedThinking, role: str, field: str) -> Item:
    if (role == "user") != isinstance(block, ToolResult):
        raise Refused(400, f"{field}: this block is not allowed in {role} messages")
    match block:
        case ToolUse():
            arguments = msgspec.json.encode(block.input).decode()
            return Called(call_id=block.id, name=block.name, arguments=arguments)
        case ToolResult():
            content = block.content or ()
            parts = (
                (Text(text=content),)
                if isinstance(content, str)
                else tuple(_part(part) for part in content)
            )
            return Returned(call_id=block.tool_use_id, parts=parts, failed=bool(block.is_error))
        case Thinking():
            if not seals.genuine(block.thinking, block.signature):
                raise Refused(400, f"{field}: Invalid `signature` in `thinking` block")
            return Thought(content=(Text(text=block.thinking),), signature=block.signature)
        case RedactedThinking():
            if seals.unsealed(block.data) is None:
                raise Refused(400, f"{field}: Invalid `data` in `redacted_thinking` block")
            return Thought(encrypted=block.data, redacted=True)


def _part(block: TextBlock | ImageBlock | DocumentBlock) -> Part:
    if isinstance(block, TextBlock):
        return Text(text=block.text)
    source, picture = block.source, isinstance(block, ImageBlock)
    match source:
        case Base64Source(media_type=kind, data=data):
            if picture and kind not in ("image/jpeg", "image/png", "image/gif", "image/webp"):
                raise Refused(400, f"source.base64.media_type: {kind!r} is not supported")
            return (Image if picture else File)(media_type=kind, data=data)
        case UrlSource(url=url):
            return (Image if picture else File)(url=url)
        case FileSource(file_id=file_id):
            return (Image if picture else File)(file_id=file_id)
        case TextSource(data=text):
            return File(media_type="text/plain", text=text)


def _tools(tools: Sequence[Declared] | None) -> tuple[Function, ...]:
    """The client's own functions; what Anthropic itself would run is let be."""
    for place, tool in enumerate(tools or ()):
        if tool.type in (None, "custom") and tool.input_schema is None:
            raise Refused(400, f"tools.{place}.custom.input_schema: Field required")
    return tuple(
        Function(name=tool.name, description=tool.description, parameters=tool.input_schema)
        for tool in tools or ()
        if tool.type in (None, "custom")
    )


def _choice(choice: Choice | None) -> ToolChoice | None:
    if choice is None:
        return None
    modes = {"any": "required", "tool": "named"}
    return ToolChoice(mode=modes.get(choice.type, choice.type), name=choice.name)
