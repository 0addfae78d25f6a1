"""The description of the pages of accounts."""

import re
from typing import cast

from manymind.canon.values import Json
from manymind.server.account_fields import (
    DOLLARS_MAX,
    NAME_MAX,
    NUMBER_MAX,
    PATTERNS_MAX,
    PERIODS,
    RESETS,
    SCOPES,
    UNITS,
)
from manymind.server.account_keys import GRACE_SECONDS_MAX, OFFSET_MAX
from manymind.server.paging import LIMIT_MAX

_TEXT: Json = {"type": "string"}
_OBJECT: Json = {"type": "object"}
_FLAG: Json = {"type": "boolean"}
_LINE: Json = {"type": "string", "minLength": 1, "maxLength": NAME_MAX}
_DOLLARS: Json = {"type": "number", "minimum": 0, "maximum": DOLLARS_MAX}
_PERCENT: Json = {"type": "integer", "minimum": 0, "maximum": 100}


def _optional(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


_MAYBE_COUNT = _optional({"type": "integer", "minimum": 1, "maximum": NUMBER_MAX})
_MAYBE_DOLLARS = _optional(_DOLLARS)
_MAYBE_LINE = _optional(_LINE)
_PATTERNS = _optional({"type": "array", "maxItems": PATTERNS_MAX, "items": _LINE})


def _closed(properties: Json, *required: str) -> Json:
    """A body of these fields and no others."""
    body: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**body, "required": list(required)} if required else body


_RIGHTS = _closed(
    {
        "infers": _FLAG,
        "manages": _FLAG,
        "models": _PATTERNS,
        "routes": _PATTERNS,
        "tools": _PATTERNS,
        "requests_per_minute": _MAYBE_COUNT,
        "tokens_per_minute": _MAYBE_COUNT,
        "concurrency": _MAYBE_COUNT,
        "max_prompt_tokens": _MAYBE_COUNT,
        "max_output_tokens": _MAYBE_COUNT,
        "max_cost_usd": _MAYBE_DOLLARS,
        "caches": _FLAG,
    }
)
_OF_KEYS: Json = {
    "user": _MAYBE_LINE,
    "creator_user_id": _MAYBE_LINE,
    "workspace_id": _optional(_TEXT),
    "limit": _MAYBE_DOLLARS,
    "limit_reset": {"enum": list(RESETS)},
    "expires_at": _optional({"type": "string", "format": "date-time"}),
    "rights": _optional(_RIGHTS),
    "include_byok_in_limit": {},
}
_NEW_KEY = _closed({"name": _LINE, **_OF_KEYS}, "name")
_KEY = _closed({"name": _MAYBE_LINE, "disabled": _FLAG, **_OF_KEYS})
_NEW_NAMED = _closed({"name": _LINE}, "name")
_NAMED = _closed({"name": _MAYBE_LINE, "disabled": _FLAG})
_ROTATION = _closed(
    {"grace_seconds": _optional({"type": "integer", "minimum": 0, "maximum": GRACE_SECONDS_MAX})}
)
_CAPS: Json = {
    "cap": {"type": "integer", "minimum": 0, "maximum": 2**53},
    "cap_usd": _DOLLARS,
    "alarm_percent": _optional(_PERCENT),
}
_NEW_BUDGET = _closed(
    {
        "scope": {"enum": list(SCOPES)},
        "subject": _MAYBE_LINE,
        "unit": {"enum": list(UNITS)},
        "period": {"enum": list(PERIODS)},
        **_CAPS,
    },
    "scope",
    "unit",
    "period",
)
_BUDGET = _closed(_CAPS)
_RECONCILED = _closed(
    {"used": {"type": "integer", "minimum": 0, "maximum": 2**53}, "used_usd": _DOLLARS}
)


def _asked(name: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema}


_TENANT = _asked("tenant", _TEXT)
_WORKSPACE = _asked("workspace_id", _TEXT)
_PAGED = (
    _asked("limit", {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX}),
    _asked("order", {"enum": ["asc", "desc"]}),
    _asked("after", _TEXT),
)
_FLAGGED: Json = {"enum": ["true", "false"]}
_FILTERED = (
    _asked("offset", {"type": "integer", "minimum": 0, "maximum": OFFSET_MAX}),
    _asked("include_disabled", _FLAGGED),
    _asked("include_expired", _FLAGGED),
    _WORKSPACE,
)

_PAGES: tuple[tuple[str, str, str, Json | None, tuple[Json, ...]], ...] = (
    ("GET", "/api/v1/key", "The key that asks: what it may, and has spent", None, ()),
    ("GET", "/api/v1/credits", "What may be spent in all", None, (_TENANT,)),
    ("GET", "/api/v1/keys", "The keys of a tenant", None, (*_FILTERED, _TENANT)),
    ("POST", "/api/v1/keys", "A new key, shown once", _NEW_KEY, (_TENANT,)),
    ("GET", "/api/v1/keys/{hash}", "One key", None, (_TENANT,)),
    ("PATCH", "/api/v1/keys/{hash}", "Change a key", _KEY, (_TENANT,)),
    ("DELETE", "/api/v1/keys/{hash}", "Delete a key", None, (_TENANT,)),
    ("GET", "/v1/manage/tenants", "All tenants", None, _PAGED),
    ("POST", "/v1/manage/tenants", "A new tenant", _NEW_NAMED, ()),
    ("GET", "/v1/manage/tenants/{id}", "One tenant", None, ()),
    ("PATCH", "/v1/manage/tenants/{id}", "Rename or disable a tenant", _NAMED, ()),
    ("DELETE", "/v1/manage/tenants/{id}", "Delete a tenant that has no keys", None, ()),
    ("GET", "/v1/manage/users", "The users of a tenant", None, (*_PAGED, _TENANT)),
    ("POST", "/v1/manage/users", "A new user", _NEW_NAMED, (_TENANT,)),
    ("GET", "/v1/manage/users/{id}", "One user", None, (_TENANT,)),
    ("PATCH", "/v1/manage/users/{id}", "Rename or disable a user", _NAMED, (_TENANT,)),
    ("DELETE", "/v1/manage/users/{id}", "Delete a user that has no keys", None, (_TENANT,)),
    (
        "GET",
        "/v1/manage/keys",
        "The keys of a tenant",
        None,
        (*_PAGED, _asked("user", _TEXT), _TENANT),
    ),
    ("POST", "/v1/manage/keys", "A new key, shown once", _NEW_KEY, (_TENANT,)),
    ("GET", "/v1/manage/keys/{id}", "One key", None, (_TENANT,)),
    ("PATCH", "/v1/manage/keys/{id}", "Change a key", _KEY, (_TENANT,)),
    ("DELETE", "/v1/manage/keys/{id}", "Delete a key", None, (_TENANT,)),
    ("POST", "/v1/manage/keys/{id}/rotate", "A new secret, shown once", _ROTATION, (_TENANT,)),
    ("POST", "/v1/manage/keys/{id}/open", "Open a stopped key again", _closed({}), (_TENANT,)),
    (
        "GET",
        "/v1/manage/budgets",
        "The budgets of a tenant",
        None,
        (*_PAGED, _asked("scope", {"enum": list(SCOPES)}), _asked("subject", _TEXT), _TENANT),
    ),
    ("POST", "/v1/manage/budgets", "A new budget", _NEW_BUDGET, (_TENANT,)),
    ("GET", "/v1/manage/budgets/{id}", "One budget, and what is left", None, (_TENANT,)),
    ("PATCH", "/v1/manage/budgets/{id}", "Change a cap or an alarm", _BUDGET, (_TENANT,)),
    ("DELETE", "/v1/manage/budgets/{id}", "Drop a budget", None, (_TENANT,)),
    ("GET", "/v1/manage/losses", "What dead servers had borrowed", None, (*_PAGED, _TENANT)),
    ("GET", "/v1/manage/losses/{id}", "One of these", None, (_TENANT,)),
    (
        "POST",
        "/v1/manage/losses/{id}/reconcile",
        "Say what it really came to",
        _RECONCILED,
        (_TENANT,),
    ),
    ("GET", "/v1/manage/changes", "Who changed what", None, (*_PAGED, _TENANT)),
)

_OPTIONAL = ("/rotate", "/open")
"""What may be asked for without a word."""

_CHANGING = (*_OPTIONAL, "/reconcile")
"""What makes nothing new."""

_SAID = {
    "400": "The request cannot be understood or carried out; the field is named.",
    "401": "The key is missing, unknown, disabled or expired.",
    "403": "A foreign Host or Origin, or a right that the key has not.",
    "404": "There is none of this id, or it is another tenant's.",
    "408": "The body did not come in time.",
    "409": "Something else stands in the way.",
    "413": "The body is too large.",
    "415": "The body is not declared as JSON.",
    "503": "The database does not work now.",
}


def describe_accounts(paths: Json) -> None:
    """Add these pages to those that are described."""
    for method, path, summary, body, asked in _PAGES:
        named: list[Json] = [
            {"name": name, "in": "path", "required": True, "schema": _TEXT}
            for name in re.findall(r"{(\w+)}", path)
        ]
        created = body is not None and method == "POST" and not path.endswith(_CHANGING)
        answers = {"201" if created else "200": "Made." if created else "Found."} | _SAID
        told: Json = {
            "summary": summary,
            "parameters": [*named, *asked],
            "responses": {
                status: {
                    "description": said,
                    "content": {"application/json": {"schema": _OBJECT}},
                }
                for status, said in answers.items()
            },
        }
        if body is not None:
            told["requestBody"] = {
                "required": not path.endswith(_OPTIONAL) and method == "POST",
                "content": {"application/json": {"schema": body}},
            }
        cast("Json", paths.setdefault(path, {}))[method.lower()] = told
