"""Requests of other dialects, on their way to a server of Messages."""

from typing import cast

import msgspec
import pytest
from msgspec.structs import replace

from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Audio, Citation, File, Image, Refusal, Text
from manymind.canon.requests import (
    Function,
    HostedTool,
    OutputFormat,
    Reasoning,
    Request,
    ToolChoice,
    UnreadTool,
)
from manymind.canon.values import Aside, Json
from manymind.dialects.anthropic_messages import DIALECT, Messages
from manymind.dialects.anthropic_messages.flavour import MAX_TOKENS, Flavour
from manymind.dialects.mirror import Written


def sent(written: Written) -> Json:
    return cast("Json", msgspec.json.decode(written.body))


def asked(dialect: str = "openai_chat", *items: Item, **fields: object) -> Written:
    """A request of another dialect, on its way to a server of this one."""
    history = items or (Said(role="user", parts=(Text(text="Hi"),)),)
    request = Request(model="m", dialect=dialect, items=history)
    return DIALECT.write_request(replace(request, **fields))


def conversation(*items: Item, dialect: str = "openai_chat") -> tuple[list[Json], Written]:
    written = DIALECT.write_request(Request(model="m", dialect=dialect, items=items))
    return cast("list[Json]", sent(written)["messages"]), written


def test_a_request_without_a_cap_gets_one_that_the_server_may_choose() -> None:
    request = Request(model="m", items=(Said(role="user", parts=(Text(text="Hi"),)),))
    assert sent(DIALECT.write_request(request))["max_tokens"] == MAX_TOKENS
    roomy = Messages(Flavour(max_tokens=64_000))
    assert sent(roomy.write_request(request))["max_tokens"] == 64_000


def test_room_for_thinking_comes_on_top_of_the_default_cap() -> None:
    body = sent(asked(reasoning=Reasoning(budget_tokens=20_000)))
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 20_000}
    assert body["max_tokens"] == MAX_TOKENS + 20_000


def test_what_one_side_says_in_a_row_makes_one_message_with_results_first() -> None:
    call = Called(call_id="call.1", name="f", arguments='{"a": 1}', joined=True)
    messages, written = conversation(
        Said(role="user", parts=(Text(text="One"),), joined=False),
        Said(role="user", parts=(Text(text="Two"),), joined=False),
        Said(role="assistant", parts=(Text(text=""),), joined=False),
        call,
        Said(role="user", parts=(Text(text="Meanwhile"),), joined=False),
        Returned(call_id="call.1", parts=(Text(text="3"),), joined=False),
    )
    assert messages == [
        {
            "role": "user",
            "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}],
        },
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "call_1", "name": "f", "input": {"a": 1}}],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "3"},
                {"type": "text", "text": "Meanwhile"},
            ],
        },
    ]
    assert written.lost == ()


def test_what_the_system_says_first_moves_up_and_what_it_says_later_is_reported() -> None:
    messages, written = conversation(
        Said(role="system", parts=(Text(text="Be brief."),), joined=False),
        Said(role="developer", parts=(Text(text="Be kind."),), joined=False),
        Said(role="user", parts=(Text(text="Hi"),), joined=False),
        Said(role="system", parts=(Text(text="Hurry."),), joined=False),
    )
    assert sent(written)["system"] == [
        {"type": "text", "text": text} for text in ("Be brief.", "Be kind.", "Hurry.")
    ]
    assert messages == [{"role": "user", "content": "Hi"}]
    assert written.lost == ("messages[3].role",)


def test_reasoning_that_nobody_signed_is_left_out_and_reported() -> None:
    user = Said(role="user", parts=(Text(text="Hi"),), joined=False)
    bare = Thought(content=(Text(text="Hm."),), joined=False)
    messages, written = conversation(user, bare, Called(call_id="c", name="f", joined=True))
    assert [block["type"] for block in cast("list[Json]", messages[1]["content"])] == ["tool_use"]
    assert written.lost == ("messages[1].reasoning",)
    sealed = Thought(summary=(Text(text="Hm."),), encrypted="gAAA", id="rs_1")
    _, written = conversation(user, sealed, dialect="openai_responses")
    assert written.lost == ("input[1]",)


def test_reasoning_that_was_signed_here_goes_back() -> None:
    signed = Thought(content=(Text(text="Hm."),), signature="s")
    hidden = Thought(encrypted="e", redacted=True)
    messages, written = conversation(signed, hidden, dialect="openai_responses")
    assert messages[-1]["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "redacted_thinking", "data": "e"},
    ]
    assert written.lost == ()


@pytest.mark.parametrize("arguments", ["[1]", '{"a":', "nonsense", "1", '"x"', "[" * 100_000])
def test_arguments_that_are_no_object_are_wrapped_and_reported(arguments: str) -> None:
    messages, written = conversation(Called(call_id="c", name="f", arguments=arguments))
    block = cast("list[Json]", messages[-1]["content"])[0]
    assert block["input"] == {"arguments": arguments}
    assert written.lost == ("messages[0].arguments",)


@pytest.mark.parametrize("arguments", ["", " ", "{}"])
def test_a_call_without_arguments_has_an_empty_input(arguments: str) -> None:
    messages, written = conversation(Called(call_id="c", name="f", arguments=arguments))
    assert cast("list[Json]", messages[-1]["content"])[0]["input"] == {}
    assert written.lost == ()


@pytest.mark.parametrize(
    ("reasoning", "thinking", "config", "lost"),
    [
        (Reasoning(effort="high"), None, {"effort": "high"}, ()),
        (Reasoning(effort="xhigh"), None, {"effort": "xhigh"}, ()),
        (Reasoning(effort="none"), {"type": "disabled"}, None, ()),
        (Reasoning(effort="minimal"), {"type": "disabled"}, None, ("reasoning_effort",)),
        (Reasoning(enabled=True), {"type": "adaptive"}, None, ()),
        (Reasoning(enabled=False), {"type": "disabled"}, None, ()),
        (Reasoning(budget_tokens=0), {"type": "disabled"}, None, ()),
        (
            Reasoning(budget_tokens=9),
            {"type": "enabled", "budget_tokens": 1024},
            None,
            ("reasoning.max_tokens",),
        ),
        (Reasoning(summary="auto"), {"type": "adaptive", "display": "summarized"}, None, ()),
        (
            Reasoning(effort="low", summary="detailed"),
            {"type": "adaptive", "display": "summarized"},
            {"effort": "low"},
            ("reasoning.summary",),
        ),
        (Reasoning(exclude=True), {"type": "adaptive", "display": "omitted"}, None, ()),
    ],
)
def test_efforts_and_budgets_of_others_are_put_in_our_words(
    reasoning: Reasoning, thinking: Json | None, config: Json | None, lost: tuple[str, ...]
) -> None:
    written = asked(reasoning=reasoning)
    body = sent(written)
    assert (body.get("thinking"), body.get("output_config")) == (thinking, config)
    assert written.lost == lost


def test_what_has_no_field_here_is_reported_in_the_callers_words() -> None:
    chat = asked(
        "openai_chat",
        seed=1,
        n=2,
        logprobs=True,
        top_logprobs=3,
        presence_penalty=0.5,
        frequency_penalty=0.5,
        output=OutputFormat(form="json_object"),
        verbosity="low",
        metadata={"a": "b"},
        safety_identifier="s",
        prompt_cache_key="p",
        service_tier="flex",
        temperature=1.5,
    )
    assert set(chat.lost) == {
        "seed",
        "n",
        "logprobs",
        "top_logprobs",
        "presence_penalty",
        "frequency_penalty",
        "response_format",
        "verbosity",
        "metadata",
        "safety_identifier",
        "prompt_cache_key",
        "service_tier",
        "temperature",
    }
    assert sent(chat)["temperature"] == 1.0
    responses = asked(
        "openai_responses",
        output=OutputFormat(form="json_object"),
        verbosity="low",
        truncation="auto",
        previous_response_id="resp_1",
    )
    assert set(responses.lost) == {
        "text.format",
        "text.verbosity",
        "truncation",
        "previous_response_id",
    }


def test_a_value_that_asks_for_nothing_is_no_loss() -> None:
    written = asked(
        n=1,
        logprobs=False,
        presence_penalty=0,
        truncation="disabled",
        output=OutputFormat(form="text"),
        parallel_tool_calls=True,
        service_tier="auto",
    )
    assert written.lost == ()
    assert set(sent(written)) == {"model", "max_tokens", "messages", "service_tier"}


def test_fields_of_other_vendors_are_reported_at_their_level() -> None:
    other = Aside("openai_chat", {"x_new": 1})
    said = Said(
        role="user",
        parts=(Text(text="Hi", aside=other), Audio(data="AAAA", format="wav")),
        name="Ann",
        aside=other,
    )
    written = asked(
        "openai_chat",
        said,
        aside=other,
        tools=(
            Function(name="f", parameters={}, aside=other),
            UnreadTool(dialect="openai_chat", data={"type": "custom"}),
        ),
    )
    assert set(written.lost) == {
        "x_new",
        "messages[0].x_new",
        "messages[0].content[0].x_new",
        "messages[0].content[1]",
        "messages[0].name",
        "tools[0].x_new",
        "tools[1]",
    }


def test_pictures_and_papers_of_others_are_carried_as_far_as_they_can_be() -> None:
    parts = (
        Image(url="data:image/gif;base64,R0lG", detail="high"),
        Image(data="AAAA", media_type="image/png"),
        Image(file_id="file-openai"),
        File(name="a.txt", data="aGVsbG8=", media_type="text/plain"),
        File(name="a.pdf", data="JVBERi0=", media_type="application/pdf"),
        File(url="https://papers.example/a.pdf"),
        File(file_id="file-openai"),
        Refusal(text="No."),
        Text(text="", citations=()),
    )
    messages, written = conversation(Said(role="user", parts=parts))
    assert messages[0]["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": "R0lG"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {
            "type": "document",
            "title": "a.txt",
            "source": {"type": "text", "media_type": "text/plain", "data": "hello"},
        },
        {
            "type": "document",
            "title": "a.pdf",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
        },
        {"type": "document", "source": {"type": "url", "url": "https://papers.example/a.pdf"}},
        {"type": "text", "text": "No."},
    ]
    at = "messages[0].content"
    assert written.lost == (f"{at}[0].detail", f"{at}[2]", f"{at}[6]", f"{at}[7]")


def test_citations_that_no_server_here_made_are_not_sent_back() -> None:
    web = Citation(url="https://a.example", title="1", start=0, end=2)
    said = Said(role="assistant", parts=(Text(text="Hi", citations=(web,)),))
    messages, written = conversation(said)
    assert messages[-1] == {"role": "assistant", "content": "Hi"}
    assert written.lost == ("messages[0].content[0].citations",)


def test_tool_calls_of_other_servers_are_not_sent_back() -> None:
    messages, written = conversation(
        Said(role="user", parts=(Text(text="Hi"),)),
        Hosted(tool="web_search", id="ws_1", action={"type": "search", "query": "q"}),
        Unread(dialect="openai_responses", data={"type": "compaction"}),
        dialect="openai_responses",
    )
    assert len(messages) == 1
    assert written.lost == ("input[1]", "input[2]")


def test_a_search_declared_elsewhere_is_declared_here() -> None:
    data: Json = {
        "type": "web_search",
        "filters": {"allowed_domains": ["a.example"]},
        "user_location": {"type": "approximate", "city": "Lisbon"},
        "search_context_size": "low",
    }
    tools = (
        HostedTool(tool="web_search", dialect="openai_responses", data=data),
        HostedTool(tool="x_search", dialect="openai_responses", data={"type": "x_search"}),
    )
    written = asked("openai_responses", tools=tools)
    assert sent(written)["tools"] == [
        {
            "type": "web_search_20250305",
            "name": "web_search",
            "allowed_domains": ["a.example"],
            "user_location": {"type": "approximate", "city": "Lisbon"},
        }
    ]
    assert written.lost == ("tools[0].search_context_size", "tools[1]")


F = (Function(name="f"),)


@pytest.mark.parametrize(
    ("tools", "choice", "parallel", "expected", "lost"),
    [
        (F, None, False, {"type": "auto", "disable_parallel_tool_use": True}, ()),
        (F, None, True, None, ()),
        (
            F,
            ToolChoice(mode="required"),
            True,
            {"type": "any", "disable_parallel_tool_use": False},
            (),
        ),
        (F, ToolChoice(mode="named", name="f"), None, {"type": "tool", "name": "f"}, ()),
        (F, ToolChoice(mode="none"), False, {"type": "none"}, ()),
        (None, ToolChoice(mode="auto"), True, None, ()),
        (None, ToolChoice(mode="required"), None, None, ("tool_choice",)),
    ],
)
def test_the_choice_among_tools_holds_whether_calls_may_be_parallel(
    tools: tuple[Function, ...] | None,
    choice: ToolChoice | None,
    parallel: bool | None,
    expected: Json | None,
    lost: tuple[str, ...],
) -> None:
    written = asked(tools=tools, tool_choice=choice, parallel_tool_calls=parallel)
    assert sent(written).get("tool_choice") == expected
    assert written.lost == lost


def test_a_function_without_parameters_takes_an_empty_object() -> None:
    written = asked(tools=F)
    assert sent(written)["tools"] == [
        {"name": "f", "input_schema": {"type": "object", "properties": {}}}
    ]


def test_a_model_that_thinks_is_not_sampled_by_the_caller() -> None:
    written = asked(reasoning=Reasoning(enabled=True), temperature=0.2, top_k=5, top_p=0.97)
    assert {"temperature", "top_k"}.isdisjoint(sent(written))
    assert sent(written)["top_p"] == 0.97
    assert written.lost == ("temperature", "top_k")


def test_a_history_that_begins_with_the_assistant_gets_a_beginning() -> None:
    said = [Said(role=role, parts=(Text(text="Hi"),)) for role in ("assistant", "user")]
    messages, written = conversation(*said)
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert written.lost == ()
