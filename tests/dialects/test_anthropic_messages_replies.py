"""Whole replies and errors of the Messages dialect, held against the official SDK's own types."""

from pathlib import Path
from typing import cast

import msgspec
import pytest
from anthropic.types import Message
from anthropic.types.shared import ErrorResponse
from hypothesis import given, settings
from msgspec.structs import replace

from manymind.canon import faults
from manymind.canon.answers import Answer, Output, fold
from manymind.canon.events import Chunk, Stopped
from manymind.canon.faults import Fault, UpstreamBroken
from manymind.canon.items import Called, Hosted, Item, Said, Thought, Unread
from manymind.canon.parts import Citation, Refusal, Text
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages import DIALECT
from manymind.dialects.mirror import View
from tests.dialects import strategies

REPLY = (Path(__file__).parent.parent / "golden" / "messages_reply.json").read_bytes()
A_REQUEST = Request(model="m", dialect="anthropic_messages")


def read(body: bytes = REPLY) -> Answer:
    return fold([DIALECT.read_reply(body)])


def changed(**fields: object) -> bytes:
    return msgspec.json.encode({**msgspec.json.decode(REPLY), **fields})


def written(answer: Answer) -> Json:
    return cast("Json", msgspec.json.decode(DIALECT.write_reply(answer, A_REQUEST, View())))


def shown(*items: Item) -> list[Json]:
    outputs = tuple(Output(item=item) for item in items)
    answer = Answer(id="msg_1", model="m", outputs=outputs, status="completed")
    body = written(answer)
    Message.model_validate(body)
    return cast("list[Json]", body["content"])


def test_a_reply_is_understood() -> None:
    answer = read()
    assert answer.text == "As they say, the sky is blue ☁"
    thought, searched, said, called = answer.items
    assert isinstance(thought, Thought)
    assert thought.signature == "c2lnbmVk"
    assert isinstance(searched, Hosted)
    assert searched.action == {"query": "blue sky"}
    assert isinstance(called, Called)
    assert called.arguments == '{"path":"a.py","lines":[1,2]}'
    assert isinstance(said, Said)
    cited = said.parts[1]
    assert isinstance(cited, Text)
    web, document = cited.citations
    assert (web.form, web.url, web.quote) == (
        "url_citation",
        "https://sky.example",
        "The sky is blue",
    )
    assert (web.start, web.end) == (0, 17)
    assert (document.form, document.title, document.source_start) == ("char_location", "Notes", 11)
    assert answer.stops[0].reason == "tool_calls"
    assert answer.status == "completed"


def test_a_reply_goes_out_as_it_came_but_for_model_and_cost() -> None:
    answer = read()
    assert answer.usage is not None
    priced = replace(answer, model="anthropic/sonnet", usage=replace(answer.usage, cost=77))
    body, came = written(priced), cast("Json", msgspec.json.decode(REPLY))
    usage = cast("Json", came["usage"])
    assert body == {
        **came,
        "model": "anthropic/sonnet",
        "usage": {**usage, "cost_in_usd_ticks": 77},
    }


def test_a_reply_that_was_changed_on_its_way_keeps_what_nobody_understood() -> None:
    whole = written(replace(read(), wire=None))
    came = cast("Json", msgspec.json.decode(REPLY))
    assert whole["container"] == came["container"]
    assert whole["content"] == came["content"]
    again = fold([DIALECT.read_reply(msgspec.json.encode(whole))])
    assert replace(again, wire=None) == replace(read(), wire=None)
    Message.model_validate(whole)


def test_input_counts_the_cache_here_and_excludes_it_there() -> None:
    usage = read().usage
    assert usage is not None
    assert usage.input_tokens == 12 + 300 + 4000
    assert (usage.cached_tokens, usage.cache_written_tokens) == (4000, 300)
    assert usage.cache_written_long_tokens == 100
    assert (usage.output_tokens, usage.reasoning_tokens) == (85, 40)
    assert usage.tools == {"web_search": 1}
    back = cast("Json", written(replace(read(), wire=None))["usage"])
    assert back == cast("Json", msgspec.json.decode(REPLY))["usage"]


def test_a_cost_is_told_only_where_it_is_known() -> None:
    answer = Answer(id="msg_1", model="m", status="completed")
    for usage, cost in ((Usage(cost=5, reported_cost=4), 5), (Usage(reported_cost=4), 4)):
        told = cast("Json", written(replace(answer, usage=usage))["usage"])
        assert told["cost_in_usd_ticks"] == cost
    silent = cast("Json", written(replace(answer, usage=Usage(input_tokens=1)))["usage"])
    assert "cost_in_usd_ticks" not in silent
    assert "usage" in written(answer)


@pytest.mark.parametrize(
    ("native", "reason", "status"),
    [
        ("end_turn", "stop", "completed"),
        ("max_tokens", "length", "incomplete"),
        ("model_context_window_exceeded", "length", "incomplete"),
        ("tool_use", "tool_calls", "completed"),
        ("refusal", "refusal", "completed"),
        ("pause_turn", "pause", "completed"),
        ("something_new", "other", "completed"),
    ],
)
def test_why_a_message_stopped_is_understood(native: str, reason: str, status: str) -> None:
    answer = read(changed(stop_reason=native))
    assert (answer.stops[0].reason, answer.status) == (reason, status)
    if reason != "other":
        assert written(replace(answer, wire=None))["stop_reason"] == native


@pytest.mark.parametrize(
    ("stopped", "status", "expected"),
    [
        (Stopped(reason="content_filter", native="content_filter"), "completed", "refusal"),
        (Stopped(reason="length", native="length"), "incomplete", "max_tokens"),
        (Stopped(reason="other", native="weird"), "completed", "end_turn"),
        (Stopped(reason="stop", sequence="END"), "completed", "stop_sequence"),
        (None, "incomplete", "max_tokens"),
        (None, "completed", "end_turn"),
    ],
)
def test_reasons_of_others_are_put_in_our_words(
    stopped: Stopped | None, status: str, expected: str
) -> None:
    stops = () if stopped is None else (stopped,)
    body = written(Answer(id="msg_1", model="m", stops=stops, status=status))
    assert body["stop_reason"] == expected
    Message.model_validate(body)


def test_who_stopped_with_a_call_in_the_air_waits_for_its_result() -> None:
    output = Output(item=Called(call_id="c", name="f"))
    stops = (Stopped(reason="stop", native="stop"),)
    body = written(
        Answer(id="msg_1", model="m", outputs=(output,), stops=stops, status="completed")
    )
    assert body["stop_reason"] == "tool_use"


def test_a_stop_sequence_is_named() -> None:
    answer = read(changed(stop_reason="stop_sequence", stop_sequence="END"))
    assert (answer.stops[0].reason, answer.stops[0].sequence) == ("stop", "END")


def test_text_without_citations_has_no_field_for_them() -> None:
    assert shown(Said(role="assistant", parts=(Text(text="Hi"),))) == [
        {"type": "text", "text": "Hi"}
    ]


def test_a_checked_quote_becomes_a_citation_that_the_sdk_reads() -> None:
    link = Citation(
        url="https://a.example",
        title="1",
        start=3,
        end=9,
        quote="said so",
        document_id="doc_1",
        source_start=4,
        source_end=11,
        verified=True,
    )
    page = replace(link, url=None, title="Notes")
    unseen = Citation(form="file_citation")
    text = Text(text="Hi [[1]](u) there", citations=(link, page, unseen))
    block = shown(Said(role="assistant", parts=(text,)))[0]
    assert block["citations"] == [
        {
            "type": "web_search_result_location",
            "url": "https://a.example",
            "title": "1",
            "cited_text": "said so",
            "encrypted_index": "",
            "start_index": 3,
            "end_index": 9,
            "document_id": "doc_1",
            "source_start": 4,
            "source_end": 11,
            "verified": True,
        },
        {
            "type": "char_location",
            "cited_text": "said so",
            "document_index": 0,
            "document_title": "Notes",
            "start_char_index": 4,
            "end_char_index": 11,
            "start_index": 3,
            "end_index": 9,
            "document_id": "doc_1",
            "verified": True,
        },
    ]


def test_reasoning_of_others_is_shown_and_what_they_sealed_rides_along() -> None:
    summary = (Text(text="First."), Text(text="Then."))
    sealed = Thought(summary=summary, encrypted="gAAA", id="rs_1")
    opened = Thought(content=(Text(text="Hm."),))
    assert shown(sealed, opened, Thought()) == [
        {
            "type": "thinking",
            "thinking": "First.\n\nThen.",
            "signature": "manymind:summary:rs_1:gAAA",
        },
        {"type": "thinking", "thinking": "Hm.", "signature": ""},
    ]


def test_a_search_of_others_is_shown_with_what_it_found() -> None:
    sources: list[Json] = [{"type": "url", "url": "https://a.example"}, {"type": "url"}]
    action: Json = {"type": "search", "query": "q", "sources": sources}
    use, result = shown(Hosted(tool="web_search", id="ws_1", action=action))
    assert (use["name"], use["input"]) == ("web_search", {"query": "q"})
    assert [found["url"] for found in cast("list[Json]", result["content"])] == [
        "https://a.example"
    ]


def test_what_clients_cannot_know_is_left_out() -> None:
    assert shown(Hosted(tool="x_search", id="xs_1"), Unread(dialect="openai_chat", data={})) == []


def test_a_refusal_is_said_in_words() -> None:
    refused = Said(role="assistant", parts=(Refusal(text="No."),))
    assert shown(refused) == [{"type": "text", "text": "No."}]


def test_only_the_first_of_several_choices_is_told() -> None:
    said = Said(role="assistant", parts=(Text(text="Hi"),))
    answer = Answer(
        id="msg_1",
        model="m",
        outputs=(Output(item=said), Output(item=said, choice=1)),
        stops=(Stopped(reason="stop"), Stopped(reason="length", choice=1)),
        status="completed",
    )
    body = written(answer)
    assert len(cast("list[Json]", body["content"])) == 1
    assert body["stop_reason"] == "end_turn"


@given(strategies.answers())
@settings(max_examples=60, deadline=None)
def test_every_reply_is_one_that_the_official_sdk_takes(answer: Answer) -> None:
    Message.model_validate(written(answer))


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"type":"message"}', b"<html>", changed(content=[1]), changed(type="x")],
)
def test_a_reply_that_makes_no_sense_is_the_upstreams_fault(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        DIALECT.read_reply(body)


def test_an_error_with_a_friendly_status_is_still_an_error() -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    with pytest.raises(faults.Overloaded):
        DIALECT.read_reply(body)


def complaint(kind: str, message: str) -> bytes:
    error = {"type": kind, "message": message}
    return msgspec.json.encode({"type": "error", "error": error, "request_id": "req_1"})


@pytest.mark.parametrize(
    ("status", "kind", "message", "expected"),
    [
        (400, "invalid_request_error", "messages.0: bad", faults.BadRequest),
        (400, "invalid_request_error", "prompt is too long: 9 > 8", faults.ContextTooLong),
        (400, "invalid_request_error", "Your credit balance is too low", faults.UpstreamRefused),
        (401, "authentication_error", "invalid x-api-key", faults.UpstreamRefused),
        (402, "billing_error", "pay", faults.UpstreamRefused),
        (403, "permission_error", "no", faults.UpstreamRefused),
        (404, "not_found_error", "model: claude-0", faults.NoSuchModel),
        (404, "not_found_error", "no such thing", faults.NotFound),
        (413, "request_too_large", "too large", faults.TooLarge),
        (429, "rate_limit_error", "slow down", faults.RateLimited),
        (500, "api_error", "oops", UpstreamBroken),
        (504, "timeout_error", "late", faults.TimedOut),
        (529, "overloaded_error", "Overloaded", faults.Overloaded),
    ],
)
def test_errors_are_understood(status: int, kind: str, message: str, expected: type[Fault]) -> None:
    fault = DIALECT.read_fault(status, complaint(kind, message), 3.0)
    assert type(fault) is expected
    assert fault.retry_after == 3.0


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"error":3}', b'{"error":"x"}'])
def test_errors_in_no_form_are_understood_by_their_status(body: bytes) -> None:
    assert type(DIALECT.read_fault(503, body, None)) is faults.Overloaded
    assert type(DIALECT.read_fault(500, body, None)) is UpstreamBroken
    assert type(DIALECT.read_fault(422, body, None)) is faults.BadRequest


def test_what_an_upstream_says_of_our_key_stays_behind() -> None:
    body = complaint("authentication_error", "the key sk-ant-123 is invalid")
    assert "sk-ant" not in DIALECT.read_fault(401, body, None).full


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faults.BadRequest("x"), "invalid_request_error"),
        (faults.Unauthorized("x"), "authentication_error"),
        (faults.OverBudget("x"), "billing_error"),
        (faults.Forbidden("x"), "permission_error"),
        (faults.NotFound("x"), "not_found_error"),
        (faults.RateLimited("x"), "rate_limit_error"),
        (UpstreamBroken("x"), "api_error"),
        (faults.UpstreamRefused("x"), "api_error"),
        (faults.Overloaded("x"), "overloaded_error"),
        (faults.TimedOut("x"), "timeout_error"),
    ],
)
def test_faults_have_the_names_that_the_official_sdk_knows(fault: Fault, kind: str) -> None:
    body = DIALECT.write_fault(fault, "req_7")
    read_back = ErrorResponse.model_validate_json(body)
    assert (read_back.error.type, read_back.request_id) == (kind, "req_7")


def test_a_body_too_large_has_its_own_name() -> None:
    body = msgspec.json.decode(DIALECT.write_fault(faults.TooLarge("x"), "req_7"))
    assert body["error"]["type"] == "request_too_large"


def test_the_field_at_fault_stands_in_the_message() -> None:
    fault = faults.BadRequest("It is no number.", advice="Send one.", field="top_k")
    body = msgspec.json.decode(DIALECT.write_fault(fault, "req_7"))
    assert body["error"]["message"] == "top_k: It is no number. Send one."


def test_a_chunk_of_a_reply_remembers_its_wire() -> None:
    chunk = DIALECT.read_reply(REPLY)
    assert isinstance(chunk, Chunk)
    assert chunk.wire is not None
    assert chunk.wire.whole
    assert chunk.wire.data == msgspec.json.decode(REPLY)
