"""The sockets to one host: shared, bounded, replaced, closed."""

import asyncio
import random

import pytest

from manymind.canon.faults import (
    Fault,
    Overloaded,
    ShuttingDown,
    UpstreamBroken,
)
from manymind.egress.pool import PoolSize
from manymind.egress.trusted import Trusted
from tests.egress.stage import Visit, always, ask, client, plain, theatre


async def test_a_thousand_requests_share_one_socket() -> None:
    async with theatre(always(plain(b"ok"))) as house, client() as trusted:
        for _ in range(1000):
            assert await ask(trusted, house.url) == b"ok"
        assert len(house.visits) == 1


async def test_a_socket_that_went_stale_at_rest_is_replaced_unseen() -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.say(plain(b"ok"))
        if visit is house.visits[0]:
            await visit.hear()  # The next request is heard, and dropped without a word.
            visit.reset()
        else:
            await visit.hear()

    async with theatre(play) as house, client() as trusted:
        assert await ask(trusted, house.url) == b"ok"
        assert await ask(trusted, house.url) == b"ok"
        assert len(house.visits) == 2


async def test_a_fresh_socket_that_dies_is_not_tried_again() -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()

    async with theatre(play) as house, client() as trusted:
        with pytest.raises(UpstreamBroken, match="without an answer"):
            await ask(trusted, house.url)
        assert len(house.visits) == 1


async def test_a_reused_socket_that_said_one_byte_is_not_tried_again() -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.say(plain(b"ok"))
        await visit.hear()
        await visit.say(b"H")

    async with theatre(play) as house, client() as trusted:
        await ask(trusted, house.url)
        with pytest.raises(UpstreamBroken):
            await ask(trusted, house.url)
        assert len(house.visits) == 1


async def test_the_pool_has_a_bound_and_a_line_before_it() -> None:
    release = asyncio.Event()

    async def play(visit: Visit) -> None:
        while True:
            await visit.hear()
            await release.wait()
            await visit.say(plain(b"ok"))

    size = PoolSize(connections=3, queue_seconds=5)
    async with theatre(play) as house, client(pool=size) as trusted:
        asked = [asyncio.create_task(ask(trusted, house.url)) for _ in range(20)]
        await asyncio.sleep(0.05)
        assert len(house.visits) == 3
        for task in asked[5:15]:
            task.cancel()
        release.set()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert outcomes.count(b"ok") == 10
        assert len(house.visits) == 3
        assert trusted.open_connections(house.url) == 3


async def test_a_full_pool_says_so() -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.hung_up()

    size = PoolSize(connections=1, queue_seconds=0.05)
    async with theatre(play) as house, client(pool=size) as trusted:
        first = asyncio.create_task(ask(trusted, house.url))
        await asyncio.sleep(0.02)
        with pytest.raises(Overloaded, match="All 1 connections"):
            await ask(trusted, house.url)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert trusted.open_connections(house.url) == 0


async def test_a_socket_at_rest_is_closed_in_time() -> None:
    size = PoolSize(rest_seconds=0.05)
    async with theatre(always(plain(b"ok"))) as house, client(pool=size) as trusted:
        await ask(trusted, house.url)
        assert trusted.open_connections(house.url) == 1
        await asyncio.sleep(0.25)
        assert trusted.open_connections(house.url) == 0


async def test_closing_the_client_ends_what_is_under_way() -> None:
    async def play(visit: Visit) -> None:
        await visit.hear()
        await visit.hung_up()

    async with theatre(play) as house, client(pool=PoolSize(connections=1)) as trusted:
        asked = [asyncio.create_task(ask(trusted, house.url)) for _ in range(3)]
        await asyncio.sleep(0.05)
        await trusted.aclose()
        outcomes = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 1)
        assert all(isinstance(outcome, Fault) for outcome in outcomes)
        with pytest.raises(ShuttingDown):
            await ask(trusted, house.url)


class Fickle:
    """A server that resets, cuts short, dawdles and answers, as its dice say."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    async def play(self, visit: Visit) -> None:
        while True:
            await visit.hear()
            luck = self._dice.random()
            if luck < 0.1:
                return visit.reset()
            if luck < 0.2:
                return await visit.say(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab")
            await asyncio.sleep(self._dice.random() / 300)
            await visit.say(plain(b"a" * self._dice.randrange(1, 5000)))


async def outcome(trusted: Trusted, url: str, deadline_seconds: float | None) -> bytes | Fault:
    try:
        async with trusted.post(
            url, headers={}, body=b"{}", deadline_seconds=deadline_seconds
        ) as reply:
            return await reply.read(10**6)
    except Fault as fault:
        return fault


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("seed", range(4))
async def test_no_history_of_hang_ups_and_faults_loses_a_slot_or_breaks_the_bound(
    seed: int, connections: int
) -> None:
    dice = random.Random(seed)
    size = PoolSize(connections=connections, queue_seconds=5)
    async with theatre(Fickle(dice).play) as house, client(pool=size) as trusted:
        tasks: list[asyncio.Task[bytes | Fault]] = []
        for _ in range(200):
            deadline = dice.choice([None, 0.002, 1.0])
            tasks.append(asyncio.create_task(outcome(trusted, house.url, deadline)))
            if dice.random() < 0.3:
                asyncio.get_running_loop().call_later(dice.random() / 100, tasks[-1].cancel)
            if dice.random() < 0.3:
                await asyncio.sleep(dice.random() / 250)
            assert trusted.open_connections(house.url) <= connections
        ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)
        assert all(isinstance(end, bytes | Fault | asyncio.CancelledError) for end in ends)
        last = [outcome(trusted, house.url, None) for _ in range(8)]
        await asyncio.wait_for(asyncio.gather(*last), 5)
