"""Who is covered, by which rules."""

from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from hashlib import blake2b
from threading import Lock

import anyio
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.embeddings import EmbedRequest
from manymind.canon.exits import Exits, Redaction
from manymind.canon.faults import Unsupported
from manymind.canon.origins import Origin
from manymind.canon.requests import Request
from manymind.policy.redaction.conversation import Conversation, refusal
from manymind.policy.redaction.masking import Masking
from manymind.policy.redaction.remembering import Remembering
from manymind.policy.redaction.rules import Rule


class Exempt(Struct, frozen=True, kw_only=True):
    """Whose calls go out as they are, by the names of keys and of routes, in which `*` stands for
    anything."""

    keys: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()

    def holds(self, origin: Origin) -> bool:
        return _any(origin.key, self.keys) or _any(origin.route, self.routes)


class Redacting(Redaction):
    """Counts what was found since the start, in however many threads."""

    def __init__(self, finding: Remembering, key: bytes, exempt: Exempt) -> None:
        self._finding = finding
        self._key = key
        self._exempt = exempt
        self._counts: Counter[tuple[str, str]] = Counter()
        self._counting = Lock()

    def covers(self, origin: Origin) -> bool:
        return bool(self._finding.rules) and not self._exempt.holds(origin)

    def exits(self, origin: Origin, request: Request) -> Exits | None:
        if not self.covers(origin):
            return None
        whose = f"{origin.tenant}\0{origin.session}".encode("utf-8", "replace")
        seed = blake2b(whose, key=self._key, digest_size=32).digest()
        return Conversation(self._finding, seed, request.items, self._note)

    async def embedding(self, origin: Origin, request: EmbedRequest) -> EmbedRequest:
        """Nothing has to be told apart in a vector, so that placeholders have no number here."""
        if not self.covers(origin):
            return request
        if not all(isinstance(each, str) for each in request.inputs):
            raise Unsupported(
                "Tokens cannot be looked through for secrets, which this server does.",
                advice="Send the text itself.",
                field="input",
            )
        return await anyio.to_thread.run_sync(self._masked, request)

    def _masked(self, request: EmbedRequest) -> EmbedRequest:
        blocked: Counter[str] = Counter()

        def instead(rule: Rule, value: str) -> str | None:
            self._note(rule.name, rule.action or "redact")
            if rule.action == "block":
                blocked[rule.name] += 1
            return None if rule.action == "flag" else f"[{rule.label}]"

        walk = Masking(self._finding, instead).walk
        masked = replace(
            request,
            inputs=walk.over(request.inputs),
            user=walk.over(request.user),
            aside=walk.over(request.aside),
        )
        if blocked:
            raise refusal(blocked)
        return masked

    def _note(self, rule: str, action: str) -> None:
        with self._counting:
            self._counts[rule, action] += 1

    def counted(self) -> Sequence[tuple[tuple[str, str], int]]:
        """How often each rule has found something, by its name and its action."""
        with self._counting:
            return list(self._counts.items())


def _any(name: str, patterns: tuple[str, ...]) -> bool:
    return bool(name) and any(fnmatchcase(name, pattern) for pattern in patterns)
