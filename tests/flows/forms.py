"""Plain dicts, as people write them, under the types that the SDK's signatures want."""

from typing import cast

from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolUnionParam
from openai.types.responses import ResponseInputParam, ToolParam

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)
"""A PNG of one red pixel, in base64."""


def turns(*messages: object) -> list[ChatCompletionMessageParam]:
    return cast("list[ChatCompletionMessageParam]", list(messages))


def given(*items: object) -> ResponseInputParam:
    return cast("ResponseInputParam", list(items))


def chat_weather() -> list[ChatCompletionToolUnionParam]:
    function = {"name": "weather", "description": "The weather", "parameters": WEATHER}
    return [cast("ChatCompletionToolUnionParam", {"type": "function", "function": function})]


def weather() -> list[ToolParam]:
    tool = {"type": "function", "name": "weather", "parameters": WEATHER, "strict": True}
    return [cast("ToolParam", tool)]


def user(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}
