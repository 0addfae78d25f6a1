"""The hall: one request, top to bottom."""

from math import inf
from typing import Protocol

from manymind.canon.events import LEADER, Chunk, Ended, Happened, Say
from manymind.canon.faults import BadRequest, CutShort, Unsupported
from manymind.canon.ports import Allotment, Clock, Desk, Provider
from manymind.canon.requests import Request
from manymind.policy.keys import Caller


class Accounts(Protocol):
    """Opens what a request may spend: its own cap, else that of its key or route."""

    def allot(self, caller: str, request: Request) -> Allotment: ...


class Gateway:
    def __init__(
        self, router: Provider, accounts: Accounts, clock: Clock, *, seconds: float
    ) -> None:
        self._router = router
        self._accounts = accounts
        self._clock = clock
        self._seconds = seconds

    async def answer(self, caller: Caller, request: Request, say: Say, *, key: str) -> None:
        """Answer a request through `say`, or raise the fault that says why not."""
        if not request.items and not request.instructions:
            raise BadRequest("There is nothing to answer.", advice="Send at least one message.")
        if request.background:
            raise Unsupported(
                "Answers in the background are not kept here yet.",
                advice="Leave out background, and stream the answer.",
                field="background",
            )
        desk = Desk(
            key=key,
            allotment=self._accounts.allot(caller.id, request),
            clock=self._clock,
            deadline=self._clock.now() + min(request.caps.seconds or inf, self._seconds),
        )
        mouth = _Whole(say)
        await self._router.run(request, mouth, desk)
        mouth.check()


class _Whole:
    """Passes an answer on and knows whether it came to its end."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._ended = False

    async def __call__(self, chunk: Chunk) -> None:
        self._ended = self._ended or any(map(_ends, chunk.events))
        await self._say(chunk)

    def check(self) -> None:
        if not self._ended:
            raise CutShort("The answer stopped before its end.", advice="Try again.")


def _ends(event: Happened) -> bool:
    """An agent's last word is not the answer's."""
    return isinstance(event, Ended) and event.voice == LEADER
