"""Requests of the Responses dialect: what clients send, what is lost, what is refused."""

from typing import cast

import msgspec
import pytest

from manymind.canon.faults import BadRequest
from manymind.canon.items import Called, Hosted, Returned, Said, Thought, Unread
from manymind.canon.parts import Audio, Citation, File, Image, Refusal, Text, UnreadPart
from manymind.canon.requests import (
    Caps,
    Function,
    HostedTool,
    OutputFormat,
    Reasoning,
    Request,
    UnreadTool,
)
from manymind.canon.values import Json
from manymind.dialects.openai_responses import Flavour, Responses
from tests.golden.responses_samples import requests

NAME = "openai_responses"
DIALECT = Responses(Flavour(kindred=True))


def read(**fields: object) -> Request:
    body: Json = {"model": "m", "input": "hi", **fields}
    return DIALECT.read_request(msgspec.json.encode(body))


def item(fields: Json) -> object:
    return read(input=[fields]).items[0]


def part(fields: Json) -> object:
    said = item({"role": "user", "content": [fields]})
    assert isinstance(said, Said)
    return said.parts[0]


def wrote(request: Request) -> tuple[Json, tuple[str, ...]]:
    written = DIALECT.write_request(request)
    return msgspec.json.decode(written.body, type=dict[str, object]), written.lost


def user(text: str) -> Said:
    return Said(role="user", parts=(Text(text=text),))


@pytest.mark.parametrize("n", range(5))
def test_the_sampled_requests_are_read_and_written_as_they_came(n: int) -> None:
    sample = requests()[n]
    request = DIALECT.read_request(msgspec.json.encode(sample))
    again, lost = wrote(request)
    assert lost == ()
    assert again.keys() == sample.keys()
    assert DIALECT.read_request(msgspec.json.encode(again)) == request


def test_a_string_is_what_the_user_says() -> None:
    assert read(input="hi").items == (user("hi"),)


def test_messages_may_come_without_a_type_and_with_plain_text() -> None:
    messages = [{"role": role, "content": "hi"} for role in ("user", "developer", "assistant")]
    roles = [said.role for said in read(input=messages).items if isinstance(said, Said)]
    assert roles == ["user", "developer", "assistant"]


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"type": "input_text", "text": "a"}, Text(text="a")),
        (
            {"type": "input_image", "image_url": "https://e.org/a", "detail": "low"},
            Image(url="https://e.org/a", detail="low"),
        ),
        (
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
            Image(media_type="image/png", data="AAAA"),
        ),
        ({"type": "input_image", "file_id": "f"}, Image(file_id="f")),
        (
            {
                "type": "input_file",
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,AA",
            },
            File(name="a.pdf", media_type="application/pdf", data="AA"),
        ),
        ({"type": "input_file", "file_url": "https://e.org"}, File(url="https://e.org")),
        (
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
            Audio(data="AA", format="wav"),
        ),
        (
            {"type": "input_smell", "smell": 1},
            UnreadPart(dialect=NAME, data={"type": "input_smell", "smell": 1}),
        ),
    ],
)
def test_parts_of_every_kind_are_read(fields: Json, value: object) -> None:
    assert part(fields) == value


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        (
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "status": "completed",
                "content": [
                    {
                        "type": "output_text",
                        "text": "hi",
                        "annotations": [
                            {
                                "type": "url_citation",
                                "url": "u",
                                "title": "1",
                                "start_index": 0,
                                "end_index": 2,
                            }
                        ],
                    },
                    {"type": "refusal", "refusal": "no"},
                ],
            },
            Said(
                role="assistant",
                id="msg_1",
                status="completed",
                parts=(
                    Text(text="hi", citations=(Citation(url="u", title="1", start=0, end=2),)),
                    Refusal(text="no"),
                ),
            ),
        ),
        (
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}", "id": "fc"},
            Called(call_id="c", name="f", arguments="{}", id="fc"),
        ),
        (
            {"type": "function_call_output", "call_id": "c", "output": "5"},
            Returned(call_id="c", parts=(Text(text="5"),)),
        ),
        (
            {
                "type": "function_call_output",
                "call_id": "c",
                "output": [{"type": "input_image", "image_url": "u"}],
            },
            Returned(call_id="c", parts=(Image(url="u"),)),
        ),
        (
            {
                "type": "reasoning",
                "id": "rs",
                "summary": [{"type": "summary_text", "text": "a"}],
                "content": [{"type": "reasoning_text", "text": "b"}],
                "encrypted_content": "zz",
            },
            Thought(id="rs", summary=(Text(text="a"),), content=(Text(text="b"),), encrypted="zz"),
        ),
        (
            {"type": "item_reference", "id": "msg_1"},
            Unread(dialect=NAME, data={"type": "item_reference", "id": "msg_1"}),
        ),
        ({"id": "msg_1"}, Unread(dialect=NAME, data={"id": "msg_1"})),
        (
            {"type": "web_search_call", "id": "ws", "action": {"type": "search", "query": "q"}},
            Hosted(tool="web_search", id="ws", action={"type": "search", "query": "q"}),
        ),
        (
            {"type": "file_search_call", "id": "fs", "queries": ["q"], "results": [{"a": 1}]},
            Hosted(
                tool="file_search",
                id="fs",
                action={"queries": ["q"]},
                output={"results": [{"a": 1}]},
            ),
        ),
        (
            {"type": "custom_tool_call", "call_id": "c", "name": "n", "input": "i"},
            Unread(
                dialect=NAME,
                data={"type": "custom_tool_call", "call_id": "c", "name": "n", "input": "i"},
            ),
        ),
    ],
)
def test_items_of_every_kind_are_read(fields: Json, value: object) -> None:
    assert item(fields) == value


def test_settings_are_read_where_the_canon_has_a_word_for_them() -> None:
    request = read(
        instructions="Be kind.",
        text={
            "format": {"type": "json_schema", "name": "n", "schema": {"a": 1}, "strict": True},
            "verbosity": "low",
        },
        reasoning={"effort": "xhigh", "summary": "auto"},
        include=["reasoning.encrypted_content", "message.output_text.logprobs", "other"],
        max_turns=4,
        max_tool_calls=5,
        agent_count=16,
        max_cost_usd=0.1,
        provider={"require_parameters": True},
    )
    assert request.instructions == (Text(text="Be kind."),)
    assert request.output == OutputFormat(
        form="json_schema", name="n", schema={"a": 1}, strict=True
    )
    assert request.verbosity == "low"
    assert request.reasoning == Reasoning(effort="xhigh", summary="auto", encrypted=True)
    assert request.logprobs is True
    assert request.include == ("other",)
    assert request.caps == Caps(cost=10**9, turns=4, tool_calls=5, agents=16)
    assert request.require_parameters is True
    assert request.aside is None


def test_unknown_tools_are_carried_and_never_an_error() -> None:
    tools: list[Json] = [
        {"type": "function", "name": "f", "parameters": {}, "strict": None},
        {"type": "web_search_preview_2025_03_11", "user_location": {}},
        {"type": "namespace", "name": "multi_agent_v1", "tools": []},
        {"type": "from_the_future"},
    ]
    request = read(tools=tools)
    assert request.tools == (
        Function(name="f", parameters={}),
        HostedTool(tool="web_search", dialect=NAME, data=tools[1]),
        UnreadTool(dialect=NAME, data=tools[2]),
        UnreadTool(dialect=NAME, data=tools[3]),
    )
    assert cast("list[Json]", wrote(request)[0]["tools"])[1:] == tools[1:]


@pytest.mark.parametrize(
    "choice",
    [
        "auto",
        "none",
        "required",
        {"type": "function", "name": "f"},
        {"type": "function", "name": "f", "vendor": 1},
        {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        {"type": "web_search_preview"},
        {"type": "mcp", "server_label": "s"},
    ],
)
def test_every_form_of_tool_choice_survives(choice: object) -> None:
    assert wrote(read(tool_choice=choice))[0]["tool_choice"] == choice


def test_unknown_fields_survive_at_every_level() -> None:
    body: Json = {
        "model": "m",
        "vendor": 1,
        "stream_options": {"include_obfuscation": False},
        "models": ["a", "b"],
        "provider": {"require_parameters": True, "order": ["x"]},
        "text": {"format": {"type": "text", "vendor": 2}, "vendor": 3},
        "reasoning": {"effort": "low", "vendor": 4},
        "tools": [{"type": "function", "name": "f", "vendor": 5}],
        "input": [
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "a", "vendor": 6}],
                "vendor": 7,
            },
            {
                "type": "function_call",
                "call_id": "c",
                "name": "f",
                "arguments": "{}",
                "vendor": 8,
            },
            {
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "a", "vendor": 9}],
                "vendor": 10,
            },
            {"type": "web_search_call", "action": {"type": "search", "vendor": 11}, "vendor": 12},
        ],
    }
    again, lost = wrote(DIALECT.read_request(msgspec.json.encode(body)))
    assert lost == ()
    assert again == body


WRONG: list[tuple[Json, str]] = [
    ({"model": None}, "model"),
    ({"model": 5}, "model"),
    ({"input": None}, "input"),
    ({"input": 5}, "input"),
    ({"input": [5]}, "input[0]"),
    ({"input": [{}]}, "input[0].type"),
    ({"input": [{"type": 5}]}, "input[0].type"),
    ({"input": [{"role": "user"}]}, "input[0].content"),
    ({"input": [{"role": "king", "content": ""}]}, "input[0].role"),
    ({"input": [{"role": "user", "content": 5}]}, "input[0].content"),
    ({"input": [{"role": "user", "content": [{}]}]}, "input[0].content[0].type"),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": 5}]}]},
        "input[0].content[0].image_url",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
        "input[0].content[0].image_url",
    ),
    ({"input": [{"type": "function_call", "name": "f"}]}, "input[0].call_id"),
    ({"input": [{"type": "function_call_output", "call_id": "c"}]}, "input[0].output"),
    ({"tools": {}}, "tools"),
    ({"tools": [{}]}, "tools[0].type"),
    ({"tools": [{"type": "function"}]}, "tools[0].name"),
    ({"tools": [{"type": "function", "name": "f", "parameters": []}]}, "tools[0].parameters"),
    ({"tool_choice": "any"}, "tool_choice"),
    ({"tool_choice": 5}, "tool_choice"),
    ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
    ({"text": {"format": {"type": "json_schema"}}}, "text.format.name"),
    ({"text": {"format": {"type": 5}}}, "text.format.type"),
    ({"reasoning": {"effort": 5}}, "reasoning.effort"),
    ({"max_output_tokens": 0}, "max_output_tokens"),
    ({"max_output_tokens": 1.5}, "max_output_tokens"),
    ({"max_output_tokens": True}, "max_output_tokens"),
    ({"max_cost_usd": -1}, "max_cost_usd"),
    ({"max_cost_usd": 1e300}, "max_cost_usd"),
    ({"stream": "yes"}, "stream"),
    ({"include": [5]}, "include[0]"),
    ({"stop": [5]}, "stop[0]"),
    ({"provider": {"require_parameters": 1}}, "provider.require_parameters"),
]


@pytest.mark.parametrize(("fields", "field"), WRONG)
def test_what_is_wrong_is_refused_by_name(fields: Json, field: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(**fields)
    assert caught.value.field == field


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":' * 5000, b'{"model":"\xff"}', b"5"])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        DIALECT.read_request(body)


def test_no_input_is_needed_where_something_stands_for_it() -> None:
    assert read(input=None, previous_response_id="resp_1").items == ()
    assert read(input=None, prompt={"id": "p"}).items == ()


def test_only_one_of_us_is_sent_the_caps_that_only_we_know() -> None:
    asked = read(input="hi", max_turns=3, agent_count=4, max_cost_usd=0.5, include=["agents"])
    plain = Responses().write_request(asked)
    xai = Responses(Flavour(turns=True)).write_request(asked)
    ours = DIALECT.write_request(asked)
    caps = {"max_turns", "agent_count", "max_cost_usd", "include"}
    assert caps & set(msgspec.json.decode(plain.body)) == set()
    assert caps & set(msgspec.json.decode(xai.body)) == {"max_turns"}
    assert caps & set(msgspec.json.decode(ours.body)) == caps
    assert (plain.lost, xai.lost, ours.lost) == (("agent_count",), ("agent_count",), ())
