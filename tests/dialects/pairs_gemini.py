"""The conversation of the pairs and its replies, in the words of Gemini."""

from google.genai.types import GenerateContentResponse

from manymind.canon.values import Json

PICTURE = "iVBORw0KGgo="
_CALLS = ("call_1", "call_2")


def request(parameters: Json, schema: Json, seen: str) -> Json:
    model: list[Json] = [
        {"text": "Too small to see.", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "I look closer."},
        *({"functionCall": {"id": name, "name": "zoom", "args": {"x": 1}}} for name in _CALLS),
    ]
    results: list[Json] = [
        {"functionResponse": {"id": name, "name": "zoom", "response": {"output": seen}}}
        for name in _CALLS
    ]
    picture: Json = {"inlineData": {"mimeType": "image/png", "data": PICTURE}}
    address = "https://pictures.example/1.png"
    linked: Json = {"fileData": {"mimeType": "image/png", "fileUri": address}}
    zoom: Json = {
        "name": "zoom",
        "description": "Looks closer.",
        "parametersJsonSchema": parameters,
        "behavior": "BLOCKING",
    }
    return {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "What is on these?"}, picture, linked]},
            {"role": "model", "parts": model},
            {"role": "user", "parts": results},
        ],
        "tools": [{"functionDeclarations": [zoom]}, {"urlContext": {}}],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
        "generationConfig": {
            "responseMimeType": "application/json",
            "responseJsonSchema": schema,
            "thinkingConfig": {"thinkingLevel": "HIGH"},
            "maxOutputTokens": 900,
            "temperature": 0.5,
            "topP": 0.9,
            "topK": 40,
            "seed": 7,
            "stopSequences": ["END"],
        },
        "cachedContent": "cachedContents/1",
    }


def _reply(parts: list[Json], reason: str, noted: Json) -> Json:
    candidate: Json = {
        "content": {"parts": parts, "role": "model"},
        "finishReason": reason,
        "index": 0,
        **noted,
    }
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": 120,
            "cachedContentTokenCount": 100,
            "candidatesTokenCount": 22,
            "thoughtsTokenCount": 8,
            "totalTokenCount": 150,
        },
        "modelVersion": "m",
        "responseId": "resp-1",
    }


def replies(thought: str, said: str, answer: str, cited: str) -> dict[str, Json]:
    calls: list[Json] = [
        {"text": thought, "thought": True},
        {"text": said},
        *(
            {
                "functionCall": {"id": name, "name": "zoom", "args": {"x": 1}},
                "thoughtSignature": "c2ln",
            }
            for name in _CALLS
        ),
    ]
    source: Json = {"web": {"uri": "https://cats.example", "title": "Cats"}}
    support: Json = {
        "segment": {"endIndex": len(cited), "text": cited},
        "groundingChunkIndices": [0],
    }
    grounding: Json = {"groundingChunks": [source], "groundingSupports": [support]}
    return {
        "calls": _reply(calls, "STOP", {}),
        "answer": _reply([{"text": answer}], "STOP", {}),
        "cut": _reply([{"text": answer[:5]}], "MAX_TOKENS", {}),
        "cited": _reply([{"text": cited}], "STOP", {"groundingMetadata": grounding}),
    }


def validate(data: object) -> object:
    """As the SDK reads a reply: a field that it does not know is passed over."""
    assert isinstance(data, dict)
    return GenerateContentResponse._from_response(response=data, kwargs={})  # pyright: ignore[reportPrivateUsage, reportUnknownArgumentType, reportUnknownMemberType] # the one way to read as the SDK does
