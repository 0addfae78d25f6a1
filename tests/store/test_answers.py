"""Answers are kept for their owner, chained without copies, and gone when they are deleted."""

import pytest
from msgspec.structs import replace

from manymind.canon.answers import Answer, Output
from manymind.canon.events import Began, Ended
from manymind.canon.faults import Conflict, ContextTooLong, NoSuchAnswer, NotFound
from manymind.store import answers as answers_of_the_store
from manymind.store.answers import Window
from tests.store.stage import RESPONSES, kept, opened, said, texts

HOSTILE = ["", "x" * 10_000, "resp_\0", "resp_1'--", "../resp_1", "ä", "resp_1 OR 1=1", "\ud800"]


async def test_a_chain_is_recalled_from_its_beginning(url: str) -> None:
    async with opened(url) as store:
        await store.answers.keep(kept("resp_1", "one", reply="first"))
        await store.answers.keep(kept("resp_2", "two", before="resp_1", reply="second"))
        await store.answers.keep(kept("resp_3", "three", before="resp_2", reply="third"))
        history = await store.answers.recall("ann", "resp_3")
        assert texts(history) == ["one", "first", "two", "second", "three", "third"]


async def test_what_is_kept_outlives_its_process(url: str) -> None:
    async with opened(url) as store:
        await store.answers.keep(kept("resp_1", "one", reply="first"))
    async with opened(url) as store:
        assert texts(await store.answers.recall("ann", "resp_1")) == ["one", "first"]


async def test_an_answer_is_found_as_it_was_kept(url: str) -> None:
    async with opened(url) as store:
        events = (Began(id="resp_1", model="acme/small"), Ended())
        one = replace(kept("resp_1"), events=events)
        await store.answers.keep(one)
        found = await store.answers.find("ann", "resp_1", RESPONSES)
        assert found == replace(one, at=int(store.clock.today()))


async def test_to_anyone_else_an_answer_does_not_exist(url: str) -> None:
    async with opened(url) as store:
        await store.answers.keep(kept("resp_1"))
        with pytest.raises(NotFound):
            await store.answers.find("bob", "resp_1", RESPONSES)
        with pytest.raises(NoSuchAnswer):
            await store.answers.recall("bob", "resp_1")
        with pytest.raises(NotFound):
            await store.answers.forget("bob", "resp_1", RESPONSES)
        assert await store.answers.listed("bob", RESPONSES, Window()) == ()
        await store.answers.find("ann", "resp_1", RESPONSES)


async def test_two_owners_may_have_answers_of_one_id(url: str) -> None:
    async with opened(url) as store:
        await store.answers.keep(kept("resp_1", "hers"))
        await store.answers.keep(kept("resp_1", "his", owner="bob"))
        assert texts(await store.answers.recall("bob", "resp_1"))[0] == "his"
        with pytest.raises(Conflict):
            await store.answers.keep(kept("resp_1", "again"))
        assert texts(await store.answers.recall("ann", "resp_1"))[0] == "hers"


async def test_nobody_goes_on_from_another_owners_answer(url: str) -> None:
    async with opened(url) as store:
        await store.answers.keep(kept("resp_1", "hers"))
        await store.answers.keep(kept("resp_2", "his", owner="bob", before="resp_1"))
        with pytest.raises(NoSuchAnswer):
            await store.answers.recall("bob", "resp_2")


async def test_a_deleted_link_ends_every_chain_that_hung_on_it(url: str) -> None:
    async with opened(url) as store:
        await store.answers.keep(kept("resp_1"))
        await store.answers.keep(kept("resp_2", before="resp_1"))
        await store.answers.keep(kept("resp_3", before="resp_2"))
        await store.answers.forget("ann", "resp_1", RESPONSES)
        with pytest.raises(NoSuchAnswer, match="earlier response in the chain of 'resp_3'") as hit:
            await store.answers.recall("ann", "resp_3")
        assert hit.value.code == "previous_response_not_found"
        await store.answers.find("ann", "resp_3", RESPONSES)
        with pytest.raises(NotFound):
            await store.answers.forget("ann", "resp_1", RESPONSES)


@pytest.mark.parametrize("name", HOSTILE)
async def test_an_id_that_can_be_none_is_not_found(url: str, name: str) -> None:
    async with opened(url) as store:
        await store.answers.keep(kept("resp_1"))
        with pytest.raises(NoSuchAnswer):
            await store.answers.recall("ann", name)
        with pytest.raises(NotFound) as hit:
            await store.answers.find("ann", name, RESPONSES)
        assert len(hit.value.message) < 300
        with pytest.raises(NotFound):
            await store.answers.forget("ann", name, RESPONSES)


async def test_an_answer_is_gone_once_it_is_too_old(url: str) -> None:
    async with opened(url, days=2) as store:
        await store.answers.keep(kept("resp_1"))
        await store.clock.advance(24 * 3600)
        await store.answers.keep(kept("resp_2", before="resp_1"))
        assert len(await store.answers.recall("ann", "resp_2")) == 4
        await store.clock.advance(24 * 3600 + 1)
        with pytest.raises(NotFound):
            await store.answers.find("ann", "resp_1", RESPONSES)
        with pytest.raises(NoSuchAnswer, match="too old"):
            await store.answers.recall("ann", "resp_2")


async def test_what_is_too_old_is_deleted_and_not_only_hidden(url: str) -> None:
    async with opened(url, days=2) as store:
        await store.answers.keep(kept("resp_1"))
        await store.clock.advance(3 * 24 * 3600)
        await store.answers.keep(kept("resp_2"))
    async with opened(url, days=1000) as store:
        left = await store.answers.listed("ann", RESPONSES, Window())
        assert [each.answer.id for each in left] == ["resp_2"]


async def test_two_million_tokens_are_kept_once_and_recalled_whole(url: str) -> None:
    words = "seldom " * 1_200_000
    async with opened(url) as store:
        await store.answers.keep(kept("resp_1", words))
        await store.answers.keep(kept("resp_2", "and?", before="resp_1"))
        history = await store.answers.recall("ann", "resp_2")
        assert texts(history)[0] == words
        last = await store.answers.find("ann", "resp_2", RESPONSES)
        assert texts(last.request.items) == ["and?"]  # It is not written again with each turn.


async def test_a_chain_too_long_to_recall_is_refused(url: str) -> None:
    async with opened(url) as store:
        half = "x" * (answers_of_the_store.RECALLED_BYTES_MAX // 2 + 1)
        await store.answers.keep(kept("resp_1", half))
        await store.answers.keep(kept("resp_2", half, before="resp_1"))
        with pytest.raises(ContextTooLong):
            await store.answers.recall("ann", "resp_2")
        await store.answers.recall("ann", "resp_1")


async def test_only_the_first_choice_is_gone_on_from(url: str) -> None:
    async with opened(url) as store:
        outputs = (
            Output(item=said("first", "assistant")),
            Output(item=said("second", "assistant"), choice=1),
        )
        answer = Answer(id="chatcmpl-1", model="m", outputs=outputs)
        await store.answers.keep(replace(kept("chatcmpl-1", "one"), answer=answer))
        assert texts(await store.answers.recall("ann", "chatcmpl-1")) == ["one", "first"]


async def test_a_list_goes_on_behind_an_answer_in_both_orders(url: str) -> None:
    async with opened(url) as store:
        for n in range(5):
            await store.answers.keep(kept(f"resp_{n}"))
            await store.clock.advance(n % 2)

        async def ids(window: Window) -> list[str]:
            found = await store.answers.listed("ann", RESPONSES, window)
            return [each.answer.id for each in found]

        assert await ids(Window(limit=2)) == ["resp_0", "resp_1"]
        assert await ids(Window(limit=9, after="resp_1")) == ["resp_2", "resp_3", "resp_4"]
        newest = Window(limit=2, after="resp_3", oldest_first=False)
        assert await ids(newest) == ["resp_2", "resp_1"]
        with pytest.raises(NotFound):
            await ids(Window(after="resp_9"))
        with pytest.raises(NotFound):
            await ids(Window(after="\0"))


async def test_metadata_can_be_changed(url: str) -> None:
    async with opened(url) as store:
        await store.answers.keep(kept("resp_1"))
        await store.answers.amend("ann", "resp_1", RESPONSES, {"topic": "lamps"})
        found = await store.answers.find("ann", "resp_1", RESPONSES)
        assert found.request.metadata == {"topic": "lamps"}
        assert texts(found.request.items) == ["What?"]
        with pytest.raises(NotFound):
            await store.answers.amend("bob", "resp_1", RESPONSES, {})
