"""Faults as OpenAI and its many imitators write them: a provider's error bodies, and ours to the
caller. Chat and Responses share this."""

import re
from typing import cast

import msgspec

from manymind.canon.faults import (
    BadRequest,
    Conflict,
    ContextTooLong,
    Fault,
    Forbidden,
    NoSuchModel,
    NotFound,
    Overloaded,
    RateLimited,
    TimedOut,
    TooLarge,
    Unsupported,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.canon.values import Json
from manymind.dialects.reading import Object, encode

MESSAGE_MAX = 500

_KEY = re.compile(
    r"(?i)\bbearer\s+\S+|\b(?:sk|pk|rk|xai|gsk|hf|r8|nvapi|pplx|or)[-_][\w.*-]{4,}|\bAIza[\w.*-]{4,}"
)
_TOO_LONG = re.compile(
    r"(?i)context.{0,12}(?:length|window|size|limit)|maximum prompt length|prompt is too long"
    r"|too many (?:input )?tokens|input is too long|reduce the length"
    r"|exceeds? the maximum.{0,20}tokens"
)
_BAD_KEY = re.compile(r"(?i)\b(?:incorrect|invalid|missing|expired|no) api[ _-]?key")
_NAMED_STATUS = {
    "invalid_request": 400,
    "invalid_request_error": 400,
    "invalid_prompt": 400,
    "context_length_exceeded": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "insufficient_quota": 402,
    "permission_error": 403,
    "permission_denied": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "server_error": 500,
    "overloaded": 503,
    "overloaded_error": 503,
    "timeout": 504,
    "vector_store_timeout": 504,
}


class _Report(msgspec.Struct, frozen=True):
    """What an error body says, whatever its form."""

    message: str = ""
    code: str = ""
    kind: str = ""
    param: str | None = None
    moderated: bool = False


def read_fault(status: int, body: bytes, retry_after: float | None) -> Fault:
    report = _read_report(body)
    status = _status(status, report)
    say = f"The provider refused the request ({status})"
    message = f"{say}: {report.message}" if report.message else f"{say}."
    fault = _refusal(status, report, message) if status < 500 else _breakdown(status, report)
    fault.retry_after = retry_after
    return fault


def read_error(error: object) -> Fault:
    """An error that came with status 200: in a reply, or in the middle of a stream."""
    return read_fault(200, encode({"error": error}), None)


def _status(status: int, report: _Report) -> int:
    """The status that the error has, where it came under another one."""
    if status >= 400:
        return 402 if report.code == "insufficient_quota" else status
    if re.fullmatch(r"[45][0-9][0-9]", report.code):
        return int(report.code)
    return _NAMED_STATUS.get(report.code) or _NAMED_STATUS.get(report.kind) or 502


def _refusal(status: int, report: _Report, message: str) -> Fault:
    """A status below 500: the request, or our account, is not to the provider's liking."""
    moderated = status == 403 and report.moderated
    if _BAD_KEY.search(report.message) or (status in (401, 402, 403) and not moderated):
        return _account(status)
    if status in (400, 413, 422) and _is_too_long(report):
        return ContextTooLong(
            message, advice="Send less, or choose a model with a larger window.", field=report.param
        )
    if status == 404 and (report.code == "model_not_found" or "model" in report.message.lower()):
        return NoSuchModel(message, field="model")
    if status == 429:
        said = f": {report.message}" if report.message else "."
        return RateLimited(f"The provider's rate limit is reached{said}")
    if report.code.startswith("unsupported"):
        return Unsupported(message, field=report.param)
    return _REFUSALS.get(status, BadRequest)(message, field=report.param)


_REFUSALS: dict[int, type[Fault]] = {
    403: Forbidden,
    404: NotFound,
    408: TimedOut,
    409: Conflict,
    413: TooLarge,
}


def _account(status: int) -> Fault:
    """Its words are not passed on: such messages quote keys and name accounts."""
    what = "has no credit left for us" if status == 402 else "does not accept our key"
    return UpstreamRefused(
        f"The provider {what} ({status}).",
        advice="The operator of this server must look at the provider's key or account.",
    )


def _breakdown(status: int, report: _Report) -> Fault:
    said = f": {report.message}" if report.message else "."
    if status in (504, 524):
        return TimedOut(f"The provider took too long ({status}){said}")
    if status in (503, 529):
        return Overloaded(f"The provider is overloaded ({status}){said}")
    if _is_too_long(report):
        return ContextTooLong(f"The provider cannot take a request of this length{said}")
    return UpstreamBroken(f"The provider failed ({status}){said}")


def _is_too_long(report: _Report) -> bool:
    known = report.code in ("context_length_exceeded", "string_above_max_length")
    return known or _TOO_LONG.search(report.message) is not None


def _read_report(body: bytes) -> _Report:
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _Report(message=_plain(body.decode("utf-8", "replace")))
    if isinstance(value, list) and value:
        value = cast("list[object]", value)[0]  # Gemini wraps its error in an array.
    if isinstance(value, str):
        return _Report(message=_plain(value))
    if not isinstance(value, dict):
        return _Report()
    whole = cast("Json", value)
    error = whole.get("error")
    inner = cast("Json", error) if isinstance(error, dict) else whole
    raw = _metadata(inner)
    message = next(
        (text for text in (inner.get(key) for key in _WORDS) if isinstance(text, str) and text), ""
    )
    return _Report(
        message=_plain(f"{message} ({raw['raw']})" if isinstance(raw.get("raw"), str) else message),
        code=_word(inner.get("code")),
        kind=_word(inner.get("type")),
        param=_word(inner.get("param")) or None,
        moderated="reasons" in raw or "flagged_input" in raw,
    )


_WORDS = ("message", "error", "detail", "msg")


def _metadata(error: Json) -> Json:
    """OpenRouter's own: the words of the provider behind it, or of its moderation."""
    value = error.get("metadata")
    return cast("Json", value) if isinstance(value, dict) else {}


def _word(value: object) -> str:
    return str(value)[:100] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _plain(text: str) -> str:
    """A provider's words, bounded, on one line, without a key and without a page of HTML."""
    if "<html" in text[:2000].lower() or "<!doctype" in text[:200].lower():
        return ""
    text = _KEY.sub("[key]", " ".join(text[: 4 * MESSAGE_MAX].split()))
    return text if len(text) <= MESSAGE_MAX else f"{text[: MESSAGE_MAX - 1]}…"


def write_fault(fault: Fault, request_id: str, house: str) -> bytes:
    return encode({"error": {**error_fields(fault, house), "request_id": request_id}})


def error_fields(fault: Fault, house: str) -> Json:
    """OpenRouter's readers want the status for a code, and the word for it beside that."""
    fields: Json = {"message": fault.full, "type": _kind(fault), "param": fault.field}
    if house == "openrouter":
        return {**fields, "code": fault.status, "metadata": {"error_type": fault.code}}
    return {**fields, "code": fault.code}


def _kind(fault: Fault) -> str:
    match fault.status:
        case 401:
            return "authentication_error"
        case 402:
            return "insufficient_quota"
        case 403:
            return "permission_error"
        case 404:
            return "not_found_error"
        case 429:
            return "rate_limit_error"
        case status if status < 500:
            return "invalid_request_error"
        case _:
            return "server_error"


def is_error(body: Object) -> bool:
    """Whether a reply is an error, or carries one."""
    return body.peek("error") not in (None, "", {}, False)
