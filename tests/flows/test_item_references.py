"""OpenAI's client names items of earlier answers instead of sending them, on both databases."""

from pathlib import Path
from typing import cast

import openai
import pytest
from openai.types.responses import ResponseInputParam

from manymind.store.answers import Answers
from manymind.store.conversations import Conversations
from manymind.store.database import Database
from tests.flows.stored_stage import remembering, sent
from tests.server.socketing import talking, text
from tests.store.stage import kept, said
from tests.world import WallClock

ECHO, THINKER = "openai/sim-echo", "openai/sim-thinker"


def refer(*names: str | None, then: str = "And now?") -> ResponseInputParam:
    """These items, by their names alone, and a new question."""
    items: list[object] = [{"type": "item_reference", "id": name} for name in names]
    return cast("ResponseInputParam", [*items, {"role": "user", "content": then}])


def words(told: dict[str, object]) -> list[str]:
    """What a provider of Responses was told, in order."""
    found: list[str] = []
    for item in cast("list[dict[str, object]]", told["input"]):
        content = item.get("content")
        parts = cast("list[dict[str, str]]", content) if isinstance(content, list) else []
        found.append(content if isinstance(content, str) else "".join(p["text"] for p in parts))
    return found


async def test_items_stand_where_they_are_named(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        first = await openai_.responses.create(model=ECHO, input="I am Ada.")
        asked = (await openai_.responses.input_items.list(first.id)).data[0]
        second = await openai_.responses.create(
            model=ECHO, input=refer(asked.id, first.output[0].id, then="Who am I?")
        )
        assert words(sent(stage)[-1]) == ["I am Ada.", "I am Ada.", "Who am I?"]
        assert "item_reference" not in str(sent(stage)[-1])
        assert str(first.output[0].id) not in str(sent(stage)[-1])
        listed = [i async for i in openai_.responses.input_items.list(second.id, order="asc")]
        assert [item.id for item in listed[:2]] == [asked.id, first.output[0].id]


@pytest.mark.parametrize("model", ["anthropic/sim-echo", "vllm/sim-echo", "manymind/reader"])
async def test_items_are_named_to_any_model_streamed_or_not(
    tmp_path: Path, url: str, model: str
) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        first = await openai_.responses.create(model=ECHO, input="The lamp is red.")
        await openai_.responses.create(model=model, input=refer(first.output[0].id))
        stream = await openai_.responses.create(
            model=model, input=refer(first.output[0].id), stream=True
        )
        last = [event async for event in stream][-1]
        assert last.type == "response.completed"
        assert model == "manymind/reader" or "The lamp is red." in str(sent(stage)[-1])


async def test_a_call_and_its_sealed_thought_are_gone_on_from_by_name(
    tmp_path: Path, url: str
) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        first = await openai_.responses.create(
            model=THINKER, input="What is 2 + 2?", reasoning={"effort": "high"}
        )
        names = [item.id for item in first.output]
        assert [item.type for item in first.output] == ["reasoning", "message"]
        await openai_.responses.create(model=THINKER, input=refer(*names))
        told = cast("list[dict[str, object]]", sent(stage)[-1]["input"])
        assert told[0]["type"] == "reasoning"
        assert told[0]["encrypted_content"]


async def test_an_item_that_is_not_the_callers_is_not_found(tmp_path: Path, url: str) -> None:
    database = Database(url)
    foreign = kept("resp_foreign", owner="someone else")
    await Answers(database, WallClock(), days=30).keep(foreign)
    talks = Conversations(database, WallClock())
    await talks.create("someone else", "conv_1", {}, {"msg_foreign": said("secret")})
    await database.aclose()
    async with remembering(tmp_path, url) as (stage, openai_):
        first = await openai_.responses.create(model=ECHO, input="Mine")
        unkept = await openai_.responses.create(model=ECHO, input="Passing", store=False)
        asked = len(sent(stage))
        for name in ("msg_none", "msg_foreign", unkept.output[0].id, "x" * 10_000, "a\0b"):
            with pytest.raises(openai.NotFoundError) as hit:
                await openai_.responses.create(
                    model=ECHO, input=refer(first.output[0].id, name), stream=True
                )
            assert hit.value.param == "input[1].id"
        await openai_.responses.delete(first.id)
        with pytest.raises(openai.NotFoundError):
            await openai_.responses.create(model=ECHO, input=refer(first.output[0].id))
        with pytest.raises(openai.BadRequestError):
            await openai_.responses.create(model=ECHO, input=refer(None))
        assert len(sent(stage)) == asked


async def test_items_of_a_conversation_are_named_too(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        talk = await openai_.conversations.create(
            items=[{"type": "message", "role": "user", "content": "I am Ada."}]
        )
        (item,) = (await openai_.conversations.items.list(talk.id)).data
        await openai_.responses.create(model=ECHO, input=refer(item.id))
        assert words(sent(stage)[-1]) == ["I am Ada.", "And now?"]
        other = await openai_.conversations.create(
            items=[{"type": "item_reference", "id": item.id or ""}]
        )
        (again,) = (await openai_.conversations.items.list(other.id)).data
        assert "I am Ada." in again.to_json()
        with pytest.raises(openai.NotFoundError) as hit:
            await openai_.conversations.items.create(
                other.id, items=[{"type": "item_reference", "id": "msg_none"}]
            )
        assert hit.value.param == "items[0].id"


async def test_named_items_are_counted_and_compacted(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        long = "The lamp was electrified in 1931. " * 20
        first = await openai_.responses.create(model=ECHO, input=long)
        named = refer(first.output[0].id)
        few = await openai_.responses.input_tokens.count(model=ECHO, input="And now?")
        many = await openai_.responses.input_tokens.count(model=ECHO, input=named)
        assert many.input_tokens > few.input_tokens + 100
        compacted = await openai_.responses.compact(model=ECHO, input=named)
        assert [item.type for item in compacted.output] == ["message", "compaction"]
        for call in (openai_.responses.input_tokens.count, openai_.responses.compact):
            with pytest.raises(openai.NotFoundError) as hit:
                await call(model=ECHO, input=refer(first.output[0].id, "msg_none"))
            assert hit.value.param == "input[1].id"


async def test_a_socket_names_what_is_kept_and_what_it_alone_remembers(
    tmp_path: Path, url: str
) -> None:
    async with remembering(tmp_path, url) as (stage, openai_), talking(stage.url) as talker:
        kept_ = await openai_.responses.create(model=ECHO, input="Kept.")
        fleeting = await talker.ask("Fleeting.", model=ECHO)
        name = fleeting["response"]["output"][0]["id"]
        for store in (False, True):
            named = refer(kept_.output[0].id, name)
            assert text(await talker.ask(named, model=ECHO, store=store)) == "And now?"
            assert words(sent(stage)[-1]) == ["Kept.", "Fleeting.", "And now?"]
        missing = await talker.ask(refer("msg_none"), model=ECHO)
        assert (missing["status"], missing["error"]["param"]) == (404, "input[0].id")
        with pytest.raises(openai.NotFoundError):
            await openai_.responses.create(model=ECHO, input=refer(name, "msg_none"))
