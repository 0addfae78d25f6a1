"""The paths beside the three dialects' own, with a valid body for each that takes one."""

from collections.abc import Mapping

from tests.flows.forms import PIXEL, WEATHER
from tests.fuzz.mutations import MESSAGES, RESPONSES, Json

GEMINI: Json = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "What is this?"},
                {"inlineData": {"mimeType": "image/png", "data": PIXEL.rpartition(",")[2]}},
                {"fileData": {"fileUri": "https://a.example/a.pdf", "mimeType": "application/pdf"}},
            ],
        },
        {
            "role": "model",
            "parts": [
                {"text": "Hm.", "thought": True, "thoughtSignature": "YWJj"},
                {"functionCall": {"id": "c", "name": "weather", "args": {"city": "Oslo"}}},
                {"executableCode": {"language": "PYTHON", "code": "1"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
            ],
        },
        {
            "role": "user",
            "parts": [{"functionResponse": {"id": "c", "name": "weather", "response": {"a": 1}}}],
        },
    ],
    "tools": [
        {"functionDeclarations": [{"name": "weather", "parameters": WEATHER}]},
        {"googleSearch": {}},
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}},
    "generationConfig": {
        "responseMimeType": "application/json",
        "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
        "thinkingConfig": {"thinkingBudget": 5, "includeThoughts": True},
        "stopSequences": ["x"],
        "temperature": 0.5,
        "topK": 3,
        "candidateCount": 1,
        "maxOutputTokens": 50,
        "responseLogprobs": True,
        "logprobs": 2,
    },
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    "labels": {"a": "b"},
    "max_cost_usd": 0.5,
    "agent_count": 4,
}
VECTORS: Json = {
    "model": "acme/small",
    "input": ["What is this?", "Be brief."],
    "dimensions": 64,
    "encoding_format": "base64",
    "user": "u",
    "provider": {"require_parameters": False},
    "max_cost_usd": 0.5,
}
CONVERSATION: Json = {"metadata": {"a": "b"}, "items": RESPONSES["input"]}
COMPACT: Json = {"model": "acme/small", "instructions": "Be brief.", "input": RESPONSES["input"]}

_GOOGLE = "/v1beta/models/manymind/reader"

BODIES: Mapping[str, Json] = {
    f"{_GOOGLE}:generateContent": GEMINI,
    f"{_GOOGLE}:streamGenerateContent": GEMINI,
    f"{_GOOGLE}:countTokens": {"generateContentRequest": GEMINI},
    "/v1/models/manymind/multi-agent:generateContent": GEMINI,
    "/v1/embeddings": VECTORS,
    "/v1/conversations": CONVERSATION,
    "/v1/conversations/conv_absent": {"metadata": {"a": "b"}},
    "/v1/conversations/conv_absent/items": {"items": RESPONSES["input"]},
    "/v1/responses/compact": {**COMPACT, "model": "manymind/reader"},
    "/v1/responses/input_tokens": RESPONSES,
    "/v1/messages/count_tokens": MESSAGES,
    "/v1/chat/completions/chatcmpl-absent": {"metadata": {"a": "b"}},
}

READ = (
    "/v1/models",
    "/v1beta/models",
    "/api/v1/models",
    "/api/v1/models/count",
    "/v1/chat/completions",
    "/v1/responses/resp_absent",
    "/v1/responses/resp_absent/input_items",
    "/v1/conversations/conv_absent/items",
    "/v1/chat/completions/chatcmpl-absent/messages",
)
"""What is asked by its query."""

FOLDERS = (
    "/v1/models/",
    "/v1beta/models/",
    "/v1beta/",
    "/api/v1/models/",
    "/v1/responses/",
    "/v1/conversations/",
    "/v1/conversations/conv_absent/items/",
    "/v1/chat/completions/",
)
"""Where a name of the caller's own follows."""

_NAMES = """
limit order after before include stream starting_after alt key pageSize pageToken after_id before_id
sort q context supported_parameters category model metadata
"""
NAMES = _NAMES.split()
"""What stands in queries somewhere."""
