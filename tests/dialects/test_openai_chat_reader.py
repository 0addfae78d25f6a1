"""Chat streams, as providers send them."""

from typing import Any

import pytest
from msgspec.structs import replace

from manymind.canon.answers import fold
from manymind.canon.events import (
    Stopped,
)
from manymind.canon.faults import (
    CutShort,
    Fault,
    Overloaded,
    RateLimited,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.canon.items import Called, Said, Thought, Unread
from manymind.canon.parts import Text
from manymind.canon.values import Json
from tests.dialects.chat_talk import (
    delta,
    finish,
    golden,
    kinds,
    listen,
    tell,
)


def test_parallel_calls_of_openai_are_read_by_their_index() -> None:
    answer = fold(golden("chat_openai_tools.txt"))
    assert [item for item in answer.items if isinstance(item, Called)] == [
        Called(call_id="call_Lx1", name="weather", arguments='{"city":"Oslo"}', status="completed"),
        Called(call_id="call_Lx2", name="weather", arguments='{"city":"Rome"}', status="completed"),
    ]
    assert answer.stops == (Stopped(reason="tool_calls"),)
    assert answer.usage is not None
    assert (answer.usage.cached_tokens, answer.usage.reasoning_tokens) == (64, 12)


def test_thoughts_of_openrouter_keep_their_signature() -> None:
    thought, said = fold(golden("chat_openrouter.txt")).items
    assert isinstance(thought, Thought)
    assert isinstance(said, Said)
    assert (thought.content[0].text, thought.signature) == ("The user asks.", "EqQBCg==")
    assert isinstance(said.parts[0], Text)
    assert said.parts[0].citations[0].url == "https://history.example/rome"


def test_the_price_that_openrouter_claims_is_read_exactly() -> None:
    usage = fold(golden("chat_openrouter.txt")).usage
    assert usage is not None
    assert (usage.reported_cost, usage.cost, usage.tools) == (10_600_000, None, {"web_search": 1})


def test_the_native_reason_of_a_stop_is_kept() -> None:
    assert fold(golden("chat_openrouter.txt")).stops == (Stopped(reason="stop", native="end_turn"),)


def test_thoughts_of_deepseek_come_before_its_words() -> None:
    answer = fold(golden("chat_deepseek.txt"))
    assert [type(item) for item in answer.items] == [Thought, Said]
    assert (answer.text, answer.status, answer.reason) == (
        "Three r's.",
        "incomplete",
        "max_output_tokens",
    )


def test_text_is_closed_before_a_call_opens() -> None:
    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    chunks = listen(delta(content="I look."), delta(tool_calls=[call]), finish("tool_calls"))
    assert kinds(chunks)[1:8] == [
        "Opened",
        "PartOpened",
        "Wrote",
        "PartClosed",
        "Closed",
        "Opened",
        "Wrote",
    ]


def test_pieces_of_calls_may_come_in_turn() -> None:
    def piece(index: int, text: str, **more: object) -> dict[str, Any]:
        return {"index": index, "function": {"arguments": text, **more}}

    answer = fold(
        listen(
            delta(tool_calls=[{**piece(0, "", name="f"), "id": "a"}]),
            delta(tool_calls=[{**piece(1, "[", name="g"), "id": "b"}]),
            delta(tool_calls=[piece(0, "{"), piece(1, "]")]),
            delta(tool_calls=[piece(0, "}")]),
            finish("tool_calls"),
        )
    )
    assert [(c.name, c.arguments) for c in answer.items if isinstance(c, Called)] == [
        ("f", "{}"),
        ("g", "[]"),
    ]


def test_calls_that_are_all_numbered_0_are_told_apart_by_their_ids() -> None:
    calls = [
        {"index": 0, "id": name, "function": {"name": name, "arguments": "{}"}} for name in "ab"
    ]
    chunks = listen(*(delta(tool_calls=[call]) for call in calls), finish("stop"))
    answer = fold(chunks)
    assert [c.call_id for c in answer.items if isinstance(c, Called)] == ["a", "b"]
    assert answer.stops[0].reason == "tool_calls"
    sent = tell(chunks)
    assert [c["index"] for c in sent[0]["choices"][0]["delta"]["tool_calls"]] == [0, 1]


def test_a_call_without_an_id_gets_one() -> None:
    call = {"function": {"name": "f", "arguments": {"x": 1}}}
    (item,) = fold(listen(delta(tool_calls=[call]), finish("tool_calls"))).items
    assert isinstance(item, Called)
    assert (item.call_id, item.arguments) == ("call_c1_0_0", '{"x":1}')


def test_a_call_of_an_unknown_type_is_carried_whole() -> None:
    pieces = [
        {"index": 0, "id": "a", "type": "custom", "custom": {"name": "grep", "input": ""}},
        {"index": 0, "custom": {"input": "cat"}},
    ]
    (item,) = fold(listen(*(delta(tool_calls=[p]) for p in pieces), finish("tool_calls"))).items
    assert isinstance(item, Unread)
    assert item.data["custom"] == {"name": "grep", "input": "cat"}


def test_a_call_without_a_name_is_the_upstreams_fault() -> None:
    with pytest.raises(UpstreamBroken):
        listen(delta(tool_calls=[{"index": 0, "function": {"arguments": "{}"}}]), finish("stop"))


def test_choices_are_told_apart() -> None:
    chunks = listen(
        delta(0, content="a"), delta(1, content="b"), finish("stop", 1), finish("length", 0)
    )
    answer = fold(chunks)
    assert [(o.choice, type(o.item)) for o in answer.outputs] == [(0, Said), (1, Said)]
    assert [stop.reason for stop in answer.stops] == ["length", "stop"]
    assert (answer.text, answer.status) == ("a", "incomplete")


def test_log_probabilities_stay_with_their_words() -> None:
    probable: Json = {"token": "hi", "logprob": -0.1, "bytes": None, "top_logprobs": []}
    chunk = delta(content="hi")
    chunk["choices"][0]["logprobs"] = {"content": [probable], "refusal": None}
    chunks = listen(chunk, finish("stop"))
    (said,) = fold(chunks).items
    assert isinstance(said, Said)
    assert said.parts == (Text(text="hi", logprobs=(probable,)),)
    sent = tell([replace(chunk, wire=None) for chunk in chunks])
    assert sent[1]["choices"][0]["logprobs"]["content"] == [probable]


@pytest.mark.parametrize("ending", [(), ("[DONE]",)])
def test_a_stream_without_a_reason_to_end_was_cut(ending: tuple[str, ...]) -> None:
    with pytest.raises(CutShort):
        listen(delta(content="The ans"), *ending)


def test_one_choice_of_two_without_a_reason_was_cut() -> None:
    with pytest.raises(CutShort):
        listen(delta(0, content="a"), delta(1, content="b"), finish("stop", 0), "[DONE]")


def test_a_stream_may_end_without_done_once_it_gave_its_reason() -> None:
    assert fold(listen(delta(content="hi"), finish("stop"))).status == "completed"


@pytest.mark.parametrize("data", ["{", '{"choices":', "nonsense", "[]", '{"choices":[1]}'])
def test_a_malformed_chunk_is_the_upstreams_fault(data: str) -> None:
    with pytest.raises(UpstreamBroken):
        listen(data)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 429, "message": "slow down"}, RateLimited),
        ({"code": "rate_limit_exceeded", "message": "slow down"}, RateLimited),
        ({"code": 503, "message": "busy"}, Overloaded),
        ({"type": "overloaded_error", "message": "busy"}, Overloaded),
        ({"code": "insufficient_quota", "message": "pay"}, UpstreamRefused),
        ({"message": "boom"}, UpstreamBroken),
        ("boom", UpstreamBroken),
    ],
)
def test_an_error_in_the_stream_is_raised_as_what_it_is(error: object, kind: type[Fault]) -> None:
    with pytest.raises(kind):
        listen(delta(content="hi"), {"id": "c1", "error": error, "choices": []})


def test_a_choice_that_ends_in_an_error_is_a_fault() -> None:
    with pytest.raises(UpstreamBroken):
        listen(delta(content="hi"), finish("error"))
