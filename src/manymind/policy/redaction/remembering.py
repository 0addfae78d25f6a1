"""What was found in texts that came before: a conversation sends all of its history each time."""

from collections import OrderedDict
from hashlib import blake2b
from threading import Lock

from manymind.policy.redaction.scanner import Find, Scanner

WORTH_BYTES = 512
"""A shorter text is read again as fast as it is recognized."""

TEXTS_MAX = 8192
FINDS_MAX = 200_000


class Remembering:
    """Finds as the scanner does. Of a text it keeps a digest and where what was found in it, and
    nothing of what stands there; the texts longest unseen go first."""

    def __init__(self, scanner: Scanner, finds_max: int = FINDS_MAX) -> None:
        self.rules = scanner.rules
        self._scanner = scanner
        self._known: OrderedDict[bytes, tuple[Find, ...]] = OrderedDict()
        self._finds_max = finds_max
        self._finds = 0
        self._lock = Lock()

    @property
    def remembered(self) -> int:
        """How many finds are held."""
        return self._finds

    def find(self, text: bytes) -> tuple[Find, ...]:
        if len(text) < WORTH_BYTES:
            return self._scanner.find(text)
        digest = blake2b(text, digest_size=16).digest()
        with self._lock:
            known = self._known.get(digest)
            if known is not None:
                self._known.move_to_end(digest)
                return known
        found = self._scanner.find(text)
        with self._lock:
            self._keep(digest, found)
        return found

    def _keep(self, digest: bytes, found: tuple[Find, ...]) -> None:
        if len(found) > self._finds_max or digest in self._known:
            return
        self._known[digest] = found
        self._finds += len(found)
        while len(self._known) > TEXTS_MAX or self._finds > self._finds_max:
            _, forgotten = self._known.popitem(last=False)
            self._finds -= len(forgotten)
