"""Requests of Responses, as strict as OpenAI is with them."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from manymind.canon.items import Called, Item, Returned, Said, Thought
from manymind.canon.parts import Part, Refusal, Text
from manymind.canon.requests import Function, OutputFormat, Request, ToolChoice
from manymind.server.simulated import errors, seals
from manymind.server.simulated.talk import Asked, Json, Refused, unanswered


class InputText(Struct, tag_field="type", tag="input_text"):
    text: str


class InputImage(Struct, tag_field="type", tag="input_image"):
    image_url: str | None = None
    file_id: str | None = None
    detail: Literal["auto", "low", "high", "original"] | None = None


class InputFile(Struct, tag_field="type", tag="input_file"):
    file_data: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    filename: str | None = None


class OutputText(Struct, tag_field="type", tag="output_text"):
    text: str


class OutputRefusal(Struct, tag_field="type", tag="refusal"):
    refusal: str


Content = InputText | InputImage | InputFile | OutputText | OutputRefusal


class Message(Struct):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Content]
    id: str | None = None


class FunctionCall(Struct):
    call_id: str
    name: str
    arguments: str


class FunctionCallOutput(Struct):
    call_id: str
    output: str | list[InputText | InputImage | InputFile]


class Summary(Struct, tag_field="type", tag="summary_text"):
    text: str


class ReasoningItem(Struct):
    summary: list[Summary]
    id: str | None = None
    encrypted_content: str | None = None


class Declared(Struct):
    name: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


class ChosenFunction(Struct):
    type: str
    name: str | None = None


class Format(Struct):
    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: Json | None = None
    strict: bool | None = None


class TextConfig(Struct):
    format: Format | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class Reasoning(Struct):
    effort: str | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None


class Body(Struct):
    model: str
    input: str | list[Json]
    instructions: str | None = None
    tools: list[Json] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChosenFunction | None = None
    text: TextConfig | None = None
    reasoning: Reasoning | None = None
    include: list[str] | None = None
    previous_response_id: str | None = None
    stream: bool | None = None
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None


def read(data: Json) -> Asked:
    """What is asked, or `Refused` where OpenAI would refuse it."""
    body = errors.decoded(data, Body)
    if body.previous_response_id is not None:
        raise Refused(
            400,
            f"Previous response with id '{body.previous_response_id}' not found.",
            code="previous_response_not_found",
            param="previous_response_id",
        )
    items = tuple(_items(body.input))
    for _, call_id, is_call in unanswered(items, adjacent=False):
        what = (
            "output found for function call" if is_call else "call found for function call output"
        )
        raise Refused(400, f"No tool {what} with call_id {call_id}.", param="input")
    request = Request(
        model=body.model,
        items=items,
        instructions=None if body.instructions is None else (Text(text=body.instructions),),
        tools=tuple(_functions(body.tools or [])),
        tool_choice=_choice(body.tool_choice),
        output=_format(body.text),
        max_output_tokens=body.max_output_tokens,
        include=tuple(body.include or ()),
        stream=bool(body.stream),
    )
    return Asked(request, data)


def _items(written: str | list[Json]) -> Iterator[Item]:
    if isinstance(written, str):
        yield Said(role="user", parts=(Text(text=written),))
        return
    if not written:
        raise Refused(400, "The input must hold at least one item.", param="input")
    for place, data in enumerate(written):
        item = _item(data, f"input[{place}]")
        if item is not None:
            yield item


def _item(data: Json, field: str) -> Item | None:
    """One item of the input; None for kinds that tell these models nothing."""
    match data.get("type", "message"):
        case "message":
            message = errors.decoded(data, Message, field)
            return Said(role=message.role, parts=_parts(message, field))
        case "function_call":
            call = errors.decoded(data, FunctionCall, field)
            return Called(call_id=call.call_id, name=call.name, arguments=call.arguments)
        case "function_call_output":
            result = errors.decoded(data, FunctionCallOutput, field)
            output = result.output
            parts = (Text(text=output),) if isinstance(output, str) else _read(output, field)
            return Returned(call_id=result.call_id, parts=parts)
        case "reasoning":
            return _thought(errors.decoded(data, ReasoningItem, field), field)
        case str():
            return None
        case _:
            raise Refused(400, "Invalid type for an item.", param=f"{field}.type")


def _thought(item: ReasoningItem, field: str) -> Thought:
    sealed = item.encrypted_content
    if sealed is not None and seals.unsealed(sealed) is None:
        raise Refused(
            400,
            "The encrypted content could not be verified.",
            code="invalid_encrypted_content",
            param=f"{field}.encrypted_content",
        )
    summary = tuple(Text(text=part.text) for part in item.summary)
    return Thought(summary=summary, encrypted=sealed)


def _parts(message: Message, field: str) -> tuple[Part, ...]:
    content = message.content
    if isinstance(content, str):
        return (Text(text=content),)
    spoken = message.role == "assistant"
    for place, part in enumerate(content):
        if isinstance(part, OutputText | OutputRefusal) != spoken:
            wanted = "output_text, refusal" if spoken else "input_text, input_image, input_file"
            raise Refused(
                400,
                f"Invalid content type for {message.role}. Supported values are: {wanted}.",
                code="invalid_value",
                param=f"{field}.content[{place}].type",
            )
    return _read(content, field)


def _read(content: Sequence[Content], field: str) -> tuple[Part, ...]:
    return tuple(_part(part, field) for part in content)


def _part(part: Content, field: str) -> Part:
    match part:
        case InputText(text=text) | OutputText(text=text):
            return Text(text=text)
        case OutputRefusal():
            return Refusal(text=part.refusal)
        case InputImage():
            return errors.image(part.image_url, part.file_id, f"{field}.content")
        case InputFile():
            return errors.file(part.file_data, part.file_id, part.filename, part.file_url)


def _functions(tools: list[Json]) -> Iterator[Function]:
    """The functions among the tools; what the server itself would run is let be."""
    for place, tool in enumerate(tools):
        kind = tool.get("type")
        if not isinstance(kind, str):
            raise Refused(400, "Missing required parameter: 'type'.", param=f"tools[{place}].type")
        if kind == "function":
            declared = errors.decoded(tool, Declared, f"tools[{place}]")
            yield Function(name=declared.name, parameters=declared.parameters)


def _choice(choice: str | ChosenFunction | None) -> ToolChoice | None:
    if isinstance(choice, ChosenFunction):
        named = choice.type == "function" and choice.name is not None
        return ToolChoice(mode="named", name=choice.name) if named else None
    return None if choice is None else ToolChoice(mode=choice)


def _format(text: TextConfig | None) -> OutputFormat | None:
    form = None if text is None else text.format
    if form is None:
        return None
    if form.type == "json_schema" and (form.schema is None or form.name is None):
        raise Refused(
            400,
            "Missing required parameter: 'text.format.name' or 'text.format.schema'.",
            code="missing_required_parameter",
            param="text.format",
        )
    return OutputFormat(form=form.type, schema=form.schema)
