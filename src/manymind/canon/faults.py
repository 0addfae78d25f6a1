"""What can go wrong that a caller can act on: what happened, what was expected, what to do."""

from typing import ClassVar


class Fault(Exception):
    """`field` names the part of the request at fault, as the caller wrote it.

    `retry_after` is in seconds. `upstream` names the provider that a fault came from.
    `unbilled` says that the request certainly cost nothing: it was refused, or never arrived.
    None of these may hold a prompt, an answer or a secret. `remedy` is the advice where whoever
    raises the fault has none of its own.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "server_error"
    retryable: ClassVar[bool] = False
    remedy: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        advice: str = "",
        field: str | None = None,
        retry_after: float | None = None,
        upstream: str | None = None,
        unbilled: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice or self.remedy
        self.field = field
        self.retry_after = retry_after
        self.upstream = upstream
        self.unbilled = unbilled

    @property
    def full(self) -> str:
        """What happened, at whose end, and what to do next, as one text."""
        return f"{self.upstream}: {self.told}" if self.upstream else self.told

    @property
    def told(self) -> str:
        """The same, for those who know whose end it was."""
        if not self.advice:
            return self.message
        stop = "" if self.message.endswith((".", "!", "?", "…")) else "."
        return f"{self.message}{stop} {self.advice}"


class BadRequest(Fault):
    status, code = 400, "invalid_request"


class Unsupported(BadRequest):
    """The request is well formed, but no one here can do what it asks."""

    code = "unsupported_parameter"


class Blocked(BadRequest):
    """The request holds what may not leave this server. What that is, is not repeated."""

    code = "content_blocked"
    remedy = "Take it out, or have the operator look at the settings of redaction."


class ContextTooLong(BadRequest):
    code = "context_length_exceeded"
    remedy = "Send less, or choose a model with a larger context window."


class NoSuchAnswer(BadRequest):
    """The answer to go on from is not kept here, or not for this caller. The status is OpenAI's:
    what is missing is named by the body, not by the path."""

    code = "previous_response_not_found"
    remedy = "Send the whole history, or go on from an answer that is still kept."


class SocketExpired(BadRequest):
    """A connection that was open for so long that it takes no more requests."""

    code = "websocket_connection_limit_reached"
    remedy = "Open a new connection, and go on there."


class Unauthorized(Fault):
    status, code = 401, "invalid_api_key"


class OverBudget(Fault):
    status, code = 402, "budget_exceeded"


class Forbidden(Fault):
    status, code = 403, "forbidden"


class KeyStopped(Forbidden):
    """The gate for money lets none of a key's calls pass any more."""

    code = "key_stopped"
    remedy = "The owner of the key must look at what it spent, and open it again."


class NotFound(Fault):
    status, code = 404, "not_found"


class NoSuchModel(NotFound):
    code = "model_not_found"


class NoneAllowed(NotFound):
    """There are offers of the model, and the caller's preferences leave none of them."""

    code = "no_allowed_provider"
    remedy = "Ask for less in `provider`, or ask for another model."


class MethodNotAllowed(Fault):
    status, code = 405, "method_not_allowed"


class TooSlow(Fault):
    """The caller took too long to send its request."""

    status, code = 408, "request_timeout"


class Conflict(Fault):
    status, code = 409, "conflict"


class TooLarge(Fault):
    status, code = 413, "request_too_large"


class NotJson(Fault):
    status, code = 415, "unsupported_media_type"


class RateLimited(Fault):
    status, code, retryable = 429, "rate_limit_exceeded", True
    remedy = "Wait a little, then try again."


class RateSpent(RateLimited):
    """A key has used up its own rate: asking another provider would not help."""

    retryable = False


class UpstreamBroken(Fault):
    """The provider failed or spoke nonsense."""

    status, code, retryable = 502, "upstream_error", True
    remedy = "Try again, or choose another model."


class UpstreamRefused(Fault):
    """The provider does not accept our credentials: an operator's matter, not the caller's."""

    status, code = 502, "upstream_unauthorized"
    remedy = "The operator of this server must look at the provider's key or account."


class CutShort(UpstreamBroken):
    """The provider's stream stopped before its end."""

    code = "stream_cut"
    remedy = "Ask again; what came so far is not the whole answer."


class Overloaded(Fault):
    status, code, retryable = 503, "overloaded", True
    remedy = "Try again shortly, or choose another model."


class ShuttingDown(Overloaded):
    code = "shutting_down"


class StoreFailed(Fault):
    """What was to be kept cannot be, or what was kept cannot be read now."""

    status, code = 503, "storage_unavailable"


class TimedOut(Fault):
    status, code, retryable = 504, "timeout", True
    remedy = "Try again, allow more time, or choose another model."
