"""The time of the machine, for all who are handed a clock."""

import time

import anyio


class SystemClock:
    now = staticmethod(time.monotonic)
    today = staticmethod(time.time)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)
