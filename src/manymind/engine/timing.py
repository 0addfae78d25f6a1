"""When each phase of a run must be over, and the alarms that see to it."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

import anyio
from anyio.abc import TaskGroup
from msgspec import Struct

from manymind.canon.faults import Fault
from manymind.canon.ports import Clock
from manymind.engine.settings import TeamSettings

_PLAN, _NEAR, _WORK, _VERIFY, _WRITE = 0.15, 0.6, 0.75, 0.8, 0.95
"""Shares of the time that a caller allows; the last twentieth is for speaking."""


class Timetable(Struct, frozen=True, kw_only=True):
    """Moments of the clock. From `near` on agents are told to finish; at `work` they are cut."""

    start: float
    plan: float
    near: float
    work: float
    verify: float | None
    write: float | None
    capped: bool = False


def timetable(start: float, deadline: float | None, settings: TeamSettings) -> Timetable:
    """The phases of a run that must end by `deadline`, or by the house's own patience."""
    if deadline is None:
        return Timetable(
            start=start,
            plan=start + settings.plan_seconds,
            near=start + settings.work_seconds * _NEAR / _WORK,
            work=start + settings.work_seconds,
            verify=None,
            write=None,
        )
    span = max(0.0, deadline - start)
    return Timetable(
        start=start,
        plan=start + min(settings.plan_seconds, span * _PLAN),
        near=start + span * _NEAR,
        work=start + span * _WORK,
        verify=start + span * _VERIFY,
        write=start + span * _WRITE,
        capped=True,
    )


class Alarms:
    """Rings at given hours. Lives in the run's task group and ends with `stop`."""

    def __init__(self, group: TaskGroup, clock: Clock) -> None:
        self._group = group
        self._clock = clock
        self._set: list[anyio.CancelScope] = []

    def at(self, moment: float, ring: Callable[[], None]) -> None:
        """Call `ring` when the clock shows `moment`, unless the run is over by then."""
        scope = anyio.CancelScope()
        self._set.append(scope)
        self._group.start_soon(self._wait, moment, ring, scope)

    def stop(self) -> None:
        for scope in self._set:
            scope.cancel()

    async def _wait(
        self, moment: float, ring: Callable[[], None], scope: anyio.CancelScope
    ) -> None:
        with scope:
            await self._clock.sleep(max(0.0, moment - self._clock.now()))
            ring()


@contextmanager
def unwrapped() -> Generator[None]:
    """What a task group raises, without the group: a bug before a fault, else the first."""
    try:
        yield
    except BaseExceptionGroup as group:
        leaves = _leaves(group)
        bugs = (leaf for leaf in leaves if not isinstance(leaf, Fault))
        raise next(bugs, leaves[0]) from None


def _leaves(raised: BaseException) -> tuple[BaseException, ...]:
    inner: tuple[BaseException, ...] = getattr(raised, "exceptions", ())
    return tuple(leaf for one in inner for leaf in _leaves(one)) or (raised,)
