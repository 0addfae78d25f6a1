"""What the team is about to say, before it is spoken."""

from msgspec import Struct

from manymind.canon.faults import Fault
from manymind.canon.items import Called
from manymind.engine.speaking import Piece


class Draft(Struct, frozen=True, kw_only=True):
    """`stop` is why the leader stopped; `reason` says why the answer is incomplete, if it is.
    `doubted` counts sentences with a figure that their evidence does not hold, and `cut` those
    of them that were taken out; `unmarked` the rounds in which quotations lost their marks.
    `cited` are the claims that the text rests on."""

    pieces: tuple[Piece, ...] = ()
    calls: tuple[Called, ...] = ()
    refusal: str = ""
    stop: str = "stop"
    reason: str | None = None
    fault: Fault | None = None
    doubted: int = 0
    cut: int = 0
    unmarked: int = 0
    cited: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.pieces or self.calls or self.refusal)
