"""What is for sale: the models list of OpenAI and of Anthropic, and what Ollama tells of itself."""

from collections.abc import Iterable

from manymind.server.simulated.talk import Counts, Json

_DAY = "2026-01-01T00:00:00Z"
_SECONDS = 1_767_225_600
WINDOW = 131_072


def openai(names: Iterable[str]) -> Json:
    return {"object": "list", "data": [openai_model(name) for name in names]}


def openai_model(name: str) -> Json:
    return {"id": name, "object": "model", "created": _SECONDS, "owned_by": "simulated"}


def anthropic(names: Iterable[str]) -> Json:
    models = [anthropic_model(name) for name in names]
    return {
        "data": models,
        "has_more": False,
        "first_id": models[0]["id"] if models else None,
        "last_id": models[-1]["id"] if models else None,
    }


def anthropic_model(name: str) -> Json:
    return {
        "id": name,
        "type": "model",
        "display_name": name,
        "created_at": _DAY,
        "lifecycle": "active",
        "max_input_tokens": WINDOW,
        "max_tokens": WINDOW,
    }


def google(names: Iterable[str]) -> Json:
    return {"models": [google_model(name) for name in names]}


def google_model(name: str) -> Json:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "inputTokenLimit": WINDOW,
        "outputTokenLimit": WINDOW,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def generation(answer_id: str, counts: Counts) -> Json:
    """What OpenRouter tells of an answer afterwards. A token costs a millionth of a dollar."""
    return {
        "data": {
            "id": answer_id,
            "native_tokens_prompt": counts.input,
            "native_tokens_cached": counts.cached,
            "native_tokens_completion": counts.output,
            "native_tokens_reasoning": counts.reasoning,
            "total_cost": counts.total / 1_000_000,
        }
    }


def ollama_tags(names: Iterable[str]) -> Json:
    return {"models": [_tag(name) for name in names]}


def _tag(name: str) -> Json:
    return {
        "name": name,
        "model": name,
        "modified_at": _DAY,
        "size": 1,
        "digest": "0" * 64,
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": "simulated",
            "families": ["simulated"],
            "parameter_size": "1",
            "quantization_level": "Q4_0",
        },
    }


def ollama_show() -> Json:
    return {
        "details": _tag("")["details"],
        "model_info": {
            "general.architecture": "simulated",
            "simulated.context_length": WINDOW,
        },
        "capabilities": ["completion", "tools", "vision", "thinking"],
        "modified_at": _DAY,
    }
