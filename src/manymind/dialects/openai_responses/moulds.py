"""Events that differ in their words and their number alone.

The first of them is written in full. The rest are cast from it, so that they cannot look
different, and cost no more than their words do.
"""

from msgspec import Struct

from manymind.canon.events import LEADER, Wrote
from manymind.dialects.reading import encode
from manymind.dialects.sse import unbroken


class Mould(Struct, frozen=True):
    """What stands before and behind the words of an event that tells of `first`."""

    first: Wrote
    head: bytes
    tail: bytes

    def fits(self, wrote: Wrote) -> bool:
        """Whether an event differs from the first in nothing but its words."""
        first = self.first
        return (
            wrote.item == first.item
            and wrote.part == first.part
            and wrote.where == first.where
            and wrote.voice == first.voice
            and bool(wrote.text)
            and not wrote.logprobs
        )

    def cast(self, text: str, number: int) -> bytes:
        return b"%b%b%b%d}\n\n" % (self.head, unbroken(encode(text)), self.tail, number)


def moulded(first: Wrote, written: bytes, number: int) -> Mould | None:
    """A mould of what was written of an event, if its words are the last text in it."""
    said, end = b":" + unbroken(encode(first.text)), b"%d}\n\n" % number
    at = written.rfind(said)
    plain = first.voice == LEADER and first.text and not first.logprobs
    if not plain or at < 0 or not written.endswith(end):
        return None
    return Mould(first, written[: at + 1], written[at + len(said) : -len(end)])
