"""The description of our paths that tools read. Bodies are described as far as we check them."""

import re
from typing import cast

from manymind.canon.values import Json
from manymind.server.openapi_accounts import describe_accounts
from manymind.server.openapi_records import describe_records
from manymind.server.reply_headers import ANSWERED, COUNTED, EVERYWHERE, REFUSED, described

_TEXT: Json = {"type": "string"}
_OBJECT: Json = {"type": "object"}
_OBJECTS: Json = {"type": "array", "items": _OBJECT}


def _optional(schema: Json) -> Json:
    """Null counts as absent."""
    return {"anyOf": [schema, {"type": "null"}]}


_MAYBE_TEXT = _optional(_TEXT)
_MAYBE_TEXTS = _optional({"type": "array", "items": _TEXT})
_MAYBE_COUNT = _optional({"type": "integer", "minimum": 1})
_MAYBE_NUMBER = _optional({"type": "number"})
_MAYBE_FLAG = _optional({"type": "boolean"})
_MAYBE_OBJECT = _optional(_OBJECT)
_MAYBE_OBJECTS = _optional(_OBJECTS)

_SHARED: Json = {
    "model": _TEXT,
    "stream": _MAYBE_FLAG,
    "temperature": _MAYBE_NUMBER,
    "top_p": _MAYBE_NUMBER,
    "tools": _MAYBE_OBJECTS,
    "metadata": _MAYBE_OBJECT,
    "max_turns": _MAYBE_COUNT,
    "max_total_turns": _MAYBE_COUNT,
    "max_tool_calls": _optional({"type": "integer", "minimum": 0}),
    "max_cost_usd": _MAYBE_NUMBER,
    "agent_count": {**_MAYBE_COUNT, "description": "For a team, which takes 1 to 64."},
    "unsupported_claims": {"enum": ["mark", "drop", None]},
}


def _messages(*shapes: Json) -> Json:
    message: Json = {"type": "object", "required": ["role"], "anyOf": list(shapes)}
    return {"type": "array", "minItems": 1, "items": message}


def _said_by(*roles: str) -> Json:
    content: Json = {"anyOf": [_TEXT, _OBJECTS, {"type": "null"}]}
    return {"properties": {"role": {"enum": list(roles)}, "content": content}}


_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_UNKNOWN: Json = {"properties": {"role": {"type": "string", "not": {"enum": list(_ROLES)}}}}
"""A role that we do not know goes on, as it is, to a provider that may."""


_CHAT: Json = {
    "type": "object",
    "required": ["model", "messages"],
    "properties": {
        **_SHARED,
        "messages": _messages(_said_by(*_ROLES), _UNKNOWN),
        "max_tokens": _MAYBE_COUNT,
        "max_completion_tokens": _MAYBE_COUNT,
        "stop": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}, {"type": "null"}]},
        "seed": _optional({"type": "integer"}),
        "response_format": _MAYBE_OBJECT,
    },
}

_RESPONSES: Json = {
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        **_SHARED,
        "input": {"anyOf": [_TEXT, _OBJECTS]},
        "instructions": _MAYBE_TEXT,
        "max_output_tokens": _MAYBE_COUNT,
        "reasoning": _MAYBE_OBJECT,
        "text": _MAYBE_OBJECT,
        "include": _MAYBE_TEXTS,
    },
}

_MESSAGES: Json = {
    "type": "object",
    "required": ["model", "messages", "max_tokens"],
    "properties": {
        **_SHARED,
        "messages": _messages(_said_by("user", "assistant")),
        "max_tokens": {"type": "integer", "minimum": 0},
        "system": {"anyOf": [_TEXT, _OBJECTS, {"type": "null"}]},
        "stop_sequences": _MAYBE_TEXTS,
    },
}

_TOKENS: Json = {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}}
_WORDS: Json = {"type": "string", "minLength": 1}
_VECTORS: Json = {
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        "model": _TEXT,
        "input": {
            "anyOf": [
                _WORDS,
                _TOKENS,
                {"type": "array", "minItems": 1, "maxItems": 2048, "items": _WORDS},
                {"type": "array", "minItems": 1, "maxItems": 2048, "items": _TOKENS},
            ]
        },
        "dimensions": _MAYBE_COUNT,
        "encoding_format": {"enum": ["float", "base64", None]},
        "user": _optional(_TEXT),
        "max_cost_usd": _MAYBE_NUMBER,
    },
}

_COUNTED_RESPONSES: Json = {
    "type": "object",
    "properties": {
        **cast("Json", _RESPONSES["properties"]),
        "model": _MAYBE_TEXT,
        "input": {"anyOf": [_TEXT, _OBJECTS, {"type": "null"}]},
    },
}

_COUNTED_MESSAGES: Json = {
    "type": "object",
    "required": ["model", "messages"],
    "properties": {
        **cast("Json", _MESSAGES["properties"]),
        "max_tokens": _optional({"type": "integer", "minimum": 0}),
    },
}
"""What is only counted may leave out what an answer needs."""

_RUN: Json = {
    "type": "object",
    "required": ["input"],
    "properties": {"model": _TEXT, "input": {"anyOf": [_TEXT, _OBJECT, _OBJECTS]}},
}

_ACCOUNT: Json = {"name": "account", "in": "path", "required": True, "schema": _TEXT}
_MODEL: Json = {"name": "model", "in": "path", "required": True, "schema": _TEXT}


def _in_path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}


_KEPT = (
    ("POST", "/responses/compact", "A conversation in short"),
    ("GET", "/responses/{id}", "An answer that was kept"),
    ("DELETE", "/responses/{id}", "Forget an answer"),
    ("POST", "/responses/{id}/cancel", "Cancel an answer in the background: there are none yet"),
    ("GET", "/responses/{id}/input_items", "All that the model saw"),
    ("GET", "/chat/completions", "The completions that were kept"),
    ("GET", "/chat/completions/{id}", "A completion that was kept"),
    ("POST", "/chat/completions/{id}", "Change the metadata of a completion"),
    ("DELETE", "/chat/completions/{id}", "Forget a completion"),
    ("GET", "/chat/completions/{id}/messages", "The messages that a completion answered"),
    ("POST", "/conversations", "Begin a conversation"),
    ("GET", "/conversations/{id}", "One conversation"),
    ("POST", "/conversations/{id}", "Change the metadata of a conversation"),
    ("DELETE", "/conversations/{id}", "Forget a conversation"),
    ("GET", "/conversations/{id}/items", "What was said in a conversation"),
    ("POST", "/conversations/{id}/items", "Add to a conversation"),
    ("GET", "/conversations/{id}/items/{item}", "One item of a conversation"),
    ("DELETE", "/conversations/{id}/items/{item}", "Forget an item of a conversation"),
)
"""What can be done with that which is kept here."""

_BODILESS = ("/conversations", "/responses/{id}/cancel")
"""What may be asked for without a word."""

_GOOGLE = (
    ("generateContent", "An answer, as Google has it"),
    ("streamGenerateContent", "An answer in a stream, as Google has it"),
    ("countTokens", "How many tokens a request would be, as Google counts"),
)

_STATUSES = (
    ("400", "The request cannot be understood or carried out; the field is named."),
    ("401", "The key is missing or unknown."),
    ("402", "The call does not fit what may be spent."),
    ("403", "A foreign Host or Origin, or a key without the right."),
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


_NAMED = described(EVERYWHERE)
_TOLD = described(EVERYWHERE | ANSWERED)
_COUNTS = described(EVERYWHERE | COUNTED)
_COME_BACK = described(EVERYWHERE | REFUSED)


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
        paths[f"{prefix}/embeddings"] = _post("Vectors", _VECTORS, account)
    run = "/client/v4/accounts/{account}/ai/run"
    paths[run] = _post("Cloudflare's envelope", _RUN, [_ACCOUNT])
    paths[f"{run}/{{model}}"] = _post("Cloudflare's envelope", _OBJECT, [_ACCOUNT, _MODEL])
    for prefix in ("/v1", "/api/v1"):
        paths[f"{prefix}/models"] = _get("The models that are served here")
        told = "How many tokens a request would be"
        paths[f"{prefix}/responses/input_tokens"] = _post(told, _COUNTED_RESPONSES, headers=_COUNTS)
        paths[f"{prefix}/messages/count_tokens"] = _post(told, _COUNTED_MESSAGES, headers=_COUNTS)
        paths[f"{prefix}/models/{{model}}"] = _get("One model", [_MODEL], ("401", "403", "404"))
    named = ("401", "403", "404")
    paths["/api/v1/models/count"] = _get("How many models a filter finds")
    paths["/api/v1/models/user"] = _get("The models that are served here")
    paths["/api/v1/model/{name}"] = _get(
        "One model, as OpenRouter tells it", [_in_path("name")], named
    )
    paths["/api/v1/models/{author}/{slug}/endpoints"] = _get(
        "Who offers a model, and on which terms", [_in_path("author"), _in_path("slug")], named
    )
    paths["/api/v1/providers"] = _get("The providers whose models are served here")
    paths["/api/v1/tokens/drift"] = _get("What providers reported for each token we counted")
    _describe_kept(paths)
    _describe_google(paths)
    describe_accounts(paths)
    describe_records(paths)
    paths["/metrics"] = _get("What goes on, for Prometheus", kind="text/plain")
    paths["/"] = _get("A word of welcome", refusals=("403",), kind="text/plain")
    paths["/healthz"] = _get("Whether the process lives", refusals=("403",))
    paths["/readyz"] = _get("Whether requests can be served", refusals=("403", "503"))
    paths["/version"] = _get("The version", refusals=("403",))
    paths["/openapi.json"] = _get("This document", refusals=("403",))
    return paths


def _describe_kept(paths: Json) -> None:
    for prefix in ("/v1", "/api/v1"):
        for method, path, summary in _KEPT:
            named = [_in_path(name) for name in re.findall(r"{(\w+)}", path)]
            if method == "POST":
                described = _post(summary, _OBJECT, named, required=path not in _BODILESS)
            else:
                described = _get(summary, named, ("400", "401", "403", "404", "503"))
            at = cast("Json", paths.setdefault(prefix + path, {}))
            at[method.lower()] = next(iter(described.values()))


def _describe_google(paths: Json) -> None:
    for prefix in ("/v1", "/v1beta"):
        for verb, summary in _GOOGLE:
            headers = _COUNTS if verb == "countTokens" else _TOLD
            paths[f"{prefix}/models/{{model}}:{verb}"] = _post(
                summary, _OBJECT, [_MODEL], headers=headers
            )
    paths["/v1beta/models"] = _get("The models that are served here, as Google lists them")
    paths["/v1beta/models/{model}"] = _get("One model", [_MODEL], ("401", "403", "404"))


def _post(
    summary: str,
    schema: Json,
    parameters: list[Json] | None = None,
    *,
    required: bool = True,
    headers: Json = _TOLD,
) -> Json:
    return {
        "post": {
            "summary": summary,
            "parameters": parameters or [],
            "requestBody": {
                "required": required,
                "content": {"application/json": {"schema": schema}},
            },
            "responses": {
                "200": {
                    "description": "The answer, whole or as server-sent events.",
                    "headers": headers,
                    "content": {
                        "application/json": {"schema": _OBJECT},
                        "text/event-stream": {},
                    },
                },
                **_refusals(tuple(status for status, _ in _STATUSES)),
            },
        }
    }


def _get(
    summary: str,
    parameters: list[Json] | None = None,
    refusals: tuple[str, ...] = ("401", "403"),
    kind: str = "application/json",
) -> Json:
    return {
        "get": {
            "summary": summary,
            "parameters": parameters or [],
            "responses": {
                "200": {
                    "description": "Found.",
                    "headers": _NAMED,
                    "content": {kind: {"schema": _TEXT if kind == "text/plain" else _OBJECT}},
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
            "headers": _COME_BACK if status in ("429", "503") else _NAMED,
            "content": {"application/json": {"schema": _OBJECT}},
        }
        for status in statuses
    }
