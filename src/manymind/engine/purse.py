"""What the team may spend: a reserve for the answer, and shares of the rest for the agents.

The router reserves and settles each attempt. Here the allotment is only cut up, and watched.
"""

from msgspec.structs import replace

from manymind.canon.ports import Allotment
from manymind.canon.usage import Usage, add
from manymind.canon.values import Ticks
from manymind.engine.settings import TeamSettings

_SHARES_A_HEAD = 2
"""An agent may use what others leave, but never more than this many times its share."""


class Tally:
    """Sums what calls used; what is added here counts for the one above, too."""

    def __init__(self, above: "Tally | None" = None) -> None:
        self._above = above
        self.usage = Usage()

    def add(self, usage: Usage) -> None:
        self.usage = add(self.usage, usage)
        if self._above is not None:
            self._above.add(usage)

    def count(self, tool: str) -> None:
        self.add(Usage(tools={tool: 1}))


class Purse:
    """`whole` pays for everything, and for writing the answer last; the rest is paid from `work`,
    which spends from it."""

    def __init__(self, whole: Allotment, work: Allotment, soft: Ticks | None) -> None:
        self.whole = whole
        self.work = work
        self._soft = soft

    async def share(self, heads: int) -> Allotment:
        """One agent's allotment, out of what is left now."""
        left = self.work.left()
        if left is None:
            return await self.work.child(None)
        return await self.work.child(min(left, _SHARES_A_HEAD * left // max(1, heads)))

    def pressed(self) -> bool:
        """Whether it is time to come to an end."""
        return self._soft is not None and self.whole.spent >= self._soft


async def open_purse(allotment: Allotment, cap: Ticks | None, settings: TeamSettings) -> Purse:
    """Withholds the reserve for the answer before anything is spent."""
    whole = await allotment.child(cap)
    left = whole.left()
    if left is None:
        return Purse(whole, await whole.child(None), None)
    rest = left - left * settings.reserve_percent // 100
    work = await whole.child(rest)
    return Purse(whole, work, rest * settings.soft_percent // 100)


def charged(usage: Usage, allotment: Allotment) -> Usage:
    """The usage with what was settled for it. What a call that broke off was charged, no model
    has told; the ledger knows. A cost stays unknown where nobody knew any and nothing was paid."""
    if usage.cost is None and not allotment.spent:
        return usage
    return replace(usage, cost=allotment.spent)
