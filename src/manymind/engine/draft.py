"""What the team is about to say, before it is spoken."""

from msgspec import Struct

from manymind.canon.faults import Fault
from manymind.canon.items import Called
from manymind.engine.speaking import Piece


class Draft(Struct, frozen=True, kw_only=True):
    """`stop` is why the leader stopped; `reason` says why the answer is incomplete, if it is.
    `unproved` counts sentences with a figure that their evidence does not hold."""

    pieces: tuple[Piece, ...] = ()
    calls: tuple[Called, ...] = ()
    refusal: str = ""
    stop: str = "stop"
    reason: str | None = None
    fault: Fault | None = None
    unproved: int = 0

    @property
    def empty(self) -> bool:
        return not (self.pieces or self.calls or self.refusal)
