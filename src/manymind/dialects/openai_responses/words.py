"""The words of the Responses dialect, and what they are called in the canon."""

NAME = "openai_responses"

RESPONSE_KEYS = frozenset(
    {
        "background",
        "completed_at",
        "created_at",
        "error",
        "frequency_penalty",
        "id",
        "incomplete_details",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "object",
        "output",
        "parallel_tool_calls",
        "presence_penalty",
        "previous_response_id",
        "prompt_cache_key",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "status",
        "store",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "usage",
        "user",
    }
)
"""What every response holds: its own facts, and an echo of the request."""

ENDED = ("completed", "incomplete", "cancelled")
"""The states of a response that will not change any more, failure apart."""

STOPS = {"max_output_tokens": "length", "content_filter": "content_filter"}
"""Why a response is incomplete, and the canon's reason for stopping."""

CUTS = {stop: reason for reason, stop in STOPS.items()}
"""The same the other way."""

AGENTS = "agents"
ENCRYPTED = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"
"""Values of `include` that the canon has fields for."""
