"""OpenAI's client goes on from answers, reads them again and deletes them, on both databases."""

from pathlib import Path
from typing import cast

import anyio
import openai
import pytest
from openai.types.responses import Response, ResponseCompletedEvent, ResponseInputMessageItem

from tests.flows.stored_stage import client, remembering, sent

MODELS = ["openai/sim-echo", "anthropic/sim-echo", "vllm/sim-echo", "manymind/reader"]
THINKER = "openai/sim-thinker"
PREVIOUS_MISSING = "previous_response_not_found"


@pytest.mark.parametrize("model", MODELS)
async def test_an_answer_is_read_again_as_it_was_given(
    tmp_path: Path, url: str, model: str
) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        given = await openai_.responses.create(model=model, input="Hello", metadata={"a": "b"})
        assert given.to_dict()["store"] is True
        again = await openai_.responses.retrieve(given.id)
        assert again.id == given.id
        assert again.output_text == given.output_text
        assert [item.id for item in again.output] == [item.id for item in given.output]
        assert (again.status, again.metadata) == (given.status, given.metadata)
        assert again.usage is not None
        assert given.usage is not None
        assert again.usage.total_tokens == given.usage.total_tokens


async def test_a_provider_is_told_what_was_said_and_keeps_nothing(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        first = await openai_.responses.create(
            model="openai/sim-echo", input="My name is Ada.", instructions="Speak like a sailor."
        )
        second = await openai_.responses.create(
            model="openai/sim-echo", input="Who am I?", previous_response_id=first.id
        )
        assert second.previous_response_id == first.id
        told = sent(stage)[-1]
        assert told["store"] is False
        assert "previous_response_id" not in told
        assert "instructions" not in told
        roles = [item["role"] for item in cast("list[dict[str, object]]", told["input"])]
        assert roles == ["user", "assistant", "user"]


async def test_a_conversation_goes_on_with_another_vendors_model(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        last: Response | None = None
        for model in MODELS:
            last = await openai_.responses.create(
                model=model,
                input=f"Said to {model}",
                previous_response_id=None if last is None else last.id,
            )
        assert last is not None
        items = [item async for item in openai_.responses.input_items.list(last.id, order="asc")]
        assert len(items) == 2 * len(MODELS) - 1
        assert len({item.id for item in items}) == len(items)
        words = [
            item.content[0].text
            for item in items
            if isinstance(item, ResponseInputMessageItem) and item.content[0].type == "input_text"
        ]
        assert words == [f"Said to {model}" for model in MODELS]
        assert len(cast("list[object]", sent(stage)[-1]["messages"])) == 5


@pytest.mark.parametrize("model", MODELS)
async def test_a_streamed_answer_is_told_again_from_any_event(
    tmp_path: Path, url: str, model: str
) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        stream = await openai_.responses.create(model=model, input="One two three", stream=True)
        heard = [event async for event in stream]
        last = heard[-1]
        assert isinstance(last, ResponseCompletedEvent)
        again = await openai_.responses.retrieve(last.response.id, stream=True)
        told = [event async for event in again]
        assert [event.type for event in told] == [event.type for event in heard]
        assert [event.sequence_number for event in told] == list(range(len(heard)))
        rest = await openai_.responses.retrieve(last.response.id, stream=True, starting_after=3)
        assert [event async for event in rest] == told[4:]


async def test_an_answer_can_be_gone_on_from_as_soon_as_its_end_was_heard(
    tmp_path: Path, url: str
) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        stream = await openai_.responses.create(model="openai/sim-echo", input="Hello", stream=True)
        async for event in stream:
            if event.type == "response.completed":
                assert (await openai_.responses.retrieve(event.response.id)).output_text == "Hello"


async def test_what_is_not_to_be_stored_is_not(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        given = await openai_.responses.create(model="openai/sim-echo", input="x", store=False)
        assert given.to_dict()["store"] is False
        with pytest.raises(openai.NotFoundError):
            await openai_.responses.retrieve(given.id)
        with pytest.raises(openai.BadRequestError) as hit:
            await openai_.responses.create(
                model="openai/sim-echo", input="y", previous_response_id=given.id
            )
        assert hit.value.code == PREVIOUS_MISSING
        assert hit.value.param == "previous_response_id"


async def test_a_deleted_answer_is_gone_for_all_that_hung_on_it(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        first = await openai_.responses.create(model="openai/sim-echo", input="one")
        second = await openai_.responses.create(
            model="openai/sim-echo", input="two", previous_response_id=first.id
        )
        await openai_.responses.delete(first.id)
        for call in (openai_.responses.retrieve, openai_.responses.delete):
            with pytest.raises(openai.NotFoundError):
                await call(first.id)
        with pytest.raises(openai.BadRequestError) as hit:
            await openai_.responses.create(
                model="openai/sim-echo", input="three", previous_response_id=second.id
            )
        assert hit.value.code == PREVIOUS_MISSING
        left = await openai_.responses.input_items.list(second.id)
        assert len(left.data) == 1


async def test_only_what_runs_in_the_background_can_be_cancelled(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        given = await openai_.responses.create(model="openai/sim-echo", input="one")
        with pytest.raises(openai.BadRequestError, match="synchronous"):
            await openai_.responses.cancel(given.id)
        with pytest.raises(openai.NotFoundError):
            await openai_.responses.cancel("resp_nobody")


async def test_reasoning_is_given_back_sealed_and_shown_only_on_demand(
    tmp_path: Path, url: str
) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        first = await openai_.responses.create(
            model=THINKER, input="What is 2 + 2?", reasoning={"effort": "high"}
        )
        assert "encrypted_content" not in first.to_json()
        await openai_.responses.create(
            model=THINKER,
            input="And 3 + 3?",
            reasoning={"effort": "high"},
            previous_response_id=first.id,
        )
        told = cast("list[dict[str, object]]", sent(stage)[-1]["input"])
        (thought,) = [item for item in told if item.get("type") == "reasoning"]
        assert thought["encrypted_content"]
        shown = await openai_.responses.retrieve(first.id, include=["reasoning.encrypted_content"])
        assert str(thought["encrypted_content"]) in shown.to_json()
        assert "encrypted_content" not in (await openai_.responses.retrieve(first.id)).to_json()


async def test_streamed_reasoning_is_hidden_too(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        stream = await openai_.responses.create(
            model=THINKER, input="What is 2 + 2?", reasoning={"effort": "high"}, stream=True
        )
        heard = [event.to_json() async for event in stream]
        assert any("reasoning" in event for event in heard)
        assert not any("encrypted_content" in event for event in heard)


@pytest.mark.parametrize("mishap", ["cut=5", "unfinished=5", "error=5"])
async def test_an_answer_that_was_cut_is_not_kept(tmp_path: Path, url: str, mishap: str) -> None:
    async with remembering(tmp_path, url) as (_, openai_):
        response_id = ""
        with pytest.raises(openai.APIError):
            stream = await openai_.responses.create(
                model=f"openai/sim-echo;{mishap}", input="One two three four", stream=True
            )
            async for event in stream:
                if event.type == "response.created":
                    response_id = event.response.id
            raise openai.APIError("the stream ended", request=stream.response.request, body=None)
        with pytest.raises(openai.NotFoundError):
            await openai_.responses.retrieve(response_id or "resp_none")


async def test_an_answer_whose_caller_hung_up_is_not_kept(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        response_id = ""
        stream = await openai_.responses.create(
            model="openai/sim-echo;tps=1", input="One two three four", stream=True
        )
        async for event in stream:
            if event.type == "response.created":
                response_id = event.response.id
                break
        await stream.close()
        with anyio.fail_after(5):
            while stage.simulated.visits[-1].outcome == "open":
                await anyio.sleep(0.02)
        with pytest.raises(openai.NotFoundError):
            await openai_.responses.retrieve(response_id)


async def test_both_houses_share_one_memory(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        given = await openai_.responses.create(model="openai/sim-echo", input="Hello")
        async with client(stage, "/api/v1") as other:
            assert (await other.responses.retrieve(given.id)).output_text == "Hello"
