"""Requests of Gemini's `generateContent`, as strict as Google is with them: a field that it does
not know is refused, not passed over."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from manymind.canon.items import Called, Item, Returned, Said, Thought
from manymind.canon.parts import File, Image, Part, Text
from manymind.canon.requests import Function, OutputFormat, Request, ToolChoice
from manymind.providers.forms import is_list, is_object
from manymind.server.simulated import errors
from manymind.server.simulated.talk import Asked, Json, Refused

_JSON = "application/json"
_FREE = ("args", "response", "parameters", "parametersJsonSchema", "responseJsonSchema")
"""What lies in these is the caller's own."""


class Strict(Struct, rename="camel", forbid_unknown_fields=True):
    """Google writes names in camel case, and takes those in snake case for the same."""


class Blob(Strict):
    mime_type: str
    data: str


class Link(Strict):
    file_uri: str
    mime_type: str | None = None


class Call(Strict):
    name: str
    args: Json = {}
    id: str | None = None


class Result(Strict):
    name: str
    response: Json
    id: str | None = None
    parts: list[Json] | None = None


class PartBody(Strict):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    inline_data: Blob | None = None
    file_data: Link | None = None
    function_call: Call | None = None
    function_response: Result | None = None
    executable_code: Json | None = None
    code_execution_result: Json | None = None
    video_metadata: Json | None = None


class Content(Strict):
    parts: list[PartBody] = []
    role: Literal["user", "model", "function"] | None = None


class Declared(Strict):
    name: Annotated[str, Meta(pattern=r"^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$")]
    description: str | None = None
    parameters: Json | None = None
    parameters_json_schema: Json | None = None
    response: Json | None = None
    response_json_schema: Json | None = None
    behavior: str | None = None


class ToolBody(Strict):
    function_declarations: list[Declared] | None = None
    google_search: Json | None = None
    google_search_retrieval: Json | None = None
    code_execution: Json | None = None
    url_context: Json | None = None
    file_search: Json | None = None
    google_maps: Json | None = None
    computer_use: Json | None = None


class Calling(Strict):
    mode: Literal["AUTO", "ANY", "NONE", "VALIDATED"] | None = None
    allowed_function_names: list[str] | None = None


class ToolConfig(Strict):
    function_calling_config: Calling | None = None
    retrieval_config: Json | None = None


class Thinking(Strict):
    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


class Generation(Strict):
    stop_sequences: Annotated[list[str], Meta(max_length=5)] | None = None
    response_mime_type: str | None = None
    response_schema: Json | None = None
    response_json_schema: Any = None
    response_modalities: list[str] | None = None
    candidate_count: Annotated[int, Meta(ge=1, le=8)] | None = None
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    enable_enhanced_civic_answers: bool | None = None
    speech_config: Json | None = None
    thinking_config: Thinking | None = None
    image_config: Json | None = None
    media_resolution: str | None = None


class Body(Strict):
    contents: Annotated[list[Content], Meta(min_length=1)]
    system_instruction: Content | None = None
    tools: list[ToolBody] | None = None
    tool_config: ToolConfig | None = None
    generation_config: Generation | None = None
    safety_settings: list[Json] | None = None
    cached_content: str | None = None
    service_tier: str | None = None
    store: bool | None = None


def read(data: Json) -> Asked:
    """What is asked, or `Refused` where Google would refuse it. The model and whether to stream
    stand in the path; they are put beside the body under names that Google has not."""
    sent: Json = {name: value for name, value in data.items() if not name.startswith("@")}
    sent = _camel(sent)
    body = errors.decoded(sent, Body)
    settings = body.generation_config or Generation()
    request = Request(
        model=str(data.get("@model", "")),
        items=tuple(item for content in body.contents for item in _items(content)),
        instructions=_instructions(body.system_instruction),
        tools=tuple(_tools(body.tools or ())),
        tool_choice=_choice(body.tool_config),
        output=_format(settings),
        max_output_tokens=settings.max_output_tokens,
        stop=tuple(settings.stop_sequences or ()),
        n=settings.candidate_count,
        stream=bool(data.get("@stream")),
    )
    _check_pairs(body.contents)
    return Asked(request, sent)


def _camel(value: object) -> Any:
    """The same JSON with its names in camel case."""
    if is_list(value):
        return [_camel(each) for each in value]
    if not is_object(value):
        return value
    renamed = {_hump(name): inner for name, inner in value.items()}
    return {name: each if name in _FREE else _camel(each) for name, each in renamed.items()}


def _hump(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _instructions(content: Content | None) -> tuple[Text, ...] | None:
    if content is None:
        return None
    return tuple(Text(text=part.text) for part in content.parts if part.text is not None)


def _items(content: Content) -> Iterator[Item]:
    if not content.parts:
        raise Refused(400, "* GenerateContentRequest.contents: contents.parts must not be empty.")
    role = "assistant" if content.role == "model" else "user"
    parts: list[Part] = []
    for part in content.parts:
        item = _item(part)
        if item is None:
            parts.append(_part(part))
            continue
        if parts:
            yield Said(role=role, parts=tuple(parts))
            parts = []
        yield item
    if parts:
        yield Said(role=role, parts=tuple(parts))


def _item(part: PartBody) -> Item | None:
    """What is an item of its own, and no part of something said."""
    if part.function_call is not None:
        call = part.function_call
        arguments = msgspec.json.encode(call.args).decode()
        return Called(call_id=call.id or call.name, name=call.name, arguments=arguments)
    if part.function_response is not None:
        result = part.function_response
        told = result.response.get("output", result.response.get("result", result.response))
        words = told if isinstance(told, str) else msgspec.json.encode(told).decode()
        return Returned(call_id=result.id or result.name, parts=(Text(text=words),))
    if part.thought:
        return Thought(content=(Text(text=part.text or ""),))
    return None


def _part(part: PartBody) -> Part:
    if part.inline_data is not None:
        blob = part.inline_data
        kind = Image if blob.mime_type.startswith("image/") else File
        data = blob.data.replace("-", "+").replace("_", "/")  # Google takes either alphabet.
        return kind(media_type=blob.mime_type, data=data)
    if part.file_data is not None:
        link = part.file_data
        if (link.mime_type or "").startswith("image/"):
            return Image(url=link.file_uri, media_type=link.mime_type)
        return File(url=link.file_uri, media_type=link.mime_type)
    if part.text is None and part.thought_signature is None:
        raise Refused(
            400,
            "* GenerateContentRequest.contents.parts: contents.parts.data: required oneof field "
            "'data' must have one initialized field",
        )
    return Text(text=part.text or "")


def _check_pairs(contents: Sequence[Content]) -> None:
    """A turn of calls is followed by as many results, and results follow calls."""
    asked = 0
    for content in contents:
        results = sum(part.function_response is not None for part in content.parts)
        if results != asked and (results or asked):
            raise Refused(
                400,
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn.",
            )
        asked = sum(part.function_call is not None for part in content.parts)


def _tools(tools: Sequence[ToolBody]) -> Iterator[Function]:
    for tool in tools:
        for declared in tool.function_declarations or ():
            if declared.parameters is not None and declared.parameters_json_schema is not None:
                raise Refused(400, "Only one of parameters and parameters_json_schema may be set.")
            yield Function(
                name=declared.name,
                description=declared.description,
                parameters=declared.parameters_json_schema or lowered(declared.parameters),
            )


def _choice(config: ToolConfig | None) -> ToolChoice | None:
    calling = config.function_calling_config if config is not None else None
    if calling is None or calling.mode is None:
        return None
    allowed = calling.allowed_function_names or []
    if allowed and calling.mode not in ("ANY", "VALIDATED"):
        raise Refused(400, "allowed_function_names should be set only when mode is ANY.")
    if len(allowed) == 1:
        return ToolChoice(mode="named", name=allowed[0])
    return ToolChoice(mode={"ANY": "required", "NONE": "none"}.get(calling.mode, "auto"))


def _format(settings: Generation) -> OutputFormat | None:
    schema = settings.response_json_schema or lowered(settings.response_schema)
    if schema is not None and settings.response_mime_type != _JSON:
        raise Refused(400, "Function calling with a response schema needs application/json.")
    if schema is not None:
        return OutputFormat(form="json_schema", schema=schema)
    return OutputFormat(form="json_object") if settings.response_mime_type == _JSON else None


def lowered(schema: object) -> Any:
    """Google's own schemas name types in capitals; JSON Schema does not."""
    if is_list(schema):
        return [lowered(each) for each in schema]
    if not is_object(schema):
        return schema
    return {
        name: value.lower() if name == "type" and isinstance(value, str) else lowered(value)
        for name, value in schema.items()
    }
