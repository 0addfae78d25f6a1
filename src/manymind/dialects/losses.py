"""What a request cannot carry across, in the words of the caller who wrote it."""

from typing import cast

from manymind.canon.requests import Request
from manymind.canon.values import Aside, Json

HARMLESS = frozenset(
    {"type", "id", "index", "format", "status", "object", "stream_options", "usage", "max_tokens"}
)
"""Fields kept aside that mean nothing outside their own dialect, or whose meaning `canon` has
(the spelling of a cap on output): leaving them out is no loss."""

_EMPTY: tuple[object, ...] = (None, {}, [])

_SPELT: dict[str, dict[str, str]] = {
    "openai_chat": {
        "max_output_tokens": "max_completion_tokens",
        "output": "response_format",
        "reasoning.budget_tokens": "reasoning.max_tokens",
        "cache": "cache_control",
    },
    "openai_responses": {"output": "text.format", "verbosity": "text.verbosity"},
    "anthropic_messages": {
        "instructions": "system",
        "max_output_tokens": "max_tokens",
        "output": "output_config.format",
        "stop": "stop_sequences",
        "reasoning.budget_tokens": "thinking.budget_tokens",
        "reasoning.enabled": "thinking",
        "reasoning.effort": "output_config.effort",
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
        "cache": "cache_control",
        "user": "metadata.user_id",
    },
    "gemini": {
        "instructions": "systemInstruction",
        "max_output_tokens": "generationConfig.maxOutputTokens",
        "output": "generationConfig.responseMimeType",
        "stop": "generationConfig.stopSequences",
        "n": "generationConfig.candidateCount",
        "temperature": "generationConfig.temperature",
        "top_k": "generationConfig.topK",
        "top_p": "generationConfig.topP",
        "presence_penalty": "generationConfig.presencePenalty",
        "frequency_penalty": "generationConfig.frequencyPenalty",
        "logprobs": "generationConfig.responseLogprobs",
        "top_logprobs": "generationConfig.logprobs",
        "seed": "generationConfig.seed",
        "reasoning.budget_tokens": "generationConfig.thinkingConfig.thinkingBudget",
        "reasoning.effort": "generationConfig.thinkingConfig.thinkingLevel",
        "metadata": "labels",
        "service_tier": "serviceTier",
    },
}
"""Where a caller's own name of a request's field is not that of `canon`."""


class Losses:
    """Gathers what the writer of one request had to leave out; `request` is whose words it is
    told in."""

    def __init__(self, dialect: str, request: Request | None = None) -> None:
        self._dialect = dialect
        self._request = request
        self._paths: dict[str, None] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(self._paths)

    def lose(self, path: str) -> None:
        told = path if self._request is None else spelt(self._request, path)
        self._paths[told] = None

    def unless(self, value: object, path: str) -> None:
        """A field without a counterpart here is lost only if the caller gave it."""
        if value is not None:
            self.lose(path)

    def merge(self, fields: Json, aside: Aside | None, path: str = "") -> Json:
        """Write an aside back among `fields` if it came from here; else its fields are lost.

        What we have written ourselves stands.
        """
        if aside is None:
            return fields
        if aside.dialect == self._dialect:
            return {
                **fields,
                **{name: aside.fields[name] for name in aside.fields if name not in fields},
            }
        for name, value in aside.fields.items():
            if value not in _EMPTY and name not in HARMLESS:
                self.lose(f"{path}.{name}" if path else name)
        return fields


def nest(fields: Json, name: str, inner: Json) -> Json:
    """`fields` with an object inside it, which keeps what an aside has put there."""
    kept = fields.get(name)
    return {**fields, name: {**cast("Json", kept), **inner} if isinstance(kept, dict) else inner}


def spelt(request: Request, field: str) -> str:
    """How the caller wrote a field of the request."""
    return _SPELT.get(request.dialect or "", {}).get(field, field)


def places(request: Request) -> tuple[str, ...]:
    """Where the caller wrote each item: `messages[3]`, `input[3]` on Responses, `contents[3]` on
    Gemini."""
    if request.dialect == "openai_responses":
        return tuple(f"input[{n}]" for n in range(len(request.items)))
    name = "contents" if request.dialect == "gemini" else "messages"
    written: list[str] = []
    message = -1
    for item in request.items:
        message += 0 if item.joined and message >= 0 else 1
        written.append(f"{name}[{message}]")
    return tuple(written)
