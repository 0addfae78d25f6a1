"""Servers are killed while they spend: no budget is overspent, the ledger adds up, and what is left
can be spent."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import aiohttp

from manymind.canon.budgets import Budget
from manymind.clock import SystemClock
from manymind.server.simulated import Simulated
from manymind.store.budgets import Budgets
from manymind.store.database import Database
from tests.faults.program import Program, program
from tests.ledger.books import Sums, a_budget, sums
from tests.store.databases import new_database
from tests.store.databases import server as server
from tests.world import serving

CALL_TICKS = 100 * 10**4 + 10 * 2 * 10**4
"""What the provider charges for each call: 100 tokens read, 10 written."""

MODEL = "sim-echo;input_tokens=100;output_tokens=10;latency=0.02;jitter=0.05"
QUESTION = "What is to be said about this? " * 4
WORST_TICKS = 16 * 10**6
"""No call reserves more."""

SETTINGS = """
[providers.openai]
base_url = "{url}/v1"
key_env = "OPENAI_API_KEY"
[providers.openai.prices."*"]
input = "1.00"
output = "2.00"
context = 100000
max_output = 1000
"""


def a_cap(calls: int) -> Budget:
    return a_budget(
        owner="owner", id="all", scope="tenant", subject="owner", cap=calls * CALL_TICKS
    )


class Stage:
    """`answered` counts by status what servers said."""

    def __init__(self, url: str, simulated: Simulated, folder: Path, budget: Budget) -> None:
        self.url = url
        self.simulated = simulated
        self.folder = folder
        self.budget = budget
        self.answered: dict[int, int] = {}
        self._count = 0

    async def define(self) -> None:
        database = Database(self.url)
        try:
            await Budgets(database, SystemClock()).define(self.budget)
        finally:
            await database.aclose()

    async def sums(self) -> Sums:
        database = Database(self.url)
        try:
            return await sums(database, self.budget)
        finally:
            await database.aclose()

    @asynccontextmanager
    async def server(self, provider: str) -> AsyncGenerator[Program]:
        folder = self.folder / f"server-{self._count}"
        self._count += 1
        folder.mkdir()
        environment = {"OPENAI_API_KEY": "x", "MANYMIND_STORE_URL": self.url}
        async with program(
            folder,
            "--port=0",
            settings=SETTINGS.format(url=provider),
            environment=environment,
        ) as started:
            yield started

    async def spend(self, urls: Sequence[str], callers: int, calls: int) -> None:
        """Ask, of all servers in turn, until each caller made its calls or was refused for good."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as session,
            asyncio.TaskGroup() as group,
        ):
            for number in range(callers):
                group.create_task(self._caller(session, urls, number, calls))

    async def _caller(
        self, session: aiohttp.ClientSession, urls: Sequence[str], number: int, calls: int
    ) -> None:
        dice = Random(number)
        for turn in range(calls):
            url = urls[(number + turn) % len(urls)]
            body = {
                "model": f"openai/{MODEL};seed={dice.randrange(999)}",
                "messages": [{"role": "user", "content": QUESTION}],
                "max_tokens": dice.randint(10, 30),
                "stream": dice.random() < 0.5,
            }
            try:
                async with session.post(f"{url}/v1/chat/completions", json=body) as reply:
                    await reply.read()
                    self.answered[reply.status] = self.answered.get(reply.status, 0) + 1
                    if reply.status == 402:
                        return
            except (aiohttp.ClientError, OSError):
                return


@asynccontextmanager
async def staged(url: str, folder: Path, calls: int) -> AsyncGenerator[tuple[Stage, str]]:
    simulated = Simulated(keep=100_000)
    async with serving(simulated) as provider:
        stage = Stage(url, simulated, folder, a_cap(calls))
        await stage.define()
        yield stage, provider


async def test_a_server_that_is_killed_again_and_again_never_overspends(tmp_path: Path) -> None:
    dice = Random(11)
    url = f"sqlite:///{tmp_path}/manymind.db"
    async with staged(url, tmp_path, 2500) as (stage, provider):
        for _ in range(2):
            async with stage.server(provider) as running, asyncio.TaskGroup() as group:
                where = await running.url()
                spending = group.create_task(stage.spend([where], 64, 1000))
                await asyncio.sleep(0.2 + dice.random() * 0.6)
                running.process.kill()
                await running.end(10)
                await spending
            after = await stage.sums()
            assert after.spent == after.rows
            assert after.spent + after.leased <= stage.budget.cap
        before = dict(stage.answered)
        async with stage.server(provider) as running:
            where = await running.url()
            await stage.spend([where], 64, 1000)
            await stage.spend([where], 1, 1000)
            running.process.terminate()
            assert await running.end(15) == 0
        left = await stage.sums()
        assert left.spent == left.rows
        assert left.leased == left.lent
        assert stage.answered[200] > before.get(200, 0)
        unused = stage.budget.cap - left.spent - left.leased
        assert 0 <= unused < WORST_TICKS, "what was not borrowed by the dead is used up"
        assert stage.simulated.visited * CALL_TICKS <= stage.budget.cap


async def test_three_servers_use_a_budget_up_and_never_overspend_though_one_is_killed(
    tmp_path: Path, server: str
) -> None:
    url = new_database(server)
    async with staged(url, tmp_path, 800) as (stage, provider), AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(stage.server(provider)) for _ in range(3)]
        urls = [await each.url() for each in servers]
        async with asyncio.TaskGroup() as group:
            spending = group.create_task(stage.spend(urls, 64, 1000))
            await asyncio.sleep(0.5)
            servers[0].process.kill()
            await servers[0].end(10)
            await spending
        servers[0] = await stack.enter_async_context(stage.server(provider))
        urls[0] = await servers[0].url()
        await stage.spend(urls, 30, 1000)
        await stage.spend(urls, 1, 1000)  # Nobody else is on the way: what fits is not refused.
        for each in servers:
            each.process.terminate()
            assert await each.end(15) == 0
        left = await stage.sums()
        assert left.spent == left.rows
        assert left.leased == left.lent
        unused = stage.budget.cap - left.spent - left.leased
        assert 0 <= unused < WORST_TICKS, "what was not borrowed by the dead is used up"
        assert stage.simulated.visited * CALL_TICKS <= stage.budget.cap
        assert stage.answered[402] >= 3
