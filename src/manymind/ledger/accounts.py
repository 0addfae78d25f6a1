"""What a request may spend: its own cap, but never more than the operator's, nor than the budgets
that it falls under."""

from collections.abc import Callable

from msgspec import Struct

from manymind.canon.origins import Origin
from manymind.canon.requests import Request
from manymind.canon.values import Ticks
from manymind.ledger.allotments import Purse
from manymind.ledger.keeper import Keeper


class Defaults(Struct, frozen=True, kw_only=True):
    """Caps for requests that set none; None is no cap. A team always gets one."""

    request: Ticks | None = None
    team: Ticks = 0


class Accounts:
    """`is_team` tells whether a model's name means a team, under whatever alias. Without a
    `keeper` there are no budgets, and no rows are written."""

    def __init__(
        self, defaults: Defaults, is_team: Callable[[str], bool], keeper: Keeper | None = None
    ) -> None:
        self._defaults = defaults
        self._is_team = is_team
        self._keeper = keeper

    async def allot(self, origin: Origin, request: Request, most: Ticks | None = None) -> Purse:
        """Under the smallest of the request's own cap, the operator's, and `most`."""
        standing = self._defaults.team if self._is_team(request.model) else self._defaults.request
        caps = (cap for cap in (request.caps.cost, standing, most) if cap is not None)
        account = None if self._keeper is None else await self._keeper.account(origin)
        return Purse(min(caps, default=None), account=account)
