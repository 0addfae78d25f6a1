"""A conversation goes back to whoever holds its prompt in a cache, while that is worth it."""

from collections import OrderedDict

import msgspec
from msgspec import Raw

from manymind.canon.items import Said
from manymind.canon.letters import Letter
from manymind.canon.origins import Origin
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.catalog.offers import Offer

IDLE_SECONDS = 600.0
REMEMBERED_MAX = 10_000
BEGINNING = 2048
"""Characters of a text by which a conversation is known again; to read on would cost more."""

MESSAGES_MAX = 4
"""The user's first message is among so many; what comes after it would not be the same again."""

PARSED_BYTES_MAX = 65_536
"""A letter's history that is longer is known by how it begins, unread."""

_SESSION = "session_id"
_ITEMS = msgspec.json.Decoder(list[Raw])


class Stickiness:
    """Only hashes are kept, and these no longer than a cache would last."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS, most: int = REMEMBERED_MAX) -> None:
        self._idle_seconds = idle_seconds
        self._most = most
        self._known: OrderedDict[int, tuple[str, float]] = OrderedDict()

    def find(self, conversation: int, now: float) -> str | None:
        """The offer that a conversation went to, if that was not long ago."""
        known = self._known.get(conversation)
        if known is None:
            return None
        if now - known[1] > self._idle_seconds:
            del self._known[conversation]
            return None
        return known[0]

    def keep(self, conversation: int, offer: str, now: float) -> None:
        self._known[conversation] = (offer, now)
        self._known.move_to_end(conversation)
        if len(self._known) > self._most:
            self._known.popitem(last=False)


def worthwhile(offer: Offer) -> bool:
    """Whether reading from its cache is cheaper there than reading anew."""
    return any(
        price.rates.cached is not None and price.rates.cached < price.rates.input
        for price in offer.prices
    )


def conversation(origin: Origin, model: str, asked: Request | Letter) -> int:
    """A hash of whose conversation this is, and which: the session that the caller names, else
    how it begins."""
    named = origin.session or _named(asked)
    return hash((origin.tenant, origin.key, model, named or _beginning(asked)))


def _named(asked: Request | Letter) -> str:
    if isinstance(asked, Letter):
        raw = asked.fields.get("prompt_cache_key")
        return "" if raw is None or bytes(raw) == b"null" else str(bytes(raw))
    session = asked.aside.fields.get(_SESSION) if asked.aside is not None else None
    return session if isinstance(session, str) and session else asked.prompt_cache_key or ""


def _beginning(asked: Request | Letter) -> object:
    return _sealed(asked) if isinstance(asked, Letter) else _opened(asked)


def _opened(request: Request) -> object:
    """What stands before the first answer: the system's words and the first of the user's."""
    texts = [text.text[:BEGINNING] for text in (request.instructions or ())[:1]]
    for item in request.items[:MESSAGES_MAX]:
        if not isinstance(item, Said):
            break
        first = next((part.text for part in item.parts if isinstance(part, Text)), "")
        texts.append(first[:BEGINNING])
        if item.role == "user":
            break
    return tuple(texts)


def _sealed(letter: Letter) -> object:
    history = letter.fields.get("messages", Raw())
    view = memoryview(history)
    if view.nbytes > PARSED_BYTES_MAX:
        return bytes(view[:BEGINNING])
    try:
        messages = _ITEMS.decode(history)
    except (msgspec.MsgspecError, RecursionError):
        return bytes(view[:BEGINNING])
    begun: list[bytes] = []
    for message in messages[:MESSAGES_MAX]:
        begun.append(bytes(memoryview(message)[:BEGINNING]))
        if b'"user"' in begun[-1]:
            break
    return tuple(begun)
