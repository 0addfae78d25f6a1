"""OpenAI's client finds thoughts in short or in the open, as their vendor tells them."""

from pathlib import Path
from typing import Literal

import pytest
from openai.types.responses import ResponseReasoningItem

from tests.flows.stored_stage import remembering

TOLD = "I count the words one by one and come to 3. The longest is 'three'."

Shown = tuple[str, str]
"""The summary of a thought, and its content."""


def shown(item: object) -> Shown:
    assert isinstance(item, ResponseReasoningItem)
    summary = "".join(part.text for part in item.summary)
    return summary, "".join(part.text for part in item.content or ())


# OpenAI, xAI, Anthropic and Google show a summary; whoever serves open weights shows the words.
@pytest.mark.parametrize(
    ("vendor", "where"),
    [
        ("openai", "summary"),
        ("xai", "summary"),
        ("anthropic", "summary"),
        ("gemini", "summary"),
        ("vllm", "content"),
    ],
)
async def test_thoughts_stand_where_clients_look_for_them(
    tmp_path: Path, vendor: str, where: Literal["summary", "content"]
) -> None:
    model = f"{vendor}/sim-thinker"
    async with remembering(tmp_path, f"sqlite:///{tmp_path}/kept.db") as (_, openai_):
        whole = await openai_.responses.create(
            model=model, input="One two three", reasoning={"effort": "high", "summary": "auto"}
        )
        assert shown(whole.output[0]) == ((TOLD, "") if where == "summary" else ("", TOLD))
        stream = await openai_.responses.create(
            model=model,
            input="One two three",
            reasoning={"effort": "high", "summary": "auto"},
            stream=True,
        )
        told = {"summary": "", "content": ""}
        last = None
        async for event in stream:
            if event.type == "response.reasoning_summary_text.delta":
                told["summary"] += event.delta
            elif event.type == "response.reasoning_text.delta":
                told["content"] += event.delta
            elif event.type == "response.completed":
                last = event.response
        assert told == {"summary": "", "content": "", where: TOLD}
        assert last is not None
        assert shown(last.output[0]) == shown(whole.output[0])
        again = await openai_.responses.retrieve(last.id)
        assert shown(again.output[0]) == shown(whole.output[0])


async def test_a_digest_goes_back_to_its_vendor_signed_as_it_came(tmp_path: Path, url: str) -> None:
    async with remembering(tmp_path, url) as (stage, openai_):
        first = await openai_.responses.create(
            model="anthropic/sim-thinker", input="One two three", reasoning={"effort": "high"}
        )
        second = await openai_.responses.create(
            model="anthropic/sim-thinker",
            input="Four five",
            reasoning={"effort": "high"},
            previous_response_id=first.id,
        )
        assert second.status == "completed"
        told = str(stage.simulated.visits[-1].body["messages"])
        assert TOLD in told.replace("\\'", "'")
        assert "'signature': '" in told
