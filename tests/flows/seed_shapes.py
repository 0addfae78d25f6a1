"""Replies of the hosted multi-agent model: the keys, types and counts that it is known to give,
with words of our own."""

from typing import TypeAlias

from msgspec import Struct

Json: TypeAlias = "dict[str, object]"

MODEL = "grok-4.20-multi-agent-0309"
ID = "5f0c1d2e-0000-4000-8000-00000000000"


class Example(Struct, frozen=True, kw_only=True):
    """A request as it is posted, and what the usage of its reply counts."""

    name: str
    request: Json
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    ticks: int
    searches: int = 0
    instructions: str | None = None
    max_output_tokens: int | None = None


EXAMPLES = (
    Example(
        name="plain",
        request={"input": "What are the three laws of thermodynamics?"},
        input_tokens=11014,
        cached_tokens=8448,
        output_tokens=3159,
        reasoning_tokens=2704,
        ticks=127946000,
    ),
    Example(
        name="instructions",
        request={
            "input": "In two sentences, why does the moon appear larger near the horizon?",
            "instructions": "Keep answers short.",
        },
        input_tokens=3682,
        cached_tokens=3264,
        output_tokens=2319,
        reasoning_tokens=2230,
        ticks=69728000,
        instructions="Keep answers short.",
    ),
    Example(
        name="turns",
        request={
            "input": [
                {"content": "I need to plan a 3-day weekend in Tokyo.", "role": "user"},
                {"content": "Food, culture, or nightlife?", "role": "assistant"},
                {"content": "Food. One dish per day.", "role": "user"},
            ],
            "max_output_tokens": 8192,
        },
        input_tokens=16886,
        cached_tokens=11648,
        output_tokens=6443,
        reasoning_tokens=6288,
        ticks=249846000,
        max_output_tokens=8192,
    ),
    Example(
        name="search",
        request={
            "input": "What were the top news stories about xAI this week?",
            "max_turns": 4,
            "tools": [{"type": "web_search"}],
        },
        input_tokens=98165,
        cached_tokens=43072,
        output_tokens=8087,
        reasoning_tokens=7740,
        ticks=2026981500,
        searches=21,
    ),
    Example(
        name="reasoning",
        request={
            "input": "Two trains 900 miles apart travel toward each other. When do they meet?",
            "max_output_tokens": 8192,
            "reasoning": {"effort": "medium"},
        },
        input_tokens=12473,
        cached_tokens=9600,
        output_tokens=2560,
        reasoning_tokens=2384,
        ticks=119112500,
        max_output_tokens=8192,
    ),
)

TEXT = "“Café” news[[1]](https://news.example/a) and more.[[2]](https://news.example/b)"


def reply(example: Example) -> Json:
    """A whole Responses reply as the hosted model sends it."""
    tools = [{"search_context_size": "medium", "type": "web_search"}] if example.searches else []
    return {
        "background": False,
        "completed_at": 1777679670,
        "created_at": 0,
        "error": None,
        "frequency_penalty": 0,
        "gatewayMetadata": {"keySource": "Unified"},
        "id": f"{ID}{EXAMPLES.index(example)}",
        "incomplete_details": None,
        "instructions": example.instructions,
        "max_output_tokens": example.max_output_tokens,
        "max_tool_calls": None,
        "metadata": {"system_fingerprint": ""},
        "model": MODEL,
        "object": "response",
        "output": _output(example),
        "parallel_tool_calls": True,
        "presence_penalty": 0,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": "medium", "summary": "detailed"},
        "safety_identifier": None,
        "service_tier": "default",
        "status": "completed",
        "store": True,
        "temperature": 0.7,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": tools,
        "top_logprobs": 0,
        "top_p": 0.95,
        "truncation": "disabled",
        "usage": _usage(example),
        "user": None,
    }


def chat_reply(example: Example) -> Json:
    """The same answer as a provider of Chat Completions would give it."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1777679670,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": TEXT, "refusal": None},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": {
            "prompt_tokens": example.input_tokens,
            "completion_tokens": example.output_tokens,
            "total_tokens": example.input_tokens + example.output_tokens,
            "prompt_tokens_details": {"cached_tokens": example.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": example.reasoning_tokens},
        },
    }


def _output(example: Example) -> list[Json]:
    annotations = [_citation(1, "a"), _citation(2, "b")] if example.searches else []
    text: Json = {
        "annotations": annotations,
        "logprobs": [],
        "text": TEXT if example.searches else "An answer.",
        "type": "output_text",
    }
    message: Json = {
        "content": [text],
        "id": f"msg_{ID}",
        "role": "assistant",
        "status": "completed",
        "type": "message",
    }
    if not example.searches:
        return [message]
    # The original gives all of its thoughts one and the same id.
    thought: Json = {"id": f"tco_{ID}", "status": "completed", "summary": [], "type": "reasoning"}
    searches = [_search(0, "xAI news"), _search(1, "xAI latest")]
    opened: Json = {
        "action": {"type": "open_page", "url": "https://news.example/a"},
        "id": f"ws_{ID}_2",
        "status": "completed",
        "type": "web_search_call",
    }
    return [*searches, thought, thought, opened, thought, message]


def _search(number: int, query: str) -> Json:
    return {
        "action": {"query": query, "sources": [], "type": "search"},
        "id": f"ws_{ID}_{number}",
        "status": "completed",
        "type": "web_search_call",
    }


def _citation(number: int, page: str) -> Json:
    mark = f"[[{number}]](https://news.example/{page})"
    start = TEXT.index(mark)
    return {
        "end_index": start + len(mark),
        "start_index": start,
        "title": str(number),
        "type": "url_citation",
        "url": f"https://news.example/{page}",
    }


def _usage(example: Example) -> Json:
    usage: Json = {
        "cost_in_usd_ticks": example.ticks,
        "input_tokens": example.input_tokens,
        "input_tokens_details": {"cached_tokens": example.cached_tokens},
        "num_server_side_tools_used": example.searches,
        "num_sources_used": 0,
        "output_tokens": example.output_tokens,
        "output_tokens_details": {"reasoning_tokens": example.reasoning_tokens},
        "total_tokens": example.input_tokens + example.output_tokens,
    }
    if example.searches:
        usage["server_side_tool_usage_details"] = {
            "code_interpreter_calls": 0,
            "document_search_calls": 0,
            "file_search_calls": 0,
            "mcp_calls": 0,
            "web_search_calls": example.searches,
            "x_search_calls": 0,
        }
    return usage
