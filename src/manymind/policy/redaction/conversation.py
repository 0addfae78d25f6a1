"""The exits of one call: placeholders on the way out, values on the way back."""

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import blake2b
from typing import TypeVar

import anyio

from manymind.canon.events import Chunk, Noted, Say, spoken
from manymind.canon.exits import Exits
from manymind.canon.faults import Blocked
from manymind.canon.items import Called, Item, Returned, Said
from manymind.canon.parts import File, Text
from manymind.canon.requests import Request
from manymind.policy.redaction.masking import Masking
from manymind.policy.redaction.remembering import Remembering
from manymind.policy.redaction.restoring import Restoring, restoring_walk
from manymind.policy.redaction.rules import Rule
from manymind.policy.redaction.vault import Vault

Value = TypeVar("Value")

OnFound = Callable[[str, str], None]
"""Hears of each value that was found: by which rule, and what was done with it."""

_AT_ONCE = 16 * 1024
"""So many signs are looked through on the spot; more in a thread."""

_JSON_FORMS = ("json_object", "json_schema")


class Conversation(Exits):
    """`seed` tells one server's tenants apart; the conversation's own key is made of it and of
    how the conversation began."""

    def __init__(
        self, found: Remembering, seed: bytes, begun: tuple[Item, ...], on_found: OnFound
    ) -> None:
        self._found = found
        self._seed = seed
        self._begun = begun
        self._on_found = on_found
        self._key = b""
        self._vault, self._noted = Vault(), Vault()
        self._seen: dict[str, set[str]] = {}
        self._news = False
        self._last: tuple[Request, Request] | None = None

    @property
    def counts(self) -> Mapping[str, int]:
        return {name: len(values) for name, values in sorted(self._seen.copy().items())}

    async def outgoing(self, request: Request) -> Request:
        if self._last is not None and self._last[0] is request:
            return self._last[1]
        masked = await self._masked(request, size=_size(request))
        self._last = (request, masked)
        return masked

    def hearing(self, request: Request, say: Say) -> Say:
        if not self._vault:
            return say
        form = request.output.form if request.output is not None else ""
        return Restoring(self._vault, say, json_words=form in _JSON_FORMS)

    async def calling(self, called: Called) -> Called:
        return await self._masked(called, size=len(called.arguments))

    async def returning(self, returned: Returned) -> Returned:
        return restoring_walk(self._vault).over(returned)

    def noting(self, say: Say) -> Say:
        async def noted(chunk: Chunk) -> None:
            if self._news:
                self._news = False
                await say(spoken(Noted(what="redacted", data={"found": self.counts})))
            await say(chunk)

        return noted

    async def _masked(self, value: Value, *, size: int) -> Value:
        work = partial(self.mask, value)
        return work() if size <= _AT_ONCE else await anyio.to_thread.run_sync(work)

    def mask(self, value: Value) -> Value:
        """The value as it may leave, without a pause."""
        if not self._key:
            self._key = conversation_key(self._seed, self._begun)
        blocked: dict[str, set[str]] = {}

        def instead(rule: Rule, found: str) -> str | None:
            vault = self._noted if rule.action == "flag" else self._vault
            made = vault.placeholder(self._key, rule.label, found)
            self._note(rule, made)
            if rule.action == "block":
                blocked.setdefault(rule.name, set()).add(made)
            return made if vault is self._vault else None

        masked = Masking(self._found, instead).walk.over(value)
        if blocked:
            raise refusal({name: len(values) for name, values in blocked.items()})
        return masked

    def _note(self, rule: Rule, made: str) -> None:
        seen = self._seen.setdefault(rule.name, set())
        if made not in seen:
            seen.add(made)
            self._news = True
            self._on_found(rule.name, rule.action or "redact")


def refusal(counts: Mapping[str, int]) -> Blocked:
    """Says what may not leave, by rules and counts, and never the value."""
    told = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
    return Blocked(f"The request holds what may not leave this server: {told}.")


def conversation_key(seed: bytes, begun: tuple[Item, ...]) -> bytes:
    """What was said first stays first in every later turn, and tells conversations apart."""
    digest = blake2b(key=seed, digest_size=32)
    for item in begun:
        if not isinstance(item, Said):
            break
        if item.role == "assistant":
            break
        if item.role != "user":
            continue
        for part in item.parts:
            text = part.text if isinstance(part, Text | File) else ""
            digest.update((text or "").encode("utf-8", "surrogatepass"))
            digest.update(b"\0")
    return digest.digest()


def _size(request: Request) -> int:
    """About how much text a request holds."""
    size = sum(len(text.text) for text in request.instructions or ())
    for item in request.items:
        match item:
            case Said() | Returned():
                size += sum(
                    len(part.text or "") for part in item.parts if isinstance(part, Text | File)
                )
            case Called():
                size += len(item.arguments)
            case _:
                size += 256
    return size
