"""Chat requests: read from callers, and written to servers that speak Chat."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from manymind.canon.faults import BadRequest
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import File, Image, Text, UnreadPart
from manymind.canon.requests import (
    Caps,
    Function,
    HostedTool,
    OutputFormat,
    Reasoning,
    Request,
    ToolChoice,
)
from manymind.canon.values import Aside
from manymind.dialects.mirror import Dialect
from manymind.dialects.openai_chat import DIALECT, OpenAIChat
from manymind.dialects.openai_chat.flavour import Flavour

GOLDEN = Path(__file__).parents[1] / "golden"
OPENROUTER: Dialect = OpenAIChat(Flavour(extended=True, thoughts="reasoning_details"))
DEEPSEEK: Dialect = OpenAIChat(Flavour(cap="max_tokens", thoughts="reasoning_content"))


def read(**fields: object) -> Request:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}
    return DIALECT.read_request(json.dumps(body).encode())


def refused(**fields: object) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        read(**fields)
    return caught.value


def write(request: Request, dialect: Dialect = DIALECT) -> tuple[dict[str, Any], tuple[str, ...]]:
    written = dialect.write_request(request)
    return json.loads(written.body), written.lost


def said(role: str, text: str, joined: bool | None = None) -> Said:
    return Said(role=role, parts=(Text(text=text),), joined=joined)


def asked(*items: Item, dialect: str = "openai_responses") -> Request:
    return Request(model="m", dialect=dialect, items=items)


def messages(*items: Item, dialect: str = "openai_responses") -> list[dict[str, Any]]:
    return write(asked(*items, dialect=dialect))[0]["messages"]


CALL = Called(call_id="a", name="f", arguments="{}")
OTHER = Called(call_id="b", name="g", arguments="{}")
BACK = Returned(call_id="a", parts=(Text(text="1"),))
BACK_TOO = Returned(call_id="b", parts=(Text(text="2"),))


def test_a_request_of_every_feature_is_written_as_it_came() -> None:
    body = json.loads((GOLDEN / "chat_request.json").read_bytes())
    written, lost = write(DIALECT.read_request((GOLDEN / "chat_request.json").read_bytes()))
    for absent in ("refusal", "annotations"):
        del body["messages"][2][absent]
    body["messages"][4]["content"] = "none"
    assert written == body
    assert lost == ()


def test_every_feature_has_its_place_in_canon() -> None:
    request = DIALECT.read_request((GOLDEN / "chat_request.json").read_bytes())
    kinds = [type(item) for item in request.items]
    assert kinds == [Said, Said, Thought, Said, Called, Unread, Returned, Returned]
    assert request.items[2] == Thought(
        encrypted="gAAAA",
        form="reasoning_details",
        id="rs_1",
        joined=False,
        aside=Aside("openai_chat", {"format": "openai-responses-v1", "index": 0}),
    )
    assert (request.max_output_tokens, request.stop, request.stream_usage) == (900, ("END",), True)
    assert request.reasoning is not None
    assert (request.reasoning.effort, request.reasoning.exclude) == ("high", True)
    assert request.require_parameters is True
    assert request.aside is not None
    assert request.aside.fields["provider"] == {"order": ["openai"]}


def test_the_newer_cap_on_output_wins() -> None:
    request = read(max_tokens=5, max_completion_tokens=7)
    assert request.max_output_tokens == 7
    assert write(request)[0].keys() == {"model", "messages", "max_completion_tokens"}


def test_a_cap_is_written_as_the_server_or_else_the_caller_spells_it() -> None:
    assert write(read(max_tokens=5))[0]["max_tokens"] == 5
    assert write(read(max_completion_tokens=5), DEEPSEEK)[0]["max_tokens"] == 5
    assert write(Request(model="m", max_output_tokens=5))[0]["max_completion_tokens"] == 5
    changed = replace(read(max_tokens=5), max_output_tokens=3)
    assert write(changed)[0]["max_tokens"] == 3


def test_our_own_caps_are_read_and_kept_from_servers_that_do_not_know_them() -> None:
    request = read(max_turns=4, max_tool_calls=9, max_cost_usd=0.5, agent_count=16)
    assert request.caps == Caps(cost=5 * 10**9, turns=4, tool_calls=9, agents=16)
    body, lost = write(request)
    assert body.keys() == {"model", "messages"}
    assert lost == ("agent_count",)


WRONG: list[tuple[dict[str, object], str, str | None]] = [
    ({"model": None}, "model is missing.", "model"),
    ({"model": 3}, "model must be a string, not a number.", "model"),
    ({"messages": []}, "messages must hold at least one message.", "messages"),
    ({"messages": "hi"}, "messages must be an array, not a string.", "messages"),
    ({"messages": [{"content": ""}]}, "messages[0].role is missing.", "messages[0].role"),
    (
        {"messages": [{"role": "user", "content": 5}]},
        "messages[0].content must be a string or an array of parts, not a number.",
        "messages[0].content",
    ),
    ({"messages": [{"role": "user"}]}, "messages[0].content is missing.", None),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        "messages[0].content[0].image_url.url is missing.",
        None,
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
        "messages[0].content[0].text is missing.",
        None,
    ),
    (
        {"messages": [{"role": "tool", "content": "x"}]},
        "messages[0].tool_call_id is missing.",
        None,
    ),
    (
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": {}}]}]},
        "messages[0].tool_calls[0].function.name is missing.",
        None,
    ),
    ({"tools": [{"function": 1}]}, "tools[0].function must be an object, not a number.", None),
    ({"tools": [{}]}, "tools[0].type is missing.", None),
    ({"tool_choice": "maybe"}, "tool_choice must be auto, none, required or an object.", None),
    ({"max_tokens": 0}, "max_tokens must be at least 1.", None),
    ({"max_tokens": 10**25}, "max_tokens is out of range.", None),
    ({"temperature": "hot"}, "temperature must be a number, not a string.", None),
    ({"stop": [1]}, "stop[0] must be a string, not a number.", None),
    ({"max_cost_usd": -1}, "max_cost_usd must be between 0 and 1,000,000.", None),
    ({"response_format": {}}, "response_format.type is missing.", None),
    ({"stream_options": []}, "stream_options must be an object, not an array.", None),
]


@pytest.mark.parametrize(("fields", "message", "field"), WRONG)
def test_what_is_wrong_is_named(fields: dict[str, object], message: str, field: str | None) -> None:
    fault = refused(**fields)
    assert fault.message == message
    assert fault.field == (field or message.split()[0])


@pytest.mark.parametrize(
    "fields",
    [
        {"functions": [{"name": "f"}]},
        {"function_call": "auto"},
        {"messages": [{"role": "function", "name": "f", "content": "1"}]},
        {"messages": [{"role": "assistant", "function_call": {"name": "f", "arguments": ""}}]},
    ],
)
def test_the_old_form_of_function_calls_is_refused_with_advice(fields: dict[str, object]) -> None:
    assert "tool_calls" in refused(**fields).advice


def test_what_an_sdk_dumps_as_null_is_no_error() -> None:
    dumped = {"role": "assistant", "content": None, "function_call": None, "audio": None}
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    request = read(messages=[{**dumped, "tool_calls": [call]}], stop=None, functions=None)
    assert [type(item) for item in request.items] == [Said, Called]


def test_one_turn_of_a_dialect_without_messages_becomes_one_message() -> None:
    thought = Thought(summary=(Text(text="hm"),))
    written = messages(
        said("user", "q"), thought, said("assistant", "I look."), CALL, OTHER, BACK, BACK_TOO
    )
    assert [m["role"] for m in written] == ["user", "assistant", "tool", "tool"]
    assert written[1]["content"] == "I look."
    assert [c["id"] for c in written[1]["tool_calls"]] == ["a", "b"]


def test_calls_after_results_begin_another_message() -> None:
    written = messages(said("user", "q"), CALL, BACK, OTHER, BACK_TOO, said("assistant", "done"))
    roles = [m["role"] for m in written]
    assert roles == ["user", "assistant", "tool", "assistant", "tool", "assistant"]


def test_two_answers_in_a_row_stay_two_messages() -> None:
    written = messages(said("assistant", "a"), said("assistant", "b"))
    assert [m["content"] for m in written] == ["a", "b"]


def test_words_between_calls_stand_before_them_so_that_results_follow_calls() -> None:
    written = messages(CALL, said("assistant", "and"), OTHER, BACK, BACK_TOO)
    assert [m["role"] for m in written] == ["assistant", "tool", "tool"]
    assert written[0]["content"] == "and"


def test_results_and_words_of_one_message_elsewhere_are_several_here() -> None:
    written = messages(
        replace(CALL, joined=False),
        replace(BACK, joined=False),
        said("user", "go on", joined=True),
        dialect="anthropic_messages",
    )
    assert [m["role"] for m in written] == ["assistant", "tool", "user"]


def test_words_of_one_message_stay_together() -> None:
    written = messages(
        said("user", "a", joined=False), said("user", "b", joined=True), said("user", "c", False)
    )
    assert [len(m["content"]) for m in written] == [2, 1]


def test_instructions_become_the_first_system_message() -> None:
    request = replace(asked(said("user", "q")), instructions=(Text(text="Be kind."),))
    assert write(request)[0]["messages"][0] == {"role": "system", "content": "Be kind."}


def test_an_image_that_a_tool_gave_back_follows_all_results() -> None:
    image = Image(media_type="image/png", data="AAAA")
    shown = Returned(call_id="a", parts=(image,))
    written = messages(CALL, OTHER, shown, BACK_TOO, said("user", "and?"))
    assert [m["role"] for m in written] == ["assistant", "tool", "tool", "user", "user"]
    assert written[1]["content"] == "The result follows in the next message."
    assert written[3]["content"][1]["image_url"]["url"] == "data:image/png;base64,AAAA"


def test_what_chat_cannot_say_is_reported_where_the_caller_wrote_it() -> None:
    request = Request(
        model="m",
        dialect="openai_responses",
        items=(
            Hosted(tool="web_search", id="ws_1"),
            said("user", "q"),
            Thought(encrypted="x"),
            Unread(dialect="openai_responses", data={"type": "compaction"}),
            Said(role="user", parts=(UnreadPart(dialect="openai_responses", data={}),)),
            Returned(call_id="a", failed=True, aside=Aside("openai_responses", {"caller": 1})),
        ),
        tools=(
            Function(name="f", aside=Aside("openai_responses", {"defer": True})),
            HostedTool(tool="web_search", dialect="openai_responses", data={}),
        ),
        tool_choice=ToolChoice(mode="auto", unread={"type": "x"}, dialect="openai_responses"),
        output=OutputFormat(form="grammar", aside=Aside("openai_responses", {"syntax": "lark"})),
        reasoning=Reasoning(effort="low", summary="auto", encrypted=True),
        top_k=3,
        truncation="auto",
        include=("reasoning.encrypted_content",),
        metadata={"a": "b"},
        cache={"type": "ephemeral"},
        aside=Aside("openai_responses", {"prompt": {"id": "p"}, "stream_options": {"x": 1}}),
    )
    assert write(request)[1] == (
        "input[0]",
        "input[3]",
        "input[4]",
        "input[5].is_error",
        "input[5].caller",
        "tools[0].defer",
        "tools[1]",
        "tool_choice",
        "top_k",
        "reasoning.summary",
        "text.format",
        "metadata",
        "cache",
        "truncation",
        "include",
        "prompt",
    )


def test_thoughts_of_turns_that_are_over_are_left_out_without_a_word() -> None:
    thought = Thought(content=(Text(text="hm"),), signature="s")
    request = asked(thought, said("assistant", "a"), said("user", "b"), thought, CALL, BACK)
    body, lost = write(request)
    assert "hm" not in json.dumps(body)
    assert lost == ("input[3]",)


def test_servers_that_want_thoughts_back_get_them_in_their_own_field() -> None:
    thought = Thought(content=(Text(text="hm"),), signature="s", joined=False)
    request = asked(said("user", "q", False), thought, replace(CALL, joined=True), BACK)
    request = replace(request, dialect="anthropic_messages")
    assert write(request, DEEPSEEK)[0]["messages"][1]["reasoning_content"] == "hm"
    (detail,) = write(request, OPENROUTER)[0]["messages"][1]["reasoning_details"]
    assert detail == {
        "type": "reasoning.text",
        "text": "hm",
        "signature": "s",
        "format": "anthropic-claude-v1",
    }


@pytest.mark.parametrize(
    ("reasoning", "effort", "lost"),
    [
        (Reasoning(effort="xhigh"), "xhigh", ()),
        (Reasoning(enabled=False), "none", ()),
        (Reasoning(budget_tokens=1024), "low", ("thinking.budget_tokens",)),
        (Reasoning(budget_tokens=8192), "medium", ("thinking.budget_tokens",)),
        (Reasoning(budget_tokens=32000), "high", ("thinking.budget_tokens",)),
    ],
)
def test_a_budget_for_thinking_becomes_an_effort(
    reasoning: Reasoning, effort: str, lost: tuple[str, ...]
) -> None:
    request = Request(model="m", dialect="anthropic_messages", reasoning=reasoning)
    body, reported = write(request)
    assert (body["reasoning_effort"], reported) == (effort, lost)
    if reasoning.budget_tokens:
        written = write(request, OPENROUTER)[0]["reasoning"]
        assert written == {"max_tokens": reasoning.budget_tokens}


def test_marks_of_a_prompt_cache_go_only_where_they_are_known() -> None:
    text = Text(text="long", cache={"type": "ephemeral"})
    request = asked(Said(role="user", parts=(text,), joined=False), dialect="anthropic_messages")
    body, lost = write(request)
    assert (body["messages"][0]["content"], lost) == (
        [{"type": "text", "text": "long"}],
        ("messages[0].cache_control",),
    )
    (part,) = write(request, OPENROUTER)[0]["messages"][0]["content"]
    assert part["cache_control"] == {"type": "ephemeral"}


def test_documents_of_other_dialects_are_carried_as_far_as_chat_can() -> None:
    by_url = File(url="https://a.example/a.pdf")
    by_data = File(media_type="application/pdf", data="JVBERi0=")
    by_text = File(name="notes", text="All is well.")
    request = asked(Said(role="user", parts=(by_url, by_data, by_text)))
    body, lost = write(request)
    assert lost == ("input[0].content[0]",)
    file, text = body["messages"][0]["content"]
    assert file["file"] == {
        "filename": "document",
        "file_data": "data:application/pdf;base64,JVBERi0=",
    }
    assert text["text"] == "notes\n\nAll is well."


def test_choices_about_tools_are_not_written_without_tools() -> None:
    request = Request(
        model="m",
        dialect="openai_responses",
        parallel_tool_calls=True,
        tool_choice=ToolChoice(mode="auto"),
        tools=(HostedTool(tool="web_search", dialect="openai_responses", data={}),),
    )
    assert write(request)[0].keys() == {"model", "messages"}
