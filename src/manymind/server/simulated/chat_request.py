"""Requests of Chat Completions, as strict as OpenAI is with them."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

from manymind.canon.items import Called, Item, Returned, Said
from manymind.canon.parts import Audio, Part, Refusal, Text
from manymind.canon.requests import Function, OutputFormat, Request, ToolChoice
from manymind.server.simulated import errors
from manymind.server.simulated.talk import Asked, Json, Refused, unanswered

ToolName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


class TextPart(Struct, tag_field="type", tag="text"):
    text: str


class ImageUrl(Struct):
    url: str
    detail: Literal["auto", "low", "high", "original"] | None = None


class ImagePart(Struct, tag_field="type", tag="image_url"):
    image_url: ImageUrl


class Sound(Struct):
    data: str
    format: str


class AudioPart(Struct, tag_field="type", tag="input_audio"):
    input_audio: Sound


class Sheet(Struct):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class FilePart(Struct, tag_field="type", tag="file"):
    file: Sheet


class RefusalPart(Struct, tag_field="type", tag="refusal"):
    refusal: str


class CalledFunction(Struct):
    name: str
    arguments: str


class Call(Struct):
    id: str
    type: Literal["function"]
    function: CalledFunction


class Message(Struct):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart | ImagePart | AudioPart | FilePart | RefusalPart] | None = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None


class Declared(Struct):
    name: ToolName
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


class FunctionTool(Struct, tag_field="type", tag="function"):
    function: Declared


class CustomTool(Struct, tag_field="type", tag="custom"):
    custom: Json


class Named(Struct):
    name: str


class ChosenFunction(Struct):
    type: Literal["function"]
    function: Named


class Schema(Struct):
    name: ToolName
    schema: Json | None = None
    strict: bool | None = None
    description: str | None = None


class Format(Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: Schema | None = None


class StreamOptions(Struct):
    include_usage: bool | None = None


class Body(Struct):
    model: str
    messages: Annotated[list[Message], Meta(min_length=1)]
    tools: list[FunctionTool | CustomTool] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChosenFunction | None = None
    response_format: Format | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    logprobs: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None


def read(data: Json) -> Asked:
    """What is asked, or `Refused` where OpenAI would refuse it."""
    body = errors.decoded(data, Body)
    items = tuple(item for message in body.messages for item in _items(message))
    for place, call_id, is_call in unanswered(items, adjacent=True):
        raise _unpaired(place, call_id, is_call)
    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    request = Request(
        model=body.model,
        items=items,
        tools=tuple(_tool(tool) for tool in body.tools or () if isinstance(tool, FunctionTool)),
        tool_choice=_choice(body.tool_choice),
        output=_format(body.response_format),
        max_output_tokens=body.max_completion_tokens or body.max_tokens,
        stop=stop,
        stream=bool(body.stream),
        stream_usage=body.stream_options is not None and body.stream_options.include_usage,
        n=body.n,
        logprobs=body.logprobs,
    )
    return Asked(request, data)


def _unpaired(place: int, call_id: str, is_call: bool) -> Refused:
    if is_call:
        return Refused(
            400,
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            f"to each 'tool_call_id'. These did not have response messages: {call_id}",
            param="messages",
        )
    return Refused(
        400,
        "Invalid parameter: messages with role 'tool' must be a response to a preceding message "
        "with 'tool_calls'.",
        param=f"messages.[{place}].role",
    )


def _items(message: Message) -> Iterator[Item]:
    parts = _parts(message)
    if message.role == "tool":
        if message.tool_call_id is None:
            raise Refused(400, "Missing parameter 'tool_call_id'.", param="messages")
        yield Returned(call_id=message.tool_call_id, parts=parts)
        return
    if message.content is None and message.role != "assistant":
        raise Refused(400, "Invalid value for 'content': expected a string.", param="messages")
    if parts or not message.tool_calls:
        yield Said(role=message.role, parts=parts)
    for call in message.tool_calls or ():
        yield Called(call_id=call.id, name=call.function.name, arguments=call.function.arguments)


def _parts(message: Message) -> tuple[Part, ...]:
    content = message.content
    if isinstance(content, str):
        return (Text(text=content),)
    return tuple(_part(part) for part in content or ())


def _part(part: TextPart | ImagePart | AudioPart | FilePart | RefusalPart) -> Part:
    match part:
        case TextPart():
            return Text(text=part.text)
        case ImagePart():
            return errors.image(part.image_url.url, None, "messages")
        case AudioPart():
            return Audio(data=part.input_audio.data, format=part.input_audio.format)
        case FilePart():
            return errors.file(part.file.file_data, part.file.file_id, part.file.filename)
        case RefusalPart():
            return Refusal(text=part.refusal)


def _tool(tool: FunctionTool) -> Function:
    declared = tool.function
    return Function(
        name=declared.name, description=declared.description, parameters=declared.parameters
    )


def _choice(choice: str | ChosenFunction | None) -> ToolChoice | None:
    if isinstance(choice, ChosenFunction):
        return ToolChoice(mode="named", name=choice.function.name)
    return None if choice is None else ToolChoice(mode=choice)


def _format(form: Format | None) -> OutputFormat | None:
    if form is None:
        return None
    schema = form.json_schema
    if form.type == "json_schema" and schema is None:
        raise Refused(
            400,
            "Missing required parameter: 'response_format.json_schema'.",
            code="missing_required_parameter",
            param="response_format.json_schema",
        )
    return OutputFormat(form=form.type, schema=None if schema is None else schema.schema)
