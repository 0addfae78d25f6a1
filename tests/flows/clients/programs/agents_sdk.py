"""The OpenAI Agents SDK: tools, hand-offs, a typed result and streams, over Chat and Responses."""

import asyncio
import json
import os
import sys

from agents import (
    Agent,
    Model,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from pydantic import BaseModel


class Fact(BaseModel):
    name: str
    count: int


@function_tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city.removeprefix('What is the weather in ').removesuffix('?')}"


async def main() -> None:
    set_tracing_disabled(disabled=True)
    client = AsyncOpenAI(base_url=f"{os.environ['BASE_URL']}/v1", api_key="none", max_retries=0)
    for name in os.environ["MODELS"].split():
        heard = {
            "chat": await scenes(OpenAIChatCompletionsModel(model=name, openai_client=client)),
            "responses": await scenes(OpenAIResponsesModel(model=name, openai_client=client)),
            "recalled": await recalled(OpenAIResponsesModel(model=name, openai_client=client)),
        }
        sys.stdout.write(json.dumps({"model": name, **heard}) + "\n")


async def scenes(model: Model) -> dict[str, object]:
    plain = Agent(name="Plain", model=model, instructions="Be brief.")
    clerk = Agent(name="Clerk", model=model, tools=[weather])
    typist = Agent(name="Typist", model=model, output_type=Fact)
    desk = Agent(name="Desk", model=model, handoffs=[Agent(name="Billing", model=model)])
    billed = await Runner.run(desk, "Transfer me to billing")
    typed = await Runner.run(typist, "name: lamps. There are 7.")
    return {
        "said": (await Runner.run(plain, "One two three")).final_output,
        "tool": (await Runner.run(clerk, "What is the weather in Oslo?")).final_output,
        "typed": typed.final_output_as(Fact, raise_if_incorrect_type=True).model_dump(),
        "handed to": billed.last_agent.name,
        "streamed": await streamed(clerk, "What is the weather in Oslo?"),
        "turns": await turns(plain),
    }


async def streamed(agent: Agent, question: str) -> dict[str, object]:
    running = Runner.run_streamed(agent, question)
    items: list[str] = []
    words: list[str] = []
    async for event in running.stream_events():
        if event.type == "run_item_stream_event":
            items.append(event.name)
        elif event.type == "raw_response_event" and event.data.type.endswith("text.delta"):
            words.append(event.data.delta)
    return {"items": items, "words": "".join(words), "final": running.final_output}


async def turns(agent: Agent) -> str:
    """A second turn on what the first one left."""
    first = await Runner.run(agent, "One")
    second = await Runner.run(agent, [*first.to_input_list(), {"role": "user", "content": "Two"}])
    return f"{first.final_output} {second.final_output}"


async def recalled(model: Model) -> bool:
    """Whether a turn that names the answer before it is asked with what was said then."""
    agent = Agent(name="Plain", model=model)
    first = await Runner.run(agent, "One two three four five")
    alone = await Runner.run(agent, "Six")
    after = await Runner.run(agent, "Six", previous_response_id=first.last_response_id)
    used = [run.context_wrapper.usage.input_tokens for run in (first, alone, after)]
    return used[2] >= used[0] + used[1]


asyncio.run(main())
