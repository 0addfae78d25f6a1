"""LiteLLM as a client, by each of its providers that speaks one of our dialects."""

import json
import os
import sys

import litellm

URL = os.environ["BASE_URL"]
WAYS = {
    "chat": {"custom_llm_provider": "openai", "api_base": f"{URL}/v1"},
    "messages": {"custom_llm_provider": "anthropic", "api_base": URL},
    "openrouter": {"custom_llm_provider": "openrouter", "api_base": f"{URL}/api/v1"},
}
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def main() -> None:
    for name in os.environ["MODELS"].split():
        heard = {way: scenes(model=name, api_key="none", **WAYS[way]) for way in WAYS}
        sys.stdout.write(json.dumps({"model": name, **heard}) + "\n")


def scenes(**way: str) -> dict[str, object]:
    asked = [{"role": "user", "content": "One two three"}]
    whole = litellm.completion(messages=asked, **way)
    chunks = list(litellm.completion(messages=asked, stream=True, **way))
    turns = [{"role": "user", "content": "What is the weather in Oslo?"}]
    first = litellm.completion(messages=turns, tools=[WEATHER], **way).choices[0].message
    turns.append(first.model_dump(exclude_none=True))
    back = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "Sunny"}
    second = litellm.completion(messages=[*turns, back], tools=[WEATHER], **way)
    return {
        "said": whole.choices[0].message.content,
        "counted": whole.usage.total_tokens > 0,
        "streamed": "".join(chunk.choices[0].delta.content or "" for chunk in chunks),
        "tool": second.choices[0].message.content,
    }


main()
