"""The ids of replies, in the forms that the readers of each house know."""

from collections.abc import Mapping

from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import LEADER, Began, Chunk, Happened

_PREFIXES: Mapping[str, Mapping[str, str]] = {
    "openai_chat": {"openai": "chatcmpl-", "openrouter": "gen-", "cloudflare": ""},
    "openai_responses": {"openai": "resp_", "openrouter": "resp_", "cloudflare": ""},
    "gemini": {"openai": ""},
    "anthropic_messages": {"openai": "msg_", "openrouter": "msg_", "cloudflare": "msg_"},
}
_KNOWN = ("chatcmpl-", "gen-", "msg_", "req_", "resp_")


class Naming:
    """Names one answer. A provider's own id is kept, but for the prefix of another dialect; a
    message that goes out as it came keeps it whole. Where a provider has none, the request's id
    stands in."""

    def __init__(self, dialect: str, house: str, request_id: str) -> None:
        self._dialect = dialect
        self._prefix = _PREFIXES[dialect][house]
        self._request_id = request_id

    def hear(self, chunk: Chunk) -> Chunk:
        for event in chunk.events:
            if isinstance(event, Began):
                break
        else:
            return chunk
        same = chunk.wire is not None and chunk.wire.dialect == self._dialect
        return Chunk(tuple(self._named(event, same) for event in chunk.events), chunk.wire)

    def named(self, answer: Answer) -> Answer:
        """A whole answer, named."""
        same = answer.wire is not None and answer.wire.dialect == self._dialect
        return answer if same and answer.id else replace(answer, id=self._id(answer.id))

    def _named(self, event: Happened, same: bool) -> Happened:
        if not isinstance(event, Began) or event.voice != LEADER or (same and event.id):
            return event
        return replace(event, id=self._id(event.id))

    def _id(self, given: str) -> str:
        given = given or self._request_id
        known = next((prefix for prefix in _KNOWN if given.startswith(prefix)), "")
        return self._prefix + given.removeprefix(known)
