"""The time of the machine, for all who are handed a clock."""

import time

import anyio


class SystemClock:
    def now(self) -> float:
        return time.monotonic()

    def today(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)
