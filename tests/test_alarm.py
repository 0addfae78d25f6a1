"""One timer, however often something else is expected."""

import asyncio

from manymind.alarm import Alarm


async def rings(*waits: float, met: bool = False, seconds: float = 0.15) -> int:
    """How often an alarm rings that expects one thing after another."""
    loop = asyncio.get_running_loop()
    rung: list[float] = []
    alarm = Alarm(loop, lambda: rung.append(loop.time()))
    begun = loop.time()
    for wait in waits:
        alarm.expect(begun + wait)
    if met:
        alarm.met()
    await asyncio.sleep(seconds)
    assert all(at >= begun + waits[-1] for at in rung)
    return len(rung)


async def test_it_rings_once_and_only_for_the_last_expectation() -> None:
    assert await rings(0.05) == 1
    assert await rings(0.01, 0.1) == 1
    assert await rings(60.0, 0.02) == 1


async def test_what_came_in_time_rings_nobody() -> None:
    assert await rings(0.02, met=True) == 0
    assert await rings(0.02, 60.0) == 0


async def test_it_can_be_set_again_after_it_rang_and_after_it_was_stopped() -> None:
    loop = asyncio.get_running_loop()
    rung = asyncio.Event()
    alarm = Alarm(loop, rung.set)
    alarm.expect(loop.time() + 0.01)
    await asyncio.wait_for(rung.wait(), 5)
    rung.clear()
    alarm.expect(loop.time() + 0.01)
    alarm.stop()
    await asyncio.sleep(0.05)
    assert not rung.is_set()
    alarm.expect(loop.time() + 0.01)
    await asyncio.wait_for(rung.wait(), 5)
