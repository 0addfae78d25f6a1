"""What is kept back for a moment goes out whole, in order, and to those who still listen."""

import asyncio
from dataclasses import dataclass, field

from manymind.outbox import JOINED_BYTES_MAX, WAITING_BYTES_MAX, Outbox, outbox


@dataclass(eq=False)
class Wire(asyncio.Transport):
    """A transport that remembers."""

    written: list[bytes] = field(default_factory=list[bytes])
    closed: bool = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed


async def test_it_goes_out_at_the_end_of_the_turn_in_order() -> None:
    box, one, other = Outbox(asyncio.get_running_loop()), Wire(), Wire()
    box.put(one, b"head ")
    box.put(one, b"body")
    box.put(other, b"else")
    box.put(one, b" more")
    assert not one.written
    await asyncio.sleep(0)
    assert (one.written, other.written) == ([b"head body", b" more"], [b"else"])
    await asyncio.sleep(0)
    assert len(one.written) == 2


async def test_what_is_long_is_neither_copied_nor_kept() -> None:
    box, wire = Outbox(asyncio.get_running_loop()), Wire()
    long = b"x" * JOINED_BYTES_MAX
    box.put(wire, b"head")
    box.put(wire, long)
    for _ in range(WAITING_BYTES_MAX // JOINED_BYTES_MAX):
        box.put(wire, long)
    assert wire.written[0] == b"head"
    assert b"".join(wire.written).endswith(long)
    await asyncio.sleep(0)
    assert sum(map(len, wire.written)) == 4 + JOINED_BYTES_MAX + WAITING_BYTES_MAX


async def test_nothing_is_written_to_who_went_away_and_the_others_lose_nothing() -> None:
    box, gone, there = Outbox(asyncio.get_running_loop()), Wire(), Wire()
    box.put(gone, b"a")
    box.put(there, b"b")
    gone.closed = True
    box.flush()
    assert (gone.written, there.written) == ([], [b"b"])


async def test_a_loop_has_one_outbox() -> None:
    loop = asyncio.get_running_loop()
    assert outbox(loop) is outbox(loop)
