"""The description of the pages of records."""

import re
from typing import cast

from manymind.canon.values import Json
from manymind.server.records import LOGS_MAX
from manymind.store.facts import DIMENSIONS, PERIODS
from manymind.store.rankings import APPS_MAX
from manymind.store.reports import LINES_MAX

_TEXT: Json = {"type": "string"}
_OBJECT: Json = {"type": "object"}
_DAY: Json = {"type": "string", "format": "date"}


def _asked(name: str, schema: Json = _TEXT, *, required: bool = False) -> Json:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _one_of(*values: str) -> Json:
    return {"type": "string", "enum": list(values)}


_FILTERS = [
    _asked(name)
    for name in (
        *("since", "until", "model", "provider", "key", "user", "feature", "app", "route"),
        "arm",
    )
]
_WINDOW = [_asked("start_date", _DAY), _asked("end_date", _DAY)]


def _limit(most: int) -> Json:
    return _asked("limit", {"type": "integer", "minimum": 1, "maximum": most})


_USAGE = [
    *_FILTERS,
    _asked("by", {"type": "array", "items": _one_of(*DIMENSIONS)}),
    _asked("period", _one_of(*PERIODS)),
    _limit(LINES_MAX),
    _asked("format", _one_of("json", "csv")),
]
_LOGS = [
    *_FILTERS,
    _asked("outcome"),
    _asked("after"),
    _limit(LOGS_MAX),
    _asked("format", _one_of("json", "ndjson", "csv")),
]

_PAGES: tuple[tuple[str, str, str, list[Json]], ...] = (
    ("GET", "/api/v1/generation", "One request, all attempts", [_asked("id", required=True)]),
    (
        "GET",
        "/api/v1/activity",
        "The last thirty days by day, model and provider",
        [_asked("date", _DAY), _asked("api_key_hash"), _asked("user_id")],
    ),
    (
        "GET",
        "/api/v1/datasets/rankings-daily",
        "The models that are used most",
        [*_WINDOW, _asked("period", _one_of("day", "week", "month"))],
    ),
    (
        "GET",
        "/api/v1/datasets/app-rankings",
        "The programs that ask most",
        [*_WINDOW, _limit(APPS_MAX), _asked("sort", _one_of("popular"))],
    ),
    *(
        page
        for prefix, whose in (("/v1/manage", "a tenant"), ("/v1", "a key"))
        for page in (
            ("GET", f"{prefix}/usage", f"What {whose} used, told apart as asked", _USAGE),
            ("GET", f"{prefix}/logs", f"The attempts of {whose}", _LOGS),
            ("GET", f"{prefix}/logs/{{id}}", f"One request of {whose}", list[Json]()),
        )
    ),
    (
        "DELETE",
        "/v1/manage/logs",
        "Forget attempts by their age; their sums stay",
        [_asked("before", required=True), _asked("tenant")],
    ),
)
_SAID = {
    "200": "Found.",
    "400": "The question cannot be understood; the field is named.",
    "401": "The key is missing or unknown.",
    "403": "A foreign Host or Origin, or a key without the right.",
    "404": "There is none of yours.",
    "503": "The database does not work now.",
}


def describe_records(paths: Json) -> None:
    """Add these pages to those that are described."""
    for method, path, summary, asked in _PAGES:
        named: list[Json] = [
            {"name": name, "in": "path", "required": True, "schema": _TEXT}
            for name in re.findall(r"{(\w+)}", path)
        ]
        content: Json = {"application/json": {"schema": _OBJECT}}
        exported: Json = (
            {"text/csv": {}, "application/x-ndjson": {}} if path.endswith(("usage", "logs")) else {}
        )
        told: Json = {
            "summary": summary,
            "parameters": [*named, *asked],
            "responses": {
                status: {
                    "description": said,
                    "content": content | (exported if status == "200" else {}),
                }
                for status, said in _SAID.items()
            },
        }
        cast("Json", paths.setdefault(path, {}))[method.lower()] = told
