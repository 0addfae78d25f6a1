"""OpenRouter's own SDK, which validates every field of a reply, on OpenRouter's paths."""

import json
import os
import sys

from openrouter import OpenRouter, errors

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
FACT = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "count": {"type": "integer"}},
    "required": ["name", "count"],
    "additionalProperties": False,
}


def main() -> None:
    url = f"{os.environ['BASE_URL']}/api/v1"
    with OpenRouter(api_key="none", server_url=url) as client:
        listed = {model.id for model in client.models.list().result.data}
        for name in os.environ["MODELS"].split():
            heard = {
                "chat": chat(client, name),
                "responses": responses(client, name),
                "refused": refused(client),
            }
            sys.stdout.write(json.dumps({"model": name, "listed": len(listed) > 1, **heard}) + "\n")


def chat(client: OpenRouter, model: str) -> dict[str, object]:
    asked = [{"role": "user", "content": "One two three"}]
    whole = client.chat.send(
        model=model,
        models=[model],
        messages=asked,
        provider={"allow_fallbacks": True},
        reasoning={"effort": "low"},
        seed=1,
        user="someone",
    )
    words: list[str] = []
    counted = 0
    with client.chat.send(model=model, messages=asked, stream=True) as stream:
        for chunk in stream:
            words += [choice.delta.content or "" for choice in chunk.choices]
            counted += chunk.usage.total_tokens if chunk.usage else 0
    typed = client.chat.send(
        model=model,
        messages=[{"role": "user", "content": "name: lamps. There are 7."}],
        response_format={"type": "json_schema", "json_schema": {"name": "fact", "schema": FACT}},
    )
    return {
        "said": whole.choices[0].message.content,
        "streamed": "".join(words),
        "counted": whole.usage is not None and whole.usage.total_tokens == counted,
        "typed": json.loads(str(typed.choices[0].message.content)),
        "tool": tool(client, model),
    }


def tool(client: OpenRouter, model: str) -> object:
    turns: list[object] = [{"role": "user", "content": "What is the weather in Oslo?"}]
    first = client.chat.send(model=model, messages=turns, tools=[WEATHER]).choices[0].message
    called = (first.tool_calls or [])[0]
    turns += [first, {"role": "tool", "tool_call_id": called.id, "content": "Sunny"}]
    return client.chat.send(model=model, messages=turns, tools=[WEATHER]).choices[0].message.content


def responses(client: OpenRouter, model: str) -> dict[str, object]:
    whole = client.responses.send(model=model, input="One two three")
    with client.responses.send(model=model, input="One two three", stream=True) as stream:
        kinds = [event.TYPE if hasattr(event, "TYPE") else event.type for event in stream]
    words = "".join(part.text for item in whole.output for part in getattr(item, "content", ()))
    return {"said": words, "first": kinds[0], "last": kinds[-1]}


def refused(client: OpenRouter) -> str:
    try:
        client.chat.send(model="nobody/nothing", messages=[{"role": "user", "content": "Hi"}])
    except errors.OpenRouterError as error:
        return f"{type(error).__name__} {error.status_code}"
    return "not refused"


main()
