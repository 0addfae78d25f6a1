"""Whole Chat replies and error bodies, both ways."""

import json
from typing import Any

import pytest
from msgspec.structs import replace
from openai.types.chat import ChatCompletion

from manymind.canon.answers import Answer, Output, fold
from manymind.canon.events import Stopped
from manymind.canon.faults import (
    BadRequest,
    ContextTooLong,
    Fault,
    Forbidden,
    NoSuchModel,
    NotFound,
    OverBudget,
    Overloaded,
    RateLimited,
    TimedOut,
    TooLarge,
    Unsupported,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.canon.items import Called, Hosted, Said, Thought
from manymind.canon.parts import Citation, Image, Refusal, Text
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.dialects.mirror import View
from manymind.dialects.openai_chat import DIALECT
from tests.dialects.chat_talk import GOLDEN, PLAIN, golden

KEY = "sk-proj-abcdefghij0123456789"


def hear(**fields: object) -> Answer:
    body = {"id": "c1", "model": "m", **fields}
    return fold([DIALECT.read_reply(json.dumps(body).encode())])


def message(**fields: object) -> dict[str, object]:
    return {"index": 0, "message": {"role": "assistant", **fields}, "finish_reason": "stop"}


def write(answer: Answer, asked: Request = PLAIN, house: str = "openai") -> dict[str, Any]:
    return json.loads(DIALECT.write_reply(answer, asked, View(house=house, created=5)))


def fault(status: int, body: object, retry_after: float | None = None) -> Fault:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return DIALECT.read_fault(status, data, retry_after)


def test_reasoning_that_xai_leaves_out_of_the_completion_is_counted() -> None:
    answer = fold([DIALECT.read_reply((GOLDEN / "chat_xai.json").read_bytes())])
    assert answer.text == "42"
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (32, 103)
    assert (answer.usage.cached_tokens, answer.usage.reasoning_tokens) == (6, 94)
    assert answer.usage.reported_cost == 29650000


def test_a_reply_goes_on_as_it_came_but_for_model_and_cost() -> None:
    data = (GOLDEN / "chat_xai.json").read_bytes()
    answer = fold([DIALECT.read_reply(data)])
    assert write(answer) == json.loads(data)
    assert answer.usage is not None
    priced = replace(answer, model="ours", usage=replace(answer.usage, cost=10**10))
    body = write(priced)
    assert (body["model"], body["usage"]["cost"]) == ("ours", 1.0)
    assert body["usage"]["cost_in_usd_ticks"] == 10**10


@pytest.mark.parametrize("house", ["openai", "openrouter", "cloudflare"])
@pytest.mark.parametrize("name", ["chat_openai_tools", "chat_openrouter", "chat_deepseek"])
def test_every_reply_is_one_that_the_official_client_knows(name: str, house: str) -> None:
    ChatCompletion.model_validate(write(fold(golden(f"{name}.txt")), house=house), strict=True)


def test_an_answer_of_another_dialect_is_written_as_one_message() -> None:
    note = Citation(url="https://a.example", title="1", start=0, end=2)
    answer = Answer(
        id="resp_1",
        model="team",
        outputs=(
            Output(item=Thought(summary=(Text(text="one"), Text(text="two")))),
            Output(item=Hosted(tool="web_search")),
            Output(item=Said(role="assistant", parts=(Text(text="Hello."),))),
            Output(item=Said(role="assistant", parts=(Text(text="Bye", citations=(note,)),))),
            Output(item=Called(call_id="a", name="f", arguments="{}")),
        ),
        stops=(Stopped(reason="stop"),),
        usage=Usage(input_tokens=2, output_tokens=1, cost=127946000),
        status="completed",
    )
    body = write(answer)
    (choice,) = body["choices"]
    assert choice["message"] == {
        "role": "assistant",
        "refusal": None,
        "content": "Hello.\n\nBye",
        "reasoning_content": "one\n\ntwo",
        "annotations": [
            {
                "type": "url_citation",
                "url_citation": {
                    "url": "https://a.example",
                    "title": "1",
                    "start_index": 8,
                    "end_index": 10,
                },
            }
        ],
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        ],
    }
    assert choice["finish_reason"] == "tool_calls"
    assert (body["id"], body["created"], body["usage"]["cost"]) == ("resp_1", 5, 0.0127946)


@pytest.mark.parametrize(
    ("status", "why", "stop", "written"),
    [
        ("completed", None, "stop", "stop"),
        ("completed", None, "refusal", "content_filter"),
        ("completed", None, "pause", "stop"),
        ("incomplete", "max_output_tokens", None, "length"),
        ("incomplete", "content_filter", None, "content_filter"),
        ("incomplete", "budget", None, "length"),
        ("completed", None, None, "stop"),
    ],
)
def test_the_end_of_an_answer_has_its_finish_reason(
    status: str, why: str | None, stop: str | None, written: str
) -> None:
    stops = (Stopped(reason=stop),) if stop else ()
    answer = Answer(status=status, reason=why, stops=stops)
    assert write(answer)["choices"][0]["finish_reason"] == written


def test_refusals_and_pictures_are_read() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    (said,) = hear(choices=[message(content=None, refusal="No.", images=[picture])]).items
    assert isinstance(said, Said)
    assert said.parts == (Image(media_type="image/png", data="AAAA"), Refusal(text="No."))


@pytest.mark.parametrize("body", [b"{}", b'{"choices":3}', b'{"choices":[]', b"<html>", b""])
def test_a_reply_that_is_none_is_the_upstreams_fault(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        DIALECT.read_reply(body)


def test_an_error_that_comes_as_a_reply_is_raised() -> None:
    with pytest.raises(RateLimited):
        hear(error={"code": 429, "message": "slow"})
    with pytest.raises(Overloaded):
        hear(choices=[{"error": {"code": 503, "message": "busy"}, "finish_reason": "error"}])


FAULTS: list[tuple[int, object, type[Fault]]] = [
    (400, {"error": {"message": "bad", "code": None, "param": "n"}}, BadRequest),
    (400, {"error": {"message": "bad", "code": "unsupported_parameter"}}, Unsupported),
    (400, {"error": {"message": "x", "code": "context_length_exceeded"}}, ContextTooLong),
    (400, {"error": {"message": "maximum context length is 8192 tokens"}}, ContextTooLong),
    (400, {"code": "c", "error": "This model's maximum prompt length is 9"}, ContextTooLong),
    (400, {"object": "error", "message": "prompt is too long: 9 tokens"}, ContextTooLong),
    (500, {"error": {"message": "exceeds the available context size"}}, ContextTooLong),
    (400, {"code": "c", "error": f"Incorrect API key provided: {KEY}"}, UpstreamRefused),
    (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}, UpstreamRefused),
    (402, {"error": {"message": "Insufficient credits", "code": 402}}, UpstreamRefused),
    (403, {"error": {"message": "no"}}, UpstreamRefused),
    (403, {"error": {"message": "no", "metadata": {"reasons": ["x"]}}}, Forbidden),
    (404, {"error": {"message": "No such model", "code": "model_not_found"}}, NoSuchModel),
    (404, b"not here", NotFound),
    (408, b"", TimedOut),
    (413, b"", TooLarge),
    (422, {"detail": [{"loc": ["body"], "msg": "field required"}]}, BadRequest),
    (429, {"error": {"message": "slow", "code": "rate_limit_exceeded"}}, RateLimited),
    (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, UpstreamRefused),
    (500, [{"error": {"message": "boom", "code": 500}}], UpstreamBroken),
    (502, b"<html><body>Bad gateway</body></html>", UpstreamBroken),
    (503, b"", Overloaded),
    (529, {"type": "error", "error": {"type": "overloaded_error"}}, Overloaded),
    (504, b"\xff\xfe", TimedOut),
    (524, b"[" * 100_000, TimedOut),
    (200, {"error": {"message": "x", "code": "429"}}, RateLimited),
    (200, {"error": {"message": "x", "code": True}}, UpstreamBroken),
]


@pytest.mark.parametrize(("status", "body", "kind"), FAULTS)
def test_a_providers_error_is_raised_as_what_it_is(
    status: int, body: object, kind: type[Fault]
) -> None:
    raised = fault(status, body, 7.0)
    assert type(raised) is kind
    assert raised.retry_after == 7.0
    assert KEY not in raised.full


def test_what_a_provider_found_wrong_is_passed_on() -> None:
    raised = fault(400, {"error": {"message": "n must be 1", "param": "n"}})
    assert raised.message == "The provider refused the request (400): n must be 1"
    assert raised.field == "n"


def test_the_words_of_a_provider_are_bounded_and_keep_no_key() -> None:
    raised = fault(400, {"error": {"message": f"{KEY} Bearer abc.def " + "x" * 9000}})
    assert "abc.def" not in raised.message
    assert KEY not in raised.message
    assert len(raised.message) < 600


def test_a_page_of_html_is_not_passed_on() -> None:
    assert fault(502, b"<!DOCTYPE html><p>x").message == "The provider failed (502)."


def test_what_stands_behind_an_aggregators_error_is_told() -> None:
    body = {"error": {"message": "Provider returned error", "metadata": {"raw": "no such tool"}}}
    assert fault(400, body).message.endswith("Provider returned error (no such tool)")


def test_a_fault_is_written_with_what_to_do_and_the_request_id() -> None:
    ours = BadRequest("n is 9.", advice="Ask for at most 4.", field="n")
    assert json.loads(DIALECT.write_fault(ours, "req_1")) == {
        "error": {
            "message": "n is 9. Ask for at most 4.",
            "type": "invalid_request_error",
            "param": "n",
            "code": "invalid_request",
            "request_id": "req_1",
        }
    }


@pytest.mark.parametrize("whole", [True, False])
def test_replies_on_openrouters_paths_have_a_fingerprint_if_only_none(whole: bool) -> None:
    body = {"id": "c1", "model": "m", "choices": [{"message": {"content": "hi"}}]}
    answer = fold([DIALECT.read_reply(json.dumps(body).encode())])
    answer = answer if whole else replace(answer, wire=None)
    assert write(answer, house="openrouter")["system_fingerprint"] is None
    assert "system_fingerprint" not in write(answer)


def test_on_openrouters_paths_the_code_is_the_status() -> None:
    error = json.loads(DIALECT.write_fault(BadRequest("No."), "req_1", "openrouter"))["error"]
    assert (error["code"], error["metadata"]) == (400, {"error_type": "invalid_request"})
    (line,) = DIALECT.writer(PLAIN, View(house="openrouter")).fail(RateLimited("Slowly."))
    error = json.loads(line.removeprefix(b"data: "))["error"]
    assert (error["code"], error["metadata"]) == (429, {"error_type": "rate_limit_exceeded"})


@pytest.mark.parametrize(
    ("raised", "kind"),
    [(OverBudget("x"), "insufficient_quota"), (RateLimited("x"), "rate_limit_error")],
)
def test_each_fault_has_the_type_that_clients_know(raised: Fault, kind: str) -> None:
    assert json.loads(DIALECT.write_fault(raised, ""))["error"]["type"] == kind
