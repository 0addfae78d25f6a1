"""Items are found by their ids: the owner's own, wherever they lie, as long as they are kept."""

import anyio
import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, text

from manymind.canon.answers import Output
from manymind.canon.faults import ContextTooLong
from manymind.canon.items import Called, Item, Said, Thought, Unread
from manymind.canon.ports import Kept
from manymind.store import answers as answers_of_the_store
from manymind.store import schema
from manymind.store.database import Database
from manymind.store.tables import METADATA
from tests.store.stage import RESPONSES, kept, opened, said, texts

HOSTILE = ["", "x" * 10_000, "msg_\0", "msg_1'--", "ä", "msg_1 OR 1=1"]


def named(item: Item, name: str) -> Item:
    assert isinstance(item, Said)
    return replace(item, id=name)


def turn(
    answer_id: str,
    *,
    asked: tuple[Item, ...] = (),
    answered: tuple[Item, ...] = (),
    owner: str = "ann",
) -> Kept:
    one = kept(answer_id, owner=owner)
    outputs = tuple(Output(item=item) for item in answered)
    return replace(
        one,
        request=replace(one.request, items=asked),
        answer=replace(one.answer, outputs=outputs),
    )


async def test_an_item_is_found_whether_it_was_asked_or_answered(url: str) -> None:
    question, reply = named(said("Where?"), "msg_1_in"), named(said("There.", "assistant"), "msg_1")
    call = Called(call_id="c", name="f", arguments="{}", id="fc_1")
    thought = Thought(encrypted="sealed", id="rs_1")
    foreign = Unread(dialect=RESPONSES, data={"type": "new", "id": "new_1"})
    async with opened(url) as store:
        await store.answers.keep(
            turn("resp_1", asked=(question, foreign), answered=(thought, reply, call))
        )
        found = await store.answers.items(
            "ann", ["msg_1_in", "msg_1", "fc_1", "rs_1", "new_1", "msg_2"]
        )
        assert found == {
            "msg_1_in": question,
            "new_1": foreign,
            "rs_1": thought,
            "msg_1": reply,
            "fc_1": call,
        }


async def test_to_anyone_else_an_item_does_not_exist(url: str) -> None:
    async with opened(url) as store:
        hers, his = named(said("hers"), "msg_1"), named(said("his"), "msg_1")
        await store.answers.keep(turn("resp_1", answered=(hers,)))
        assert await store.answers.items("bob", ["msg_1"]) == {}
        await store.answers.keep(turn("resp_2", answered=(his,), owner="bob"))
        assert await store.answers.items("bob", ["msg_1"]) == {"msg_1": his}
        assert await store.answers.items("ann", ["msg_1"]) == {"msg_1": hers}
        await store.conversations.create("bob", "conv_1", {}, {"msg_9": said("secret")})
        assert await store.conversations.items("ann", ["msg_9"]) == {}


async def test_what_a_model_said_keeps_its_name_when_it_is_sent_back(url: str) -> None:
    async with opened(url) as store:
        true, edited = named(said("As it was"), "msg_1"), named(said("As it was not"), "msg_1")
        await store.answers.keep(turn("resp_1", answered=(true,)))
        await store.answers.keep(turn("resp_2", asked=(edited,)))
        assert await store.answers.items("ann", ["msg_1"]) == {"msg_1": true}
        again = named(said("Of another answer"), "msg_1")
        await store.answers.keep(turn("resp_3", answered=(again,)))
        assert await store.answers.items("ann", ["msg_1"]) == {"msg_1": again}


async def test_an_item_goes_with_its_answer(url: str) -> None:
    async with opened(url, days=2) as store:
        await store.answers.keep(turn("resp_1", answered=(named(said("one"), "msg_1"),)))
        await store.answers.keep(turn("resp_2", answered=(named(said("two"), "msg_2"),)))
        await store.answers.forget("ann", "resp_1", RESPONSES)
        assert (await store.answers.items("ann", ["msg_1", "msg_2"])).keys() == {"msg_2"}
        await store.clock.advance(2 * 24 * 3600 + 1)
        assert await store.answers.items("ann", ["msg_2"]) == {}
        await store.answers.keep(kept("resp_3"))
    async with opened(url, days=1000) as store:
        assert await store.answers.items("ann", ["msg_2"]) == {}


async def test_an_item_of_a_conversation_goes_with_it(url: str) -> None:
    async with opened(url) as store:
        await store.conversations.create("ann", "conv_1", {}, {"msg_1": said("one")})
        found = await store.conversations.items("ann", ["msg_1", "msg_2"])
        assert texts(tuple(found.values())) == ["one"]
        await store.conversations.forget("ann", "conv_1")
        assert await store.conversations.items("ann", ["msg_1"]) == {}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_that_can_be_none_finds_nothing_and_breaks_nothing(
    url: str, name: str
) -> None:
    async with opened(url) as store:
        await store.answers.keep(
            turn("resp_1", asked=(named(said("x"), name),), answered=(named(said("y"), name),))
        )
        for finder in (store.answers, store.conversations):
            assert await finder.items("ann", [name, "\ud800"]) == {}


async def test_more_than_can_be_recalled_is_refused_before_it_is_read(url: str) -> None:
    half = "x" * (answers_of_the_store.RECALLED_BYTES_MAX // 2 + 1)
    async with opened(url) as store:
        for n in (1, 2):
            await store.answers.keep(turn(f"resp_{n}", answered=(named(said(half), f"msg_{n}"),)))
        with pytest.raises(ContextTooLong):
            await store.answers.items("ann", ["msg_1", "msg_2"])
        assert len(await store.answers.items("ann", ["msg_1"])) == 1


async def test_a_thousand_names_are_found_at_once(url: str) -> None:
    async with opened(url) as store:
        many = tuple(named(said(str(n)), f"msg_{n}") for n in range(1200))
        await store.answers.keep(turn("resp_1", asked=many))
        found = await store.answers.items("ann", [f"msg_{n}" for n in range(2000)])
        assert tuple(found.values()) == many


async def test_many_send_the_same_items_back_at_once(url: str) -> None:
    async with opened(url) as store:
        items = tuple(named(said(str(n)), f"msg_{n}") for n in range(20))

        async def send(number: int) -> None:
            some = items if number % 2 else tuple(reversed(items))
            await store.answers.keep(turn(f"resp_{number}", asked=some, answered=some[:3]))

        async with anyio.create_task_group() as group:
            for number in range(16):
                group.start_soon(send, number)
        assert len(await store.answers.items("ann", [f"msg_{n}" for n in range(20)])) == 20


def _forget_the_names(connection: Connection) -> None:
    """The database as the first release left it."""
    first = {"answers", "conversations", "conversation_items", "answer_items"}
    for statement in (
        *(f"DROP TABLE {table}" for table in METADATA.tables.keys() - first),
        "DROP TABLE answer_items",
        "DROP INDEX conversation_items_by_name",
        "UPDATE alembic_version SET version_num = '0001'",
    ):
        connection.execute(text(statement))


async def test_what_an_older_release_kept_can_be_referred_to(url: str) -> None:
    first, second = named(said("one", "assistant"), "msg_1"), named(said("two"), "msg_2")
    edited, broken = named(said("edited"), "msg_1"), named(said("x"), "msg 3")
    async with opened(url) as store:
        await store.answers.keep(turn("resp_1", answered=(first,)))
        await store.clock.advance(1)
        await store.answers.keep(turn("resp_2", asked=(edited, second, broken)))
    database = Database(url)
    async with database.writing() as connection:
        await connection.run_sync(_forget_the_names)
    await database.aclose()
    async with opened(url) as store:
        found = await store.answers.items("ann", ["msg_1", "msg_2", "msg 3"])
        assert found == {"msg_1": first, "msg_2": second}
    assert schema.NEWEST >= "0002"
