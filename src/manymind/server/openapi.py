"""The description of our paths that tools read. Bodies are described as far as we check them."""

from manymind.canon.values import Json

_TEXT: Json = {"type": "string"}
_COUNT: Json = {"type": "integer", "minimum": 1}
_FRACTION: Json = {"type": "number"}
_OBJECT: Json = {"type": "object"}
_OBJECTS: Json = {"type": "array", "items": _OBJECT}
_FLAG: Json = {"type": "boolean"}

_SHARED: Json = {
    "model": _TEXT,
    "stream": _FLAG,
    "temperature": _FRACTION,
    "top_p": _FRACTION,
    "tools": _OBJECTS,
    "metadata": _OBJECT,
    "max_turns": _COUNT,
    "max_tool_calls": _COUNT,
    "max_cost_usd": _FRACTION,
    "agent_count": {"type": "integer", "minimum": 1, "maximum": 64},
}

_CHAT: Json = {
    "type": "object",
    "required": ["model", "messages"],
    "properties": {
        **_SHARED,
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "properties": {
                    "role": {"enum": ["system", "developer", "user", "assistant"]},
                    "content": {"anyOf": [_TEXT, _OBJECTS]},
                },
            },
        },
        "max_tokens": _COUNT,
        "max_completion_tokens": _COUNT,
        "stop": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]},
        "seed": {"type": "integer"},
        "response_format": _OBJECT,
    },
}

_RESPONSES: Json = {
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        **_SHARED,
        "input": {"anyOf": [_TEXT, _OBJECTS]},
        "instructions": _TEXT,
        "max_output_tokens": _COUNT,
        "reasoning": _OBJECT,
        "text": _OBJECT,
        "include": {"type": "array", "items": _TEXT},
    },
}

_MESSAGES: Json = {
    "type": "object",
    "required": ["model", "messages", "max_tokens"],
    "properties": {
        **_SHARED,
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "properties": {
                    "role": {"enum": ["user", "assistant"]},
                    "content": {"anyOf": [_TEXT, _OBJECTS]},
                },
            },
        },
        "max_tokens": _COUNT,
        "system": {"anyOf": [_TEXT, _OBJECTS]},
        "stop_sequences": {"type": "array", "items": _TEXT},
    },
}

_RUN: Json = {
    "type": "object",
    "required": ["input"],
    "properties": {"model": _TEXT, "input": {"anyOf": [_TEXT, _OBJECT, _OBJECTS]}},
}

_ACCOUNT: Json = {"name": "account", "in": "path", "required": True, "schema": _TEXT}
_MODEL: Json = {"name": "model", "in": "path", "required": True, "schema": _TEXT}

_STATUSES = (
    ("400", "The request cannot be understood or carried out; the field is named."),
    ("401", "The key is missing or unknown."),
    ("402", "The call does not fit what may be spent."),
    ("403", "A foreign Host or Origin."),
    ("404", "No such model or path."),
    ("405", "The path takes another method."),
    ("408", "The body did not come in time."),
    ("413", "The body is too large."),
    ("415", "The body is not declared as JSON."),
    ("429", "The provider's limit is reached; Retry-After says when to come back."),
    ("502", "The provider failed."),
    ("503", "Nobody can take the request now."),
    ("504", "The provider did not answer in time."),
)


def document(version: str) -> Json:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Manymind",
            "version": version,
            "description": "One API to many models and to a team of them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            }
        },
        "security": [{"bearer": []}, {"x-api-key": []}, {}],
    }


def _paths() -> Json:
    paths: Json = {}
    for prefix in ("/v1", "/api/v1", "/client/v4/accounts/{account}/ai/v1"):
        account = [_ACCOUNT] if "{account}" in prefix else []
        openai: Json = {"anyOf": [_CHAT, _RESPONSES]}
        paths[f"{prefix}/chat/completions"] = _post("Chat Completions", openai, account)
        paths[f"{prefix}/responses"] = _post("Responses", openai, account)
        paths[f"{prefix}/messages"] = _post("Messages", _MESSAGES, account)
    run = "/client/v4/accounts/{account}/ai/run"
    paths[run] = _post("Cloudflare's envelope", _RUN, [_ACCOUNT])
    for prefix in ("/v1", "/api/v1"):
        paths[f"{prefix}/models"] = _get("The models that are served here")
        paths[f"{prefix}/models/{{model}}"] = _get("One model", [_MODEL], ("401", "403", "404"))
    paths["/healthz"] = _get("Whether the process lives", refusals=("403",))
    paths["/readyz"] = _get("Whether requests can be served", refusals=("403", "503"))
    paths["/version"] = _get("The version", refusals=("403",))
    paths["/openapi.json"] = _get("This document", refusals=("403",))
    return paths


def _post(summary: str, schema: Json, parameters: list[Json]) -> Json:
    return {
        "post": {
            "summary": summary,
            "parameters": parameters,
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
            "responses": {
                "200": {
                    "description": "The answer, whole or as server-sent events.",
                    "content": {
                        "application/json": {"schema": _OBJECT},
                        "text/event-stream": {"schema": _TEXT},
                    },
                },
                **_refusals(tuple(status for status, _ in _STATUSES)),
            },
        }
    }


def _get(
    summary: str, parameters: list[Json] | None = None, refusals: tuple[str, ...] = ("401", "403")
) -> Json:
    return {
        "get": {
            "summary": summary,
            "parameters": parameters or [],
            "responses": {
                "200": {
                    "description": "Found.",
                    "content": {"application/json": {"schema": _OBJECT}},
                },
                **_refusals(refusals),
            },
        }
    }


def _refusals(statuses: tuple[str, ...]) -> Json:
    said = dict(_STATUSES)
    return {
        status: {
            "description": said[status],
            "content": {"application/json": {"schema": _OBJECT}},
        }
        for status in statuses
    }
