"""What callers of other dialects lose when their requests are written as Responses."""

from typing import cast

import msgspec
import pytest

from manymind.canon.items import Called, Returned, Said, Thought, Unread
from manymind.canon.parts import File, Text, UnreadPart
from manymind.canon.requests import (
    Function,
    HostedTool,
    Reasoning,
    Request,
    UnreadTool,
)
from manymind.canon.values import Aside, Json
from manymind.dialects.openai_responses import DIALECT

NAME = "openai_responses"


def wrote(request: Request) -> tuple[Json, tuple[str, ...]]:
    written = DIALECT.write_request(request)
    return msgspec.json.decode(written.body, type=dict[str, object]), written.lost


def test_a_caller_of_chat_learns_in_their_own_words_what_is_lost() -> None:
    request = Request(
        model="m",
        dialect="openai_chat",
        items=(
            Said(role="system", parts=(Text(text="Be kind."),), name="n", joined=False),
            Said(
                role="user",
                parts=(
                    Text(text="a", cache={"type": "ephemeral"}),
                    UnreadPart(dialect="openai_chat", data={"type": "odd"}),
                ),
                joined=False,
                aside=Aside("openai_chat", {"vendor": 1}),
            ),
            Said(role="assistant", parts=(Text(text="b"),), joined=False),
            Called(call_id="c", name="f", arguments="{}", joined=True),
            Unread(dialect="openai_chat", data={"role": "odd"}, joined=False),
        ),
        tools=(Function(name="f"), UnreadTool(dialect="openai_chat", data={"type": "odd"})),
        seed=1,
        stop=("x",),
        top_k=3,
        n=2,
        reasoning=Reasoning(effort="low", budget_tokens=5),
        aside=Aside("openai_chat", {"logit_bias": {"1": 2}}),
    )
    body, lost = wrote(request)
    assert set(lost) == {
        "messages[0].name",
        "messages[1].content[0].cache_control",
        "messages[1].content[1]",
        "messages[1].vendor",
        "messages[3]",
        "tools[1]",
        "seed",
        "stop",
        "top_k",
        "n",
        "reasoning.max_tokens",
        "logit_bias",
    }
    assert not {"seed", "stop", "top_k", "n", "logit_bias"} & body.keys()
    # Functions are strict here unless they say no, and in Chat the other way round.
    assert cast("list[Json]", body["tools"])[0]["strict"] is False


def test_a_caller_of_messages_learns_what_is_lost_too() -> None:
    request = Request(
        model="m",
        dialect="anthropic_messages",
        instructions=(Text(text="a", cache={"type": "ephemeral"}), Text(text="b")),
        items=(
            Thought(content=(Text(text="hm"),), signature="sig", joined=False),
            Returned(call_id="c", parts=(Text(text="5"),), failed=True, joined=False),
        ),
        tools=(
            HostedTool(
                tool="web_search",
                dialect="anthropic_messages",
                data={"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
            ),
        ),
        stop=("x",),
        reasoning=Reasoning(enabled=False),
    )
    body, lost = wrote(request)
    assert body["instructions"] == "a\n\nb"
    assert body["tools"] == [{"type": "web_search"}]
    assert body["reasoning"] == {"effort": "none"}
    assert {"stop_sequences", "system[0].cache_control", "tools[0].max_uses"} <= set(lost)
    assert any(path.endswith(".signature") for path in lost)
    assert any(path.endswith(".is_error") for path in lost)


def test_ids_of_other_dialects_are_not_sent_to_an_upstream_that_would_refuse_them() -> None:
    foreign = Called(call_id="toolu_1", name="f", arguments="{}", id="toolu_1")
    body, lost = wrote(Request(model="m", dialect="openai_chat", items=(foreign,)))
    assert "id" not in cast("list[Json]", body["input"])[0]
    assert lost == ()


def test_plain_text_of_a_document_becomes_a_file() -> None:
    said = Said(role="user", parts=(File(text="Café", media_type="text/plain"),))
    body, _ = wrote(Request(model="m", dialect="anthropic_messages", items=(said,)))
    content = cast("list[Json]", cast("list[Json]", body["input"])[0]["content"])
    assert content[0]["filename"] == "document.txt"
    assert str(content[0]["file_data"]).startswith("data:text/plain;base64,")


@pytest.mark.parametrize("mark", ["gemini:", "gemini-alone:"])
@pytest.mark.parametrize("dialect", [NAME, "openai_chat"])
def test_another_vendors_seal_is_not_sent_and_nothing_else_is_lost(mark: str, dialect: str) -> None:
    words = (Text(text="Hm."),)
    sealed = Thought(summary=words, encrypted=f"{mark}c2ln", id="rs_1")
    alone = Thought(encrypted=f"{mark}c2ln", id="rs_2")
    ours = Thought(summary=words, encrypted="gAAA", id="rs_3")
    user = Said(role="user", parts=(Text(text="Go on."),), joined=False)
    body, lost = wrote(Request(model="m", dialect=dialect, items=(sealed, alone, ours, user)))
    thoughts = [item for item in cast("list[Json]", body["input"]) if "summary" in item]
    summary = [{"type": "summary_text", "text": "Hm."}]
    assert thoughts[0] == {"type": "reasoning", "summary": summary}
    assert [item.get("encrypted_content") for item in thoughts] == [None, "gAAA"]
    assert len(lost) == len(set(lost)) == 2
    assert all(path.endswith(".encrypted_content") for path in lost)
