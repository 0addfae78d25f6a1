"""OpenAI's client keeps conversations under a name, makes them short, and keeps completions."""

from pathlib import Path
from typing import cast

import openai
import pytest
from openai.types.conversations import Message
from openai.types.responses import ResponseInputParam

from tests.flows.stored_stage import remembering, sent

ECHO = "openai/sim-echo"


async def test_a_conversation_gathers_what_is_asked_and_answered(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        talk = await openai_.conversations.create(
            items=[{"type": "message", "role": "user", "content": "I am Ada."}],
            metadata={"topic": "names"},
        )
        first = await openai_.responses.create(model=ECHO, input="One", conversation=talk.id)
        assert first.conversation is not None
        assert first.conversation.id == talk.id
        await openai_.responses.create(
            model="anthropic/sim-echo", input="Two", conversation={"id": talk.id}
        )
        assert len(cast("list[object]", sent(stage)[-1]["messages"])) >= 3
        items = [i async for i in openai_.conversations.items.list(talk.id, order="asc", limit=2)]
        words = [
            part.text
            for item in items
            if isinstance(item, Message)
            for part in item.content
            if part.type == "input_text" or part.type == "output_text"
        ]
        assert words == ["I am Ada.", "One", "One", "Two", "Two"]
        assert len({item.id for item in items}) == 5


async def test_items_are_added_shown_and_deleted(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        talk = await openai_.conversations.create()
        added = await openai_.conversations.items.create(
            talk.id,
            items=[
                {"type": "message", "role": "user", "content": "One"},
                {"type": "message", "role": "assistant", "content": "Two"},
            ],
        )
        one, two = added.data
        shown = await openai_.conversations.items.retrieve(one.id or "", conversation_id=talk.id)
        assert shown == one
        left = await openai_.conversations.items.delete(one.id or "", conversation_id=talk.id)
        assert left.id == talk.id
        listed = await openai_.conversations.items.list(talk.id)
        assert [item.id for item in listed.data] == [two.id]
        with pytest.raises(openai.NotFoundError):
            await openai_.conversations.items.retrieve(one.id or "", conversation_id=talk.id)


async def test_a_conversation_is_renamed_and_deleted(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        talk = await openai_.conversations.create(metadata={"a": "1"})
        changed = await openai_.conversations.update(talk.id, metadata={"b": "2"})
        assert changed.metadata == {"b": "2"}
        assert await openai_.conversations.retrieve(talk.id) == changed
        gone = await openai_.conversations.delete(talk.id)
        assert gone.deleted
        with pytest.raises(openai.NotFoundError):
            await openai_.conversations.retrieve(talk.id)
        with pytest.raises(openai.NotFoundError):
            await openai_.responses.create(model=ECHO, input="x", conversation=talk.id)


async def test_a_turn_has_one_past(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        talk = await openai_.conversations.create()
        first = await openai_.responses.create(model=ECHO, input="One")
        with pytest.raises(openai.BadRequestError):
            await openai_.responses.create(
                model=ECHO, input="x", conversation=talk.id, previous_response_id=first.id
            )
        with pytest.raises(openai.BadRequestError):
            await openai_.responses.create(model=ECHO, input="x", conversation=talk.id, store=False)


async def test_a_compacted_conversation_is_shorter_and_keeps_the_users_words(
    tmp_path: Path, url: str
) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        long = "The lamp was electrified in 1931. " * 200
        first = await openai_.responses.create(model=ECHO, input="What of the lamp?")
        compacted = await openai_.responses.compact(
            model=ECHO,
            previous_response_id=first.id,
            input=[
                {"type": "message", "role": "assistant", "content": long},
                {"type": "message", "role": "user", "content": "And the keeper?"},
            ],
        )
        assert compacted.object == "response.compaction"
        assert [item.type for item in compacted.output] == ["message", "message", "compaction"]
        assert compacted.usage.total_tokens > 0
        sealed = [item.model_dump(exclude_none=True, warnings=False) for item in compacted.output]
        assert len(str(sealed)) < len(long) / 2
        await openai_.responses.create(
            model=ECHO,
            input=cast(
                "ResponseInputParam",
                [*sealed, {"type": "message", "role": "user", "content": "Go on."}],
            ),
        )
        told = cast("list[dict[str, object]]", sent(stage)[-1]["input"])
        assert [item.get("role") for item in told] == ["user", "user", "assistant", "user"]
        assert "What of the lamp?" in str(told[0])
        assert "notes on the conversation" in str(told[2])


async def test_a_short_conversation_is_compacted_word_for_word_and_for_nothing(
    tmp_path: Path, url: str
) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        first = await openai_.responses.create(model=ECHO, input="The code is 4711.")
        asked = len(sent(stage))
        compacted = await openai_.responses.compact(model=ECHO, previous_response_id=first.id)
        assert len(sent(stage)) == asked
        assert compacted.usage.total_tokens == 0
        with pytest.raises(openai.BadRequestError):
            await openai_.responses.compact(model=ECHO, input=[])


async def test_a_completion_is_kept_only_if_its_caller_says_so(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        chat = openai_.chat.completions
        given = await chat.create(
            model=ECHO,
            messages=[{"role": "user", "content": "Hello"}],
            store=True,
            metadata={"a": "b"},
        )
        assert "store" not in sent(stage)[-1]
        assert "metadata" not in sent(stage)[-1]
        again = await chat.retrieve(given.id)
        assert again.choices[0].message.content == "Hello"
        changed = await chat.update(given.id, metadata={"c": "d"})
        assert changed.model_dump()["metadata"] == {"c": "d"}
        messages = await chat.messages.list(given.id)
        assert [(m.role, m.content) for m in messages.data] == [("user", "Hello")]
        unkept = await chat.create(model=ECHO, messages=[{"role": "user", "content": "No"}])
        with pytest.raises(openai.NotFoundError):
            await chat.retrieve(unkept.id)
        assert [each.id async for each in chat.list()] == [given.id]
        assert (await chat.delete(given.id)).deleted
        assert [each.id async for each in chat.list()] == []


async def test_a_streamed_completion_is_kept_under_the_id_that_was_streamed(
    tmp_path: Path, url: str
) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        stream = await openai_.chat.completions.create(
            model=ECHO, messages=[{"role": "user", "content": "One two"}], store=True, stream=True
        )
        ids = {chunk.id async for chunk in stream}
        assert len(ids) == 1
        again = await openai_.chat.completions.retrieve(ids.pop())
        assert again.choices[0].message.content == "One two"
