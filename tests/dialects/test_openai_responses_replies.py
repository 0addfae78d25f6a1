"""Whole replies of the Responses dialect: read, passed on, and written from any answer."""

from typing import cast

import msgspec
import pytest
from msgspec.structs import replace
from openai.types.responses import Response

from manymind.canon.answers import Answer, Output, fold
from manymind.canon.events import Ended, Stopped
from manymind.canon.faults import (
    BadRequest,
    ContextTooLong,
    Overloaded,
    RateLimited,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.canon.items import Called, Hosted, Item, Said, Thought, Unread
from manymind.canon.parts import Citation, Refusal, Text
from manymind.canon.requests import Caps, Function, HostedTool, Reasoning, Request, ToolChoice
from manymind.canon.usage import Usage
from manymind.canon.values import Aside, Json
from manymind.dialects.mirror import View
from manymind.dialects.openai_chat.thoughts import read_detail
from manymind.dialects.openai_responses import DIALECT
from manymind.dialects.reading import Object
from tests.golden.responses_samples import COSTS, replies, requests

A_REQUEST = Request(model="m", dialect="openai_responses")
CLOUDFLARE = View(house="cloudflare", created=1_800_000_000, now=lambda: 1_800_000_042.9)
OPENAI = View(created=1_800_000_000, now=lambda: 1_800_000_042.9)
REQUIRED = """
id object created_at completed_at status incomplete_details model previous_response_id
instructions output error tools tool_choice truncation parallel_tool_calls text top_p
presence_penalty frequency_penalty top_logprobs temperature reasoning usage max_output_tokens
max_tool_calls store background service_tier metadata safety_identifier prompt_cache_key
"""


def answered(*items: Item, **fields: object) -> Answer:
    answer = Answer(
        id="resp_1",
        model="lab/small",
        created=7,
        outputs=tuple(Output(item=item) for item in items),
        status="completed",
    )
    return replace(answer, **fields)


def said(text: str, *citations: Citation) -> Said:
    return Said(role="assistant", parts=(Text(text=text, citations=citations),))


def body_of(answer: Answer, request: Request = A_REQUEST, view: View = OPENAI) -> Json:
    return msgspec.json.decode(DIALECT.write_reply(answer, request, view), type=dict[str, object])


def shape(value: object) -> object:
    """Keys and types at every level."""
    match value:
        case dict():
            fields = cast("Json", value)
            return {name: shape(inner) for name, inner in sorted(fields.items())}
        case list():
            return [shape(inner) for inner in cast("list[object]", value)]
        case _:
            return type(value).__name__


def read(reply: Json) -> Answer:
    return fold([DIALECT.read_reply(msgspec.json.encode(reply))])


@pytest.mark.parametrize("n", range(5))
@pytest.mark.parametrize("view", [CLOUDFLARE, OPENAI], ids=["cloudflare", "openai"])
def test_a_multi_agent_reply_comes_back_with_the_same_keys_types_and_cost(
    n: int, view: View
) -> None:
    reply = replies()[n]
    answer = read(reply)
    assert answer.usage is not None
    assert answer.usage.reported_cost == COSTS[n]
    request = DIALECT.read_request(msgspec.json.encode(requests()[n]))
    priced = replace(answer, usage=replace(answer.usage, cost=COSTS[n] + 1))
    again = body_of(replace(priced, model="xai/grok-4.20-multi-agent-0309"), request, view)
    assert shape(again) == shape(reply)
    assert cast("Json", again["usage"])["cost_in_usd_ticks"] == COSTS[n] + 1
    assert again["created_at"] == 1_800_000_000


@pytest.mark.parametrize("n", range(5))
def test_a_reply_of_our_own_on_cloudflares_path_has_the_keys_of_the_original(n: int) -> None:
    reply = replies()[n]
    request = DIALECT.read_request(msgspec.json.encode(requests()[n]))
    answer = replace(read(reply), wire=None, model="xai/grok-4.20-multi-agent-0309")
    again = body_of(answer, request, CLOUDFLARE)
    assert again.keys() == reply.keys()
    assert len(again) == 33
    for name in ("usage", "tools", "model", "metadata", "gatewayMetadata", "text", "user"):
        assert again[name] == reply[name]
    items = cast("list[Json]", again["output"])
    assert [shape(item) for item in items] == [
        shape(item) for item in cast("list[Json]", reply["output"])
    ]
    assert len({str(item["id"]) for item in items}) == len(items)
    assert again["completed_at"] == 1_800_000_042


def test_repeated_ids_of_an_upstream_do_not_merge_its_items() -> None:
    answer = read(replies()[3])
    kinds = [type(item).__name__ for item in answer.items]
    assert kinds == [
        "Hosted",
        "Hosted",
        "Thought",
        "Thought",
        "Thought",
        "Hosted",
        "Thought",
        "Said",
    ]


def test_citations_span_their_marks_in_code_points() -> None:
    answer = read(replies()[3])
    last = answer.items[-1]
    assert isinstance(last, Said)
    text = last.parts[0]
    assert isinstance(text, Text)
    marks = [text.text[note.start : note.end] for note in text.citations]
    assert [mark.partition("]]")[0] for mark in marks] == ["[[1", "[[2", "[[1"]
    assert all(mark.endswith(")") for mark in marks)


def test_every_field_that_readers_rely_on_is_there_and_the_official_types_agree() -> None:
    note = Citation(url="https://e.org", title="1", start=0, end=2, quote="hi", verified=True)
    answer = answered(
        Thought(summary=(Text(text="hm"),), content=(Text(text="so"),), encrypted="zz"),
        Hosted(tool="web_search", action={"query": "q"}),
        Hosted(tool="open_page", action={"url": "https://e.org"}),
        Hosted(tool="file_search", action={"query": "q"}),
        Hosted(tool="code_interpreter", action={"code": "1"}),
        Hosted(tool="read_corpus", action={"document": "d"}, output={"found": 3}),
        Called(call_id="c1", name="f", arguments="{}"),
        said("hi", note),
        Said(role="assistant", parts=(Refusal(text="no"),)),
        Unread(dialect="elsewhere", data={"type": "odd"}),
        usage=Usage(input_tokens=5, output_tokens=2, cost=9),
    )
    tools = (Function(name="f"), HostedTool(tool="x", dialect="elsewhere", data={"type": "odd"}))
    request = Request(
        model="m",
        dialect="openai_responses",
        tools=tools,
        tool_choice=ToolChoice(mode="named", name="f"),
        reasoning=Reasoning(effort="high", summary="auto"),
        caps=Caps(tool_calls=3),
    )
    body = body_of(answer, request)
    assert set(REQUIRED.split()) <= body.keys()
    for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty", "top_logprobs"):
        assert isinstance(body[name], int | float)
    assert body["tools"] == [
        {"type": "function", "name": "f", "description": None, "parameters": None, "strict": None}
    ]
    assert cast("Json", body["usage"])["input_tokens_details"] == {
        "cached_tokens": 0,
        "cache_write_tokens": 0,
    }
    official = Response.model_validate(body, strict=True)
    assert official.output_text == "hi"
    ids = [str(item["id"]) for item in cast("list[Json]", body["output"])]
    assert ids[:2] == ["rs_1_0", "ws_1_0"]
    assert len(set(ids)) == len(ids) == 9
    cited = cast("list[Json]", cast("list[Json]", body["output"])[7]["content"])[0]["annotations"]
    assert cast("list[Json]", cited)[0]["quote"] == "hi"


def test_tool_calls_are_broken_down_only_where_a_tool_ran() -> None:
    idle = cast("Json", body_of(answered(usage=Usage()))["usage"])
    busy = cast("Json", body_of(answered(usage=Usage(tools={"web_search": 2})))["usage"])
    assert "server_side_tool_usage_details" not in idle
    assert busy["num_server_side_tools_used"] == 2
    assert cast("Json", busy["server_side_tool_usage_details"])["x_search_calls"] == 0


@pytest.mark.parametrize(
    ("citation", "form"),
    [
        (Citation(form="char_location", document_id="d", title="t", quote="hi"), "file_citation"),
        (Citation(form="search_result_location", url="u", title="t"), "url_citation"),
    ],
)
def test_citations_of_other_dialects_take_a_form_that_readers_know(
    citation: Citation, form: str
) -> None:
    body = body_of(answered(said("hi", citation)))
    part = cast("list[Json]", cast("list[Json]", body["output"])[0]["content"])[0]
    assert cast("list[Json]", part["annotations"])[0]["type"] == form
    Response.model_validate(body, strict=True)


def test_an_unknown_cost_is_left_out_rather_than_called_nothing() -> None:
    assert "cost_in_usd_ticks" not in cast("Json", body_of(answered(usage=Usage()))["usage"])


@pytest.mark.parametrize(
    ("fields", "status", "details"),
    [
        ({"stops": (Stopped(reason="length"),)}, "incomplete", {"reason": "max_output_tokens"}),
        ({"stops": (Stopped(reason="tool_calls"),)}, "completed", None),
        ({"status": "incomplete", "reason": "max_cost"}, "incomplete", {"reason": "max_cost"}),
        (
            {"status": "incomplete", "reason": "length"},
            "incomplete",
            {"reason": "max_output_tokens"},
        ),
        ({"status": "cancelled"}, "cancelled", None),
        ({"status": "in_progress"}, "in_progress", None),
    ],
)
def test_how_an_answer_ended_is_told(
    fields: dict[str, object], status: str, details: object
) -> None:
    body = body_of(answered(said("hi"), **fields))
    assert (body["status"], body["incomplete_details"]) == (status, details)
    assert (body["completed_at"] is not None) == (status == "completed")


def test_only_the_first_choice_is_shown() -> None:
    answer = answered(said("one"))
    both = replace(answer, outputs=(*answer.outputs, Output(item=said("two"), choice=1)))
    assert len(cast("list[object]", body_of(both)["output"])) == 1


def test_unknown_fields_survive_where_the_reply_is_written_anew() -> None:
    reply = {**replies()[0], "vendor_note": {"a": 1}}
    anew = body_of(replace(read(reply), wire=None))
    assert anew["vendor_note"] == {"a": 1}


def test_fields_of_another_dialect_do_not_leak_into_a_reply() -> None:
    answer = answered(said("hi"), aside=Aside("openai_chat", {"system_fingerprint": "fp"}))
    assert "system_fingerprint" not in body_of(answer)


def test_billable_searches_are_counted_where_the_upstream_does_not() -> None:
    call: Json = {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "q"},
    }
    page: Json = {**call, "action": {"type": "open_page", "url": "u"}}
    usage: Json = {"input_tokens": 1, "output_tokens": 1}
    reply: Json = {"id": "r", "model": "m", "output": [call, call, page], "usage": usage}
    counted = {**reply, "tool_usage": {"web_search": {"num_requests": 1}}}
    first, second = read(reply).usage, read(counted).usage
    assert first is not None
    assert second is not None
    assert (first.tools, second.tools) == ({"web_search": 2}, {"web_search": 1})


def test_a_reply_that_is_not_finished_has_no_end() -> None:
    chunk = DIALECT.read_reply(
        msgspec.json.encode({**replies()[0], "status": "queued", "output": []})
    )
    assert not any(isinstance(event, Ended) for event in chunk.events)


def test_a_failed_reply_is_raised_as_what_it_reports() -> None:
    reply: Json = {"id": "r", "model": "m", "status": "failed", "output": []}
    errors = {"rate_limit_exceeded": RateLimited, "server_error": UpstreamBroken}
    for code, kind in errors.items():
        with pytest.raises(kind) as caught:
            read({**reply, "error": {"code": code, "message": "So it is."}})
        assert "So it is." in caught.value.message


@pytest.mark.parametrize(
    "reply",
    [
        {"id": "r"},
        {"id": "r", "output": {}},
        {"id": "r", "output": [5]},
        {"id": "r", "output": [{"type": "message", "role": "assistant", "content": [{"type": 1}]}]},
        {"id": 5, "output": []},
    ],
)
def test_a_malformed_reply_is_the_upstreams_fault(reply: Json) -> None:
    with pytest.raises(UpstreamBroken):
        read(reply)


def test_errors_of_an_upstream_become_faults_and_faults_become_errors() -> None:
    body = b'{"error":{"message":"Too long.","type":"invalid_request_error","param":"input",'
    body += b'"code":"context_length_exceeded"}}'
    fault = DIALECT.read_fault(400, body, None)
    assert isinstance(fault, ContextTooLong)
    assert fault.field == "input"
    error = msgspec.json.decode(DIALECT.write_fault(fault, "req_1"))["error"]
    assert error["message"].startswith(fault.message)
    assert (error["param"], error["code"]) == ("input", "context_length_exceeded")
    assert isinstance(DIALECT.read_fault(429, b"<html>", 3.0), RateLimited)
    assert DIALECT.read_fault(429, b"<html>", 3.0).retry_after == 3.0
    assert isinstance(DIALECT.read_fault(503, b"", None), Overloaded)
    assert type(DIALECT.read_fault(422, b'{"detail":"Odd."}', None)) is BadRequest


def test_a_refused_key_is_never_quoted() -> None:
    body = b'{"error":{"message":"Incorrect API key: sk-secret","code":"invalid_api_key"}}'
    fault = DIALECT.read_fault(401, body, None)
    assert isinstance(fault, UpstreamRefused)
    assert "sk-secret" not in fault.full


@pytest.mark.parametrize(
    ("form", "where"),
    [("anthropic-claude-v1", "summary"), ("unknown", "content"), (None, "content")],
)
def test_what_openrouter_tells_of_claudes_thoughts_is_a_summary(
    form: str | None, where: str
) -> None:
    detail: Json = {"type": "reasoning.text", "text": "Hm.", "signature": "s", "format": form}
    thought = read_detail(Object(detail, ""))
    (item,) = cast("list[Json]", body_of(answered(thought))["output"])
    kind = "summary_text" if where == "summary" else "reasoning_text"
    told = {"summary": [], "content": [], where: [{"type": kind, "text": "Hm."}]}
    assert {"content": [], **item}.items() >= told.items()
