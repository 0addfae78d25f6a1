"""How streams of the Responses dialect are heard, well spoken or not."""

import msgspec
import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from manymind.canon.answers import fold
from manymind.canon.events import (
    Began,
    Chunk,
    Ended,
    Happened,
    Spent,
    Stopped,
    Unheard,
)
from manymind.canon.faults import (
    BadRequest,
    CutShort,
    Fault,
    Overloaded,
    RateLimited,
    UpstreamBroken,
)
from manymind.canon.items import Called, Said
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.dialects.mirror import Message, View
from manymind.dialects.openai_responses import DIALECT
from manymind.dialects.sse import Parser
from tests.golden.responses_stream import ADDED, COMPLETED, CREATED, DONE, DONE_ITEM, delta

A_REQUEST = Request(model="m", dialect="openai_responses")
OFFICIAL: TypeAdapter[object] = TypeAdapter(ResponseStreamEvent)
BEGAN = Began(id="resp_1", model="lab/small", created=7)
USAGE = Usage(input_tokens=5, output_tokens=2, cost=9)
END: tuple[Happened, ...] = (Stopped(reason="stop"), Spent(usage=USAGE), Ended())


def heard(*messages: Json) -> list[Chunk]:
    reader = DIALECT.reader()
    return [reader.feed(Message(msgspec.json.encode(message).decode())) for message in messages]


@pytest.mark.parametrize("fault", [RateLimited("a"), Overloaded("b"), BadRequest("c", field="d")])
def test_a_failure_that_we_wrote_is_read_as_the_same_fault(fault: Fault) -> None:
    (frame,) = DIALECT.writer(A_REQUEST, View()).fail(fault)
    (message,) = Parser().feed(frame)
    with pytest.raises(type(fault)) as caught:
        DIALECT.reader().feed(message)
    assert caught.value.message.endswith(f": {fault.full}")
    assert caught.value.field == fault.field


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"type": "error", "code": "rate_limit_exceeded", "message": "Slow."}, RateLimited),
        ({"type": "error", "error": {"code": "overloaded", "message": "Busy."}}, Overloaded),
        ({"type": "error", "error": {"code": 503, "message": "Busy."}}, Overloaded),
        ({"type": "error"}, UpstreamBroken),
        ({"type": "response.failed"}, UpstreamBroken),
        (delta("x"), UpstreamBroken),
        ({**delta("x"), "output_index": "0"}, UpstreamBroken),
        ({"type": "response.output_item.done", "output_index": 0}, UpstreamBroken),
        ({"type": "response.created"}, UpstreamBroken),
        ({"type": "response.completed", "response": 5}, UpstreamBroken),
        ({"no": "type"}, UpstreamBroken),
    ],
)
def test_what_is_wrong_in_a_stream_is_the_right_fault(message: Json, kind: type[Fault]) -> None:
    with pytest.raises(kind):
        heard(message)


@pytest.mark.parametrize("data", ["", "{", "[]", "5", '"a"', "{" * 9, "[" * 100_000])
def test_a_message_that_is_no_object_is_the_upstreams_fault(data: str) -> None:
    with pytest.raises(UpstreamBroken):
        DIALECT.reader().feed(Message(data))


def test_a_stream_without_its_end_is_cut_short() -> None:
    reader = DIALECT.reader()
    for message in (CREATED, ADDED, delta("hel")):
        reader.feed(Message(msgspec.json.encode(message).decode()))
    with pytest.raises(CutShort):
        reader.end()


def test_steps_that_an_upstream_skips_are_made_up_for() -> None:
    call: Json = {"type": "function_call", "id": "fc", "call_id": "c", "name": "f"}
    done = {**DONE, "output_index": 1, "item": {**call, "arguments": "{}", "status": "completed"}}
    late = {
        **DONE_ITEM,
        "content": [
            {
                "type": "output_text",
                "text": "hello",
                "annotations": [
                    {
                        "type": "url_citation",
                        "url": "u",
                        "title": "1",
                        "start_index": 0,
                        "end_index": 5,
                    }
                ],
            }
        ],
    }
    answer = fold(heard(CREATED, ADDED, delta("hel"), {**DONE, "item": late}, done, COMPLETED))
    said, called = answer.items
    assert isinstance(said, Said)
    assert isinstance(called, Called)
    assert answer.text == "hello"
    assert called.arguments == "{}"
    text = said.parts[0]
    assert isinstance(text, Text)
    assert len(text.citations) == 1


def test_a_completed_event_alone_still_tells_the_whole_answer() -> None:
    assert fold(heard(COMPLETED)).text == "hello"
    assert fold(heard(CREATED, COMPLETED)).text == "hello"


def test_an_end_called_done_and_a_done_marker_are_understood() -> None:
    reader = DIALECT.reader()
    done = {**COMPLETED, "type": "response.done"}
    reader.feed(Message(msgspec.json.encode(done).decode(), "response.done"))
    assert reader.feed(Message("[DONE]")) == Chunk(())
    assert reader.end() == Chunk(())


def test_an_event_of_an_unknown_kind_is_kept_for_its_own_dialect() -> None:
    chunk = heard(CREATED, {"type": "response.rumour", "a": 1})[1]
    assert chunk.events == (
        Unheard(dialect="openai_responses", data={"type": "response.rumour", "a": 1}),
    )
