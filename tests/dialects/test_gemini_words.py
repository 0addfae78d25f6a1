"""What Google's words mean: faults, stretches of text that are cited, and names of fields."""

import json

import pytest

from manymind.canon.answers import Answer, fold
from manymind.canon.events import Stopped
from manymind.canon.faults import (
    BadRequest,
    ContextTooLong,
    Fault,
    NoSuchModel,
    Overloaded,
    RateLimited,
    TimedOut,
    UpstreamRefused,
)
from manymind.canon.items import Said
from manymind.canon.parts import Citation, Text
from manymind.canon.requests import Request
from manymind.dialects.gemini import DIALECT
from manymind.dialects.mirror import View

RPC = "type.googleapis.com/google.rpc."


def status(code: int, word: str, message: str = "It is so.", *details: object) -> bytes:
    error = {"code": code, "message": message, "status": word, "details": list(details)}
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(
    ("code", "word", "kind"),
    [
        (400, "INVALID_ARGUMENT", BadRequest),
        (400, "FAILED_PRECONDITION", UpstreamRefused),
        (403, "PERMISSION_DENIED", UpstreamRefused),
        (429, "RESOURCE_EXHAUSTED", RateLimited),
        (503, "UNAVAILABLE", Overloaded),
        (504, "DEADLINE_EXCEEDED", TimedOut),
    ],
)
def test_a_status_is_the_fault_that_it_names(code: int, word: str, kind: type[Fault]) -> None:
    assert type(DIALECT.read_fault(code, status(code, word), None)) is kind


def test_what_a_message_tells_apart() -> None:
    long = "The input token count (9) exceeds the maximum number of tokens allowed (8)."
    found = DIALECT.read_fault(400, status(400, "INVALID_ARGUMENT", long), None)
    assert isinstance(found, ContextTooLong)
    absent = status(404, "NOT_FOUND", "models/x is not found for API version v1beta.")
    assert isinstance(DIALECT.read_fault(404, absent, None), NoSuchModel)


def test_how_long_to_wait_is_read_from_the_details_unless_a_header_says_it() -> None:
    retry = {"@type": f"{RPC}RetryInfo", "retryDelay": "34.07s"}
    body = status(429, "RESOURCE_EXHAUSTED", "Slow down.", {"@type": "x"}, retry)
    assert DIALECT.read_fault(429, body, None).retry_after == 34.07
    assert DIALECT.read_fault(429, body, 2.0).retry_after == 2.0
    listed = b"[" + body + b"]"
    assert DIALECT.read_fault(429, listed, None).retry_after == 34.07


@pytest.mark.parametrize("delay", ["s", "nans", "infs", "1e999s", "34", 34, None, [], {"a": 1}])
def test_a_wait_that_is_none_is_passed_over(delay: object) -> None:
    body = status(429, "RESOURCE_EXHAUSTED", "", {"retryDelay": delay}, None, [], "x")
    assert DIALECT.read_fault(429, body, None).retry_after is None


def test_a_key_that_is_refused_is_never_quoted() -> None:
    secret = "AIzaSyD-canary-key"
    reason = {"@type": f"{RPC}ErrorInfo", "reason": "API_KEY_INVALID"}
    refused = status(400, "INVALID_ARGUMENT", f"API key not valid: {secret}", reason)
    fault = DIALECT.read_fault(400, refused, None)
    assert isinstance(fault, UpstreamRefused)
    assert secret not in fault.full
    beside = DIALECT.read_fault(400, status(400, "INVALID_ARGUMENT", f"Odd: {secret}"), None)
    assert secret not in beside.full


def test_our_faults_are_read_by_us_as_they_were_meant() -> None:
    fault = RateLimited("Too many.", retry_after=7.5)
    written = DIALECT.write_fault(fault, "req_1")
    again = DIALECT.read_fault(429, written, None)
    assert isinstance(again, RateLimited)
    assert again.retry_after == 7.5
    wrong = BadRequest("It is wrong.", field="contents[0].role")
    assert DIALECT.read_fault(400, DIALECT.write_fault(wrong, ""), None).field == wrong.field


TEXT = "Der Wärter — 守 — wohnt hier."
STRETCH = "守 — wohnt"


def grounded(start: int, end: int, **more: object) -> bytes:
    segment = {"partIndex": 0, "startIndex": start, "endIndex": end, **more}
    metadata = {
        "groundingChunks": [{"web": {"uri": "https://a.example/a", "title": "A"}}],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0]}],
    }
    candidate = {
        "content": {"role": "model", "parts": [{"text": TEXT}]},
        "finishReason": "STOP",
        "groundingMetadata": metadata,
    }
    return json.dumps({"candidates": [candidate]}).encode()


def cited(answer: Answer) -> tuple[str, Citation]:
    """The words that the only citation points at."""
    item = answer.outputs[0].item
    assert isinstance(item, Said)
    (text,) = item.parts
    assert isinstance(text, Text)
    (note,) = text.citations
    return text.text[note.start : note.end], note


def test_bytes_there_are_code_points_here() -> None:
    start = len(TEXT[: TEXT.index(STRETCH)].encode())
    answer = fold([DIALECT.read_reply(grounded(start, start + len(STRETCH.encode())))])
    words, note = cited(answer)
    assert words == STRETCH
    assert (note.url, note.title) == ("https://a.example/a", "A")


def test_code_points_here_are_bytes_there() -> None:
    start = TEXT.index(STRETCH)
    note = Citation(url="https://a.example/a", start=start, end=start + len(STRETCH))
    said = Said(role="assistant", parts=(Text(text=TEXT, citations=(note,)),))
    answer = fold([DIALECT.read_reply(grounded(0, 0))])
    (output,) = answer.outputs
    answer = Answer(
        id="a", model="m", outputs=(type(output)(item=said),), stops=(Stopped(reason="stop"),)
    )
    written = json.loads(DIALECT.write_reply(answer, Request(model="m", dialect="x"), View()))
    (support,) = written["candidates"][0]["groundingMetadata"]["groundingSupports"]
    segment = support["segment"]
    cut = TEXT.encode()[segment["startIndex"] : segment["endIndex"]]
    assert cut.decode() == segment["text"] == STRETCH


def test_what_code_gave_is_counted_among_the_parts() -> None:
    reply = json.loads(grounded(0, 0, partIndex=3))
    shown = [
        {"text": "First."},
        {"executableCode": {"language": "PYTHON", "code": "print(4)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "4"}},
        {"text": "Last."},
    ]
    reply["candidates"][0]["content"]["parts"] = shown
    answer = fold([DIALECT.read_reply(json.dumps(reply).encode())])
    said = [output.item for output in answer.outputs if isinstance(output.item, Said)]
    noted = [len(part.citations) for item in said for part in item.parts if isinstance(part, Text)]
    assert noted == [0, 1]


def test_words_that_stand_elsewhere_than_was_said_are_found() -> None:
    words, _ = cited(fold([DIALECT.read_reply(grounded(0, 5, text=STRETCH))]))
    assert words == STRETCH


@pytest.mark.parametrize(("start", "end"), [(0, 10**9), (10**9, 10**9), (5, 6), (6, 5)])
def test_offsets_that_lie_are_bounded(start: int, end: int) -> None:
    _, note = cited(fold([DIALECT.read_reply(grounded(start, end))]))
    assert 0 <= note.start <= len(TEXT)
    assert 0 <= note.end <= len(TEXT)


def test_names_in_snake_case_are_taken_and_camel_case_is_written() -> None:
    body = {
        "system_instruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"parts": [{"inline_data": {"mime_type": "image/png", "data": "AAAA"}}]},
            {"role": "model", "parts": [{"function_call": {"name": "f", "args": {"a_b": 1}}}]},
        ],
        "generation_config": {"max_output_tokens": 5, "stop_sequences": ["x"], "top_k": 3},
        "labels": {"my_label": "a"},
    }
    request = DIALECT.read_request(json.dumps(body).encode())
    assert request.max_output_tokens == 5
    assert request.instructions
    written = json.loads(DIALECT.write_request(request).body)
    assert written["systemInstruction"] == body["system_instruction"]
    assert written["generationConfig"]["maxOutputTokens"] == 5
    assert written["generationConfig"]["topK"] == 3
    assert written["contents"][0]["parts"][0]["inlineData"]["mimeType"] == "image/png"
    assert written["contents"][1]["parts"][0]["functionCall"]["args"] == {"a_b": 1}
    assert written["labels"] == {"my_label": "a"}
    plain = {name for name in json.dumps(written).split('"') if name.isidentifier() and "_" in name}
    assert plain == {"a_b", "my_label"}
