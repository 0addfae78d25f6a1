"""In whose words each path must refuse, told by the path alone."""

import re
from typing import Literal

import msgspec
from msgspec import Struct

from tests.faults.fronts import FRONTS, Heard

_GOOGLES = re.compile(r"/v1beta/|/v1/models/.*:\w+$")
_ANTHROPICS = re.compile(r"(/api)?/v1/messages|/client/v4/accounts/[^/]+/ai/v1/messages")


class _OpenRoutersError(Struct, forbid_unknown_fields=True):
    message: str
    type: str
    param: str | None
    code: int
    metadata: dict[Literal["error_type"], str]
    request_id: str


class _OpenRouters(Struct, forbid_unknown_fields=True):
    error: _OpenRoutersError


class _CloudflaresError(Struct, forbid_unknown_fields=True):
    code: int
    message: str


class _Cloudflares(Struct, forbid_unknown_fields=True):
    result: None
    success: Literal[False]
    errors: tuple[_CloudflaresError]
    messages: tuple[()]


def refused(path: str, heard: Heard) -> str:
    """The message of a refusal; fails if a caller of this path could not read it."""
    assert heard.headers["content-type"] == "application/json", path
    assert heard.headers["x-request-id"].startswith("req_"), path
    if "/ai/run" in path:
        (error,) = msgspec.json.decode(heard.body, type=_Cloudflares).errors
        assert error.code == heard.status, path
        return error.message
    if _GOOGLES.match(path):
        return FRONTS["gemini"].refused(heard)[0]
    if _ANTHROPICS.match(path):
        assert heard.headers["request-id"] == heard.headers["x-request-id"], path
        return FRONTS["messages"].refused(heard)[0]
    if path.startswith("/api/"):
        theirs = msgspec.json.decode(heard.body, type=_OpenRouters).error
        assert theirs.code == heard.status, path
        return theirs.message
    return FRONTS["chat"].refused(heard)[0]
