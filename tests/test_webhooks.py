"""Notices by webhook: signed, kept until they are told, and given up in the end."""

import base64
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import anyio
import pytest
from openai import OpenAI
from sqlalchemy import select

from manymind.canon.notices import Notice
from manymind.egress.trusted import Trusted
from manymind.store.database import Database
from manymind.store.tables import WEBHOOK_OUTBOX
from manymind.store.webhook_outbox import WebhookOutbox
from manymind.webhooks import BadSecret, Endpoint, Webhooks, keys
from tests.flows.receiver import Posted, Receiver
from tests.store.databases import server, url
from tests.world import FakeClock, WallClock, serving

__all__ = ["server", "url"]

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OLDER = "whsec_" + base64.b64encode(b"o" * 24).decode()


def notice(at: float = 1.8e9, **data: object) -> Notice:
    return Notice(kind="budget.alarm", owner="ann", data={"budget": "b1", **data}, at=at)


@asynccontextmanager
async def telling(
    database: Database, *urls: str, secrets: str = SECRET, clock: FakeClock | None = None
) -> AsyncGenerator[Webhooks]:
    client = Trusted()
    numbers = count(1)
    hooks = Webhooks(
        WebhookOutbox(database),
        client,
        clock or FakeClock(today=1.8e9),
        [Endpoint(each, keys(secrets)) for each in urls],
        hours=24,
        new_id=lambda: f"n{next(numbers)}",
        chance=lambda: 0.5,
    )
    try:
        yield hooks
    finally:
        await client.aclose()


async def states(database: Database) -> list[tuple[str, str | None, int]]:
    async with database.reading() as connection:
        rows = (await connection.execute(select(WEBHOOK_OUTBOX))).all()
    return sorted((row.state, row.said, row.tries) for row in rows)


def verified(post: Posted, secret: str) -> Mapping[str, object]:
    """What a receiver makes of it who checks with OpenAI's own client."""
    OpenAI(api_key="none").webhooks.verify_signature(
        post.body.decode(), post.headers, secret=secret, tolerance=10**10
    )
    return json.loads(post.body)


async def test_a_notice_comes_signed_so_that_its_receiver_can_verify_it(url: str) -> None:
    database, receiver = Database(url), Receiver()
    async with serving(receiver) as there, telling(database, f"{there}/hook") as hooks:
        hooks.tell(notice(percent=80))
        await hooks.write_down()
        await hooks.deliver()
        (post,) = receiver.posts
        said = verified(post, SECRET)
        assert said == {
            "type": "budget.alarm",
            "timestamp": "2027-01-15T08:00:00.000Z",
            "data": {"owner": "ann", "budget": "b1", "percent": 80},
        }
        assert (post.path, post.headers["webhook-id"]) == ("/hook", "msg_n1")
        with pytest.raises(Exception, match="signature"):
            verified(post, OLDER)
        assert await states(database) == [("told", "200", 1)]
    await database.aclose()


async def test_while_a_secret_is_replaced_either_verifies(tmp_path: Path) -> None:
    database, receiver = Database.file(tmp_path / "x.db"), Receiver()
    both = f"{SECRET} {OLDER}"
    async with serving(receiver) as there, telling(database, there, secrets=both) as hooks:
        hooks.tell(notice())
        await hooks.write_down()
        await hooks.deliver()
        assert verified(receiver.posts[0], SECRET) == verified(receiver.posts[0], OLDER)
    await database.aclose()


async def test_a_receiver_that_fails_is_told_again_under_the_same_id(url: str) -> None:
    database, receiver, clock = Database(url), Receiver(500, 429), FakeClock(today=1.8e9)
    async with serving(receiver) as there, telling(database, there, clock=clock) as hooks:
        hooks.tell(notice())
        await hooks.write_down()
        assert await hooks.deliver() == pytest.approx(5.0)
        await clock.advance(4)
        await hooks.deliver()
        assert len(receiver.posts) == 1
        await clock.advance(2)
        await hooks.deliver()
        assert await states(database) == [("waiting", "429", 2)]
        await clock.advance(301)
        await hooks.deliver()
        assert len({post.headers["webhook-id"] for post in receiver.posts}) == 1
        stamps = [int(post.headers["webhook-timestamp"]) for post in receiver.posts]
        assert stamps == sorted(set(stamps))
        assert await states(database) == [("told", "200", 3)]
    await database.aclose()


@pytest.mark.parametrize(("status", "hours"), [(500, 30), (410, 0), (302, 30)])
async def test_what_nobody_takes_is_given_up_and_that_is_recorded(
    tmp_path: Path, status: int, hours: int
) -> None:
    database, clock = Database.file(tmp_path / "x.db"), FakeClock(today=1.8e9)
    receiver = Receiver(*[status] * 100, location="/elsewhere")
    async with serving(receiver) as there, telling(database, there, clock=clock) as hooks:
        hooks.tell(notice())
        await hooks.write_down()
        for _ in range(hours * 4 + 1):
            await hooks.deliver()
            await clock.advance(900)
        ((state, said, tries),) = await states(database)
        assert (state, said) == ("given_up", str(status))
        assert tries == len(receiver.posts) == (1 if status == 410 else 7)
        assert {post.path for post in receiver.posts} == {"/"}
    await database.aclose()


async def test_who_dies_leaves_what_was_not_told_to_the_next(url: str) -> None:
    database, clock = Database(url), FakeClock(today=1.8e9)
    receiver = Receiver()
    async with serving(receiver) as there, telling(database, there, clock=clock) as first:
        first.tell(notice())
        await first.write_down()
        taken = await WebhookOutbox(database).take(clock.today(), 120)  # And there it dies.
        assert len(taken) == 1
        async with telling(database, there, clock=clock) as second:
            await second.deliver()
            assert receiver.posts == []
            await clock.advance(121)
            await second.deliver()
            assert len(receiver.posts) == 1
    await database.aclose()


async def test_of_many_servers_one_tells(url: str) -> None:
    databases = [Database(url) for _ in range(3)]
    receiver = Receiver()
    async with serving(receiver) as there, telling(databases[0], there) as hooks:
        for number in range(10):
            hooks.tell(notice(number=number))
        await hooks.write_down()
        async with anyio.create_task_group() as group:
            for database in databases:
                group.start_soon(_deliver, database, there)
        ids = [post.headers["webhook-id"] for post in receiver.posts]
        assert len(ids) == len(set(ids)) == 10
    for database in databases:
        await database.aclose()


async def _deliver(database: Database, there: str) -> None:
    async with telling(database, there) as hooks:
        await hooks.deliver()


async def test_what_is_told_arrives_by_itself(tmp_path: Path) -> None:
    database, receiver = Database.file(tmp_path / "x.db"), Receiver()
    async with serving(receiver) as there:
        client = Trusted()
        hooks = Webhooks(
            WebhookOutbox(database),
            client,
            WallClock(),
            [Endpoint(there, keys(SECRET))],
            hours=1,
            new_id=lambda: "n1",
            chance=lambda: 0.5,
        )
        async with anyio.create_task_group() as group:
            group.start_soon(hooks.run)
            await anyio.sleep(0.1)
            hooks.tell(notice(time.time()))
            await receiver.got(1)
            group.cancel_scope.cancel()
        await client.aclose()
    await database.aclose()


@pytest.mark.parametrize(
    "bad", ["plain-4711", "whsec_", "whsec_!!!", "whsec_" + base64.b64encode(b"short").decode()]
)
def test_a_secret_that_nobody_could_verify_with_is_refused_and_not_repeated(bad: str) -> None:
    with pytest.raises(BadSecret) as hit:
        keys(bad)
    assert bad == "whsec_" or bad not in str(hit.value)


def test_a_url_is_named_by_its_digest() -> None:
    endpoint = Endpoint("https://hooks.example/secret-4711", ())
    assert "4711" not in endpoint.name
    assert len(endpoint.name) == 16
