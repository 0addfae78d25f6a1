"""Keys that spend much more in an hour than they usually do: somebody is told, and unless the
operator says otherwise the key is stopped until somebody has looked."""

from msgspec import Struct

from manymind.canon.notices import Notice
from manymind.canon.origins import Origin
from manymind.canon.ports import Clock
from manymind.canon.values import TICKS_PER_DOLLAR, Ticks
from manymind.ledger.bank import Bank
from manymind.store.paces import Paces

LEAPT = "it spent far more within an hour than it usually does"
"""Why a key is stopped, as the end of a sentence."""

_PART = 10
"""Looked at is who spent such a part of the floor since the last look."""

_HOUR_SECONDS = 3600.0


class SpikeRule(Struct, frozen=True, kw_only=True):
    """More than `factor` times the usual, and more than the `floor`, within an hour."""

    factor: int = 10
    floor: Ticks = 20 * TICKS_PER_DOLLAR
    stops: bool = True


class Spikes:
    def __init__(self, rule: SpikeRule, bank: Bank, paces: Paces, clock: Clock) -> None:
        self._rule = rule
        self._bank = bank
        self._paces = paces
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}

    async def look(self) -> None:
        """Look at the keys that spent something worth it since the last time."""
        spent = self._bank.spent_by_key
        for payer in [payer for payer, sum_ in spent.items() if sum_ * _PART > self._rule.floor]:
            del spent[payer]
            if payer not in self._bank.stopped:
                await self._judge(*payer)

    async def _judge(self, owner: str, key: str) -> None:
        pace, rule = await self._paces.of(owner, key), self._rule
        usual = pace.usual
        if usual is None or pace.hour <= max(rule.floor, usual * rule.factor):
            return
        now = self._clock.now()
        if now - self._told.get((owner, key), -_HOUR_SECONDS) < _HOUR_SECONDS:
            return
        self._told[owner, key] = now
        data: dict[str, object] = {
            "key": key,
            "hour_ticks": pace.hour,
            "usual_ticks": usual,
            "stopped": rule.stops,
        }
        at = self._clock.today()
        self._bank.tell(Notice(kind="key.spike", owner=owner, data=data, at=at))
        if rule.stops:
            self._bank.stop(Origin(tenant=owner, key=key), LEAPT)
