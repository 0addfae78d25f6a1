"""The one gate for money: which budgets stand in an origin's way, and who keeps their books.

Definitions are held in memory. A change that this process made holds from the next call on, and
one that another made within a second or two; the limit that a new key came with, from the first.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

import anyio
from msgspec.structs import replace

from manymind.canon.budgets import Budget, Unit
from manymind.canon.origins import Origin
from manymind.ledger.account import Account
from manymind.ledger.bank import Bank
from manymind.ledger.slices import Meter
from manymind.store.budgets import Budgets, Mark
from manymind.store.leases import RATE
from manymind.store.stops import Stops

ACCOUNTS_MAX = 4096
"""So many origins are remembered with their budgets; callers may make up any number."""

_Payer: TypeAlias = tuple[object, ...]


class Gate:
    def __init__(self, bank: Bank, budgets: Budgets, stops: Stops) -> None:
        self._bank = bank
        self._budgets = budgets
        self._stops = stops
        self._defined: dict[tuple[str, str, str], list[Budget]] = {}
        self._accounts: dict[_Payer, Account] = {}
        self._met: set[tuple[str, str]] = set()
        self._opening = anyio.Lock()
        self._open = False
        self._mark: Mark | None = None
        self._changes = 0
        self._stopped_since = 0

    async def account(self, origin: Origin) -> Account:
        """Who pays for the calls of an origin."""
        if self._changes != self._budgets.changes or not self._open:
            await self._fresh()
        rights = origin.rights
        payer = (
            origin.tenant,
            origin.user,
            origin.key,
            origin.route,
            origin.feature,
            rights.requests_per_minute,
            rights.tokens_per_minute,
        )
        if payer not in self._accounts:
            await self._meet((origin.tenant, origin.key))
        account = self._accounts.get(payer)
        if account is None:
            if len(self._accounts) >= ACCOUNTS_MAX:
                self._accounts.clear()
            account = Account(origin, tuple(self._meters(origin)), self._bank)
            self._accounts[payer] = account
        return account

    async def open(self) -> None:
        """Read all definitions, and appear among the servers that may borrow."""
        async with self._opening:
            if not self._open:
                await self._bank.appear()
                self._bank.stopped.update(await self._stops.every())
                await self._read()
                self._open = True

    async def look(self) -> None:
        """See whether another server changed something."""
        if await self._budgets.mark() != self._mark:
            await self._read()
        unsaved = set(self._bank.unsaved)  # As it was before it was read what others know.
        since, found = await self._stops.changed(self._stopped_since)
        self._stopped_since = since
        for payer, why in found.items():
            if why is not None:
                self._bank.stopped[payer] = why
            elif payer not in unsaved and payer not in self._bank.unsaved:
                self._bank.stopped.pop(payer, None)

    async def save_stops(self) -> None:
        """Write down which keys were stopped here."""
        unsaved = self._bank.unsaved
        for payer in tuple(unsaved):
            await self._stops.stop(*payer, unsaved[payer])
            unsaved.pop(payer)

    async def _fresh(self) -> None:
        await self.open()
        if self._changes != self._budgets.changes:
            await self._read()

    async def _meet(self, key: tuple[str, str]) -> None:
        """A key that asks here for the first time may have been made elsewhere a moment ago, and
        its limit with it."""
        if key in self._met:
            return
        if await self._budgets.mark() != self._mark:
            await self._read()
        if len(self._met) >= ACCOUNTS_MAX:
            self._met.clear()
        self._met.add(key)

    async def _read(self) -> None:
        changes = self._budgets.changes
        self._mark = await self._budgets.mark()
        defined: dict[tuple[str, str, str], list[Budget]] = defaultdict(list)
        every = {(each.owner, each.id): each for each in await self._budgets.every()}
        for each in every.values():
            defined[each.owner, each.scope, each.subject].append(each)
        self._defined = dict(defined)
        self._accounts.clear()
        self._changes = changes
        for meter in self._bank.meters:
            if not meter.rate:
                _amend(meter, every.get((meter.budget.owner, meter.budget.id)))

    def _meters(self, origin: Origin) -> Iterable[Meter]:
        subjects = (
            ("key", origin.key),
            ("user", origin.user),
            ("tenant", origin.tenant),
            ("route", origin.route),
            ("feature", origin.feature),
        )
        for scope, subject in subjects:
            for budget in self._defined.get((origin.tenant, scope, subject), ()):
                yield self._meter(budget)
        rights = origin.rights
        if origin.key and rights.requests_per_minute is not None:
            yield self._meter(_rate(origin, "requests", rights.requests_per_minute))
        if origin.key and rights.tokens_per_minute is not None:
            yield self._meter(_rate(origin, "tokens", rights.tokens_per_minute))

    def _meter(self, budget: Budget) -> Meter:
        found = self._bank.find(budget)
        if found is None or found.gone or _other(found.budget, budget):
            found = Meter(budget, self._bank.today(), self._bank.holder_now)
            self._bank.meter(found)
        elif found.budget != budget:
            _amend(found, budget)
        return found


def _rate(origin: Origin, unit: Unit, cap: int) -> Budget:
    return Budget(
        owner=origin.tenant,
        id=f"{RATE}{unit}:{origin.key}",
        scope="key",
        subject=origin.key,
        unit=unit,
        period="minute",
        cap=cap,
        alarm_percent=0,
    )


def _other(one: Budget, another: Budget) -> bool:
    """Whether two budgets of one id count different things."""
    return replace(one, cap=0, alarm_percent=0) != replace(another, cap=0, alarm_percent=0)


def _amend(meter: Meter, budget: Budget | None) -> None:
    """What was believed of a budget is asked anew; under a lower cap, what lies idle goes back."""
    if budget is None or _other(meter.budget, budget):
        meter.gone = True
    else:
        meter.lowered = meter.lowered or budget.cap < meter.budget.cap
        meter.budget = budget
    for part in meter.slices.values():
        part.forget()
