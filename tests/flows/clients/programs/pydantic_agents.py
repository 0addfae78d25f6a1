"""pydantic-ai over each dialect: tools, typed answers in both of its ways, streams, pictures."""

import asyncio
import json
import os
import sys
from base64 import b64decode

from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, NativeOutput, ToolOutput
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)

TYPED = ModelProfile(supports_json_schema_output=True)
"""pydantic-ai judges a model of Messages by its name, and does not know ours."""


class Fact(BaseModel):
    name: str
    count: int


async def main() -> None:
    url = os.environ["BASE_URL"]
    openai = OpenAIProvider(base_url=f"{url}/v1", api_key="none")
    anthropic = AnthropicProvider(base_url=url, api_key="none")
    for name in os.environ["MODELS"].split():
        heard = {
            "chat": await scenes(OpenAIChatModel(name, provider=openai)),
            "responses": await scenes(OpenAIResponsesModel(name, provider=openai)),
            "messages": await scenes(AnthropicModel(name, provider=anthropic, profile=TYPED)),
        }
        sys.stdout.write(json.dumps({"model": name, **heard}) + "\n")


async def scenes(model: Model) -> dict[str, object]:
    plain = Agent(model, instructions="Be brief.")
    clerk = Agent(model)

    @clerk.tool_plain
    def weather(city: str) -> str:
        """The weather in a city."""
        return f"Sunny in {city.removeprefix('What is the weather in ').removesuffix('?')}"

    said = await plain.run("One two three")
    again = await plain.run("Four", message_history=said.all_messages())
    native = await Agent(model, output_type=NativeOutput(Fact)).run("name: lamps. There are 7.")
    by_tool = await Agent(model, output_type=ToolOutput(Fact)).run("name: lamps. There are 7.")
    pixel = BinaryContent(b64decode(PIXEL), media_type="image/png")
    return {
        "said": said.output,
        "counted": said.usage.input_tokens > 0 and said.usage.output_tokens > 0,
        "again": again.output,
        "tool": (await clerk.run("What is the weather in Oslo?")).output,
        "native": native.output.model_dump(),
        "by tool": by_tool.output.model_dump(),
        "picture": (await plain.run(["What is this?", pixel])).output,
        "streamed": await streamed(plain, "One two three"),
        "tool streamed": await streamed(clerk, "What is the weather in Oslo?"),
    }


async def streamed(agent: Agent, question: str) -> str:
    async with agent.run_stream(question) as running:
        return "".join([piece async for piece in running.stream_text(delta=True)])


asyncio.run(main())
