"""Refusals in the shapes of the vendors, and what their houses share in reading a body."""

import re
from typing import TypeVar

import msgspec

from manymind.canon.parts import File, Image
from manymind.server.simulated.talk import Counts, Json, Refused

T = TypeVar("T")

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+)*?;base64,(.*)", re.DOTALL)
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")

_OPENAI = {401: ("invalid_request_error", "invalid_api_key")}
_OPENAI[403] = ("invalid_request_error", "unsupported_country_region_territory")
_OPENAI[404] = ("invalid_request_error", "not_found")
_OPENAI[429] = ("requests", "rate_limit_exceeded")
_ANTHROPIC = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_GOOGLE = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_WORDS = {
    401: "Incorrect API key provided.",
    402: "You have run out of credits.",
    403: "Country, region, or territory not supported.",
    404: "The requested resource was not found.",
    408: "The request timed out.",
    429: "Rate limit reached. Please try again later.",
    503: "The engine is currently overloaded, please try again later.",
    529: "Overloaded",
}


def of_status(status: int) -> Refused:
    """The refusal that a vendor sends with this status."""
    ordinary = "The request was refused." if status < 500 else "The server had an error."
    return Refused(status, _WORDS.get(status, ordinary))


def broken() -> Refused:
    return Refused(500, "The server had an error while processing your request.")


def openai(refused: Refused) -> Json:
    ordinary = "server_error" if refused.status >= 500 else "invalid_request_error"
    kind, code = _OPENAI.get(refused.status, (ordinary, None))
    return {
        "error": {
            "message": refused.message,
            "type": kind,
            "param": refused.param,
            "code": refused.code or code,
        }
    }


def anthropic(refused: Refused, request_id: str) -> Json:
    ordinary = "api_error" if refused.status >= 500 else "invalid_request_error"
    kind = _ANTHROPIC.get(refused.status, ordinary)
    return {
        "type": "error",
        "error": {"type": kind, "message": refused.message},
        "request_id": request_id,
    }


def google(refused: Refused) -> Json:
    ordinary = "INTERNAL" if refused.status >= 500 else "INVALID_ARGUMENT"
    status = _GOOGLE.get(refused.status, ordinary)
    error: Json = {"code": refused.status, "message": refused.message, "status": status}
    if refused.code is not None:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": refused.code, "domain": "googleapis.com"}]
    return {"error": error}


def decoded(data: Json, form: type[T], field: str = "") -> T:
    """The body as its contract has it, or the refusal that names the field within `field`."""
    try:
        return msgspec.convert(data, form)
    except msgspec.ValidationError as wrong:
        place = _PLACE.search(str(wrong))
        message = _PLACE.sub("", str(wrong))
        missing = re.search(r"missing required field `(\w+)`", message)
        steps = (field, place and place.group(1), missing and missing.group(1))
        param = ".".join(step for step in steps if step)
        raise Refused(400, f"{message}: '{param}'.", param=param or None) from None


def image(url: str | None, file_id: str | None, field: str) -> Image:
    """An image from the URL, the data URL or the id that OpenAI's parts carry."""
    if url is None:
        return Image(file_id=file_id)
    if not url.startswith("data:"):
        if not url.startswith(("http://", "https://")):
            raise Refused(400, "Failed to download image: invalid URL.", param=field)
        return Image(url=url)
    found = _DATA_URL.fullmatch(url)
    if found is None or not (found.group(1) or "").startswith("image/"):
        raise Refused(
            400,
            "You uploaded an unsupported image. Please make sure your image is valid.",
            code="invalid_image_format",
            param=field,
        )
    return Image(media_type=found.group(1), data=found.group(2))


def file(data: str | None, file_id: str | None, name: str | None, url: str | None = None) -> File:
    """A file from the data URL, the id or the URL that OpenAI's parts carry."""
    if data is None:
        return File(file_id=file_id, name=name, url=url)
    found = _DATA_URL.fullmatch(data)
    if found is None:
        raise Refused(400, "Invalid file data: expected a base64-encoded data URL.")
    return File(name=name, media_type=found.group(1), data=found.group(2))


def ticks(counts: Counts) -> int:
    """What xAI's multi-agent model bills for these tokens."""
    fresh = counts.input - counts.cached
    return fresh * 12_500 + counts.cached * 2_000 + counts.output * 25_000


def dollars(counts: Counts) -> float:
    """The same in dollars, as OpenRouter writes it on the wire."""
    return ticks(counts) / 10**10
