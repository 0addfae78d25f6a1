"""Five replies of a multi-agent model as Cloudflare's path gives them: keys, types and figures as
they were seen there, the words our own."""

from typing import TypeAlias

Json: TypeAlias = "dict[str, object]"

COSTS = (127_946_000, 69_728_000, 249_846_000, 2_026_981_500, 119_112_500)
"""What each of them cost, in ticks."""

_PAGES = (
    "https://example.org/news/a-trial",
    "https://example.org/news",
    "https://example.org/voice",
)
_RESPONSE_ID = "3f0c9a52-77aa-4d0e-9d51-0c2a6c2e7b1{n}"


def requests() -> list[Json]:
    """What was asked for each of the five."""
    model = "xai/grok-4.20-multi-agent-0309"
    return [
        {"model": model, "input": "What does a heat engine need?"},
        {
            "model": model,
            "input": "Why does the moon look large near the horizon?",
            "instructions": "You are careful. Keep it short.",
        },
        {
            "model": model,
            "input": [
                {"content": "I plan three days in Lisbon.", "role": "user"},
                {"content": "Food, music or walks?", "role": "assistant"},
                {"content": "Walks. One a day.", "role": "user"},
            ],
            "max_output_tokens": 8192,
        },
        {
            "model": model,
            "input": "What happened this week? Three bullets.",
            "max_turns": 4,
            "tools": [{"type": "web_search"}],
        },
        {
            "model": model,
            "input": "Two ships 300 miles apart meet at 10 and 20 knots. When?",
            "max_output_tokens": 8192,
            "reasoning": {"effort": "medium"},
        },
    ]


def replies() -> list[Json]:
    return [
        _reply(0, [_message(0, "**Two reservoirs** at different temperatures.")], _usage(0)),
        _reply(
            1,
            [_message(1, "The eye is misled; the disc’s angle stays the same.")],
            _usage(1),
            instructions="You are careful. Keep it short.",
        ),
        _reply(
            2,
            [_message(2, "**Day 1:** Alfama.\n**Day 2:** Belém.\n**Day 3:** Sintra.")],
            _usage(2),
            max_output_tokens=8192,
        ),
        _reply(
            3,
            _searched(),
            _usage(3),
            tools=[{"search_context_size": "medium", "type": "web_search"}],
        ),
        _reply(4, [_message(4, "After 10 hours.")], _usage(4), max_output_tokens=8192),
    ]


_TOKENS = (
    (11_014, 8_448, 3_159, 2_704, 0),
    (3_682, 3_264, 2_319, 2_230, 0),
    (16_886, 11_648, 6_443, 6_288, 0),
    (98_165, 43_072, 8_087, 7_740, 21),
    (12_473, 9_600, 2_560, 2_384, 0),
)
"""Input, cached, output, reasoning, web searches."""


def _usage(n: int) -> Json:
    read, cached, written, reasoned, searches = _TOKENS[n]
    usage: Json = {
        "cost_in_usd_ticks": COSTS[n],
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": cached},
        "num_server_side_tools_used": searches,
        "num_sources_used": 0,
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": reasoned},
        "total_tokens": read + written,
    }
    if searches:
        usage["server_side_tool_usage_details"] = {
            "code_interpreter_calls": 0,
            "document_search_calls": 0,
            "file_search_calls": 0,
            "mcp_calls": 0,
            "web_search_calls": searches,
            "x_search_calls": 0,
        }
    return usage


def _message(n: int, text: str, annotations: list[Json] | None = None) -> Json:
    part = {"annotations": annotations or [], "logprobs": [], "text": text, "type": "output_text"}
    return {
        "content": [part],
        "id": f"msg_{_RESPONSE_ID.format(n=n)}",
        "role": "assistant",
        "status": "completed",
        "type": "message",
    }


def _searched() -> list[Json]:
    """Searches among thoughts whose ids repeat, then a message whose marks are cited."""
    response_id = _RESPONSE_ID.format(n=3)
    thought: Json = {
        "id": f"tco_{response_id}",
        "status": "completed",
        "summary": [],
        "type": "reasoning",
    }
    actions: list[Json] = [
        {"query": "news of the week", "sources": [], "type": "search"},
        {"query": '"the trial" after:2026-04-20', "sources": [], "type": "search"},
        {"type": "open_page", "url": _PAGES[1]},
    ]
    calls: list[Json] = [
        {
            "action": action,
            "id": f"ws_{response_id}_{n}",
            "status": "completed",
            "type": "web_search_call",
        }
        for n, action in enumerate(actions)
    ]
    text, annotations = _cited(("**This “week”:**", 0), (" - A trial 🏛", 1), (" - A voice", 0))
    message = _message(3, text, annotations)
    return [*calls[:2], thought, dict(thought), dict(thought), calls[2], dict(thought), message]


def _cited(*claims: tuple[str, int]) -> tuple[str, list[Json]]:
    """Claims, each with the mark of its page; annotations span the marks, in code points."""
    text = ""
    notes: list[Json] = []
    for claim, page in claims:
        text += claim
        start = len(text)
        text += f"[[{page + 1}]]({_PAGES[page]})"
        notes.append(
            {
                "end_index": len(text),
                "start_index": start,
                "title": str(page + 1),
                "type": "url_citation",
                "url": _PAGES[page],
            }
        )
    return text, notes


def _reply(n: int, output: list[Json], usage: Json, **asked: object) -> Json:
    return {
        "background": False,
        "completed_at": 1_777_679_670 + n,
        "created_at": 0,
        "error": None,
        "frequency_penalty": 0,
        "gatewayMetadata": {"keySource": "Unified"},
        "id": _RESPONSE_ID.format(n=n),
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {"system_fingerprint": ""},
        "model": "grok-4.20-multi-agent-0309",
        "object": "response",
        "output": output,
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
        "tools": [],
        "top_logprobs": 0,
        "top_p": 0.95,
        "truncation": "disabled",
        "usage": usage,
        "user": None,
        **asked,
    }
