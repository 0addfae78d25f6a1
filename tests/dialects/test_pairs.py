"""Every way through the house: a caller of one dialect, a provider of another.

One conversation with a picture, tools, reasoning and structured output crosses each pair; what
is not named as lost is the same on the other side, and what is named is not.
"""

import msgspec
import pytest

from manymind.canon.answers import fold
from manymind.canon.events import Chunk
from manymind.canon.values import Json
from manymind.dialects.mirror import View
from manymind.dialects.sse import Parser
from tests.dialects.pairs_replies import (
    CASES,
    COST,
    EVENT,
    THOUGHT,
    WHOLE,
    frames,
    heard,
    streamed,
    through,
    whole,
)
from tests.dialects.pairs_stage import ASPECTS, CONSEQUENCES, DIALECTS, PAIRS, asked, meaning, read

LOST = {
    ("chat", "responses"): {"seed", "stop", "logit_bias"},
    ("chat", "messages"): {
        "messages[1].content[1].detail",
        "messages[2].reasoning",
        "logit_bias",
        "seed",
        "verbosity",
    },
    ("responses", "chat"): {"input[1]", "tools[1]", "truncation", "x_new"},
    ("responses", "messages"): {
        "input[0].content[1].detail",
        "input[1]",
        "text.verbosity",
        "tools[1].search_context_size",
        "truncation",
        "x_new",
    },
    ("messages", "chat"): {
        "messages[1]",
        "messages[2].is_error",
        "system.cache_control",
        "tools[0].eager_input_streaming",
        "top_k",
    },
    ("messages", "responses"): {
        "messages[1].signature",
        "messages[2].is_error",
        "stop_sequences",
        "system[0].cache_control",
        "tools[0].eager_input_streaming",
        "top_k",
    },
    ("chat", "gemini"): {
        "logit_bias",
        "messages[1].content[1].detail",
        "messages[2].reasoning",
        "parallel_tool_calls",
        "tools[0].strict",
        "user",
        "verbosity",
    },
    ("responses", "gemini"): {
        "input[0].content[1].detail",
        "input[1]",
        "parallel_tool_calls",
        "text.verbosity",
        "tools[0].strict",
        "tools[1].search_context_size",
        "truncation",
        "user",
        "x_new",
    },
    ("messages", "gemini"): {
        "messages[1].reasoning",
        "metadata.user_id",
        "system[0].cache_control",
        "tool_choice.disable_parallel_tool_use",
        "tools[0].eager_input_streaming",
        "tools[0].strict",
    },
    ("gemini", "chat"): {
        "cachedContent",
        "contents[1]",
        "generationConfig.topK",
        "tools[0].behavior",
        "tools[1]",
    },
    ("gemini", "responses"): {
        "cachedContent",
        "contents[1].encrypted_content",
        "generationConfig.seed",
        "generationConfig.stopSequences",
        "generationConfig.topK",
        "tools[0].behavior",
        "tools[1]",
    },
    ("gemini", "messages"): {
        "cachedContent",
        "contents[1].reasoning",
        "generationConfig.seed",
        "tools[0].behavior",
        "tools[1]",
    },
}
"""What each crossing cannot carry; a dialect loses nothing to itself."""

pairs = pytest.mark.parametrize(("front", "upstream"), PAIRS)
cases = pytest.mark.parametrize("case", CASES)


@pairs
def test_a_conversation_crosses_and_names_what_it_lost(front: str, upstream: str) -> None:
    request = asked(front)
    written = DIALECTS[upstream].write_request(request)
    assert set(written.lost) == LOST.get((front, upstream), set())

    before, after = meaning(request), meaning(read(upstream, written.body))
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    named = {ASPECTS[name] for name in written.lost}
    followed = {more for name in named for more in CONSEQUENCES.get(name, set())}
    assert named <= changed
    assert changed <= named | followed


@pairs
def test_a_crossing_and_back_loses_nothing_more(front: str, upstream: str) -> None:
    """What comes through an upstream of ours is what a caller of that dialect would have sent."""
    there = DIALECTS[upstream]
    crossed = read(upstream, there.write_request(asked(front)).body)
    again = there.write_request(crossed)
    assert again.lost == ()
    assert read(upstream, again.body) == crossed


@pairs
@cases
def test_a_whole_reply_crosses(front: str, upstream: str, case: str) -> None:
    reply, request = whole(upstream, case), asked(front)
    for chunk in (reply, Chunk(reply.events)):
        answer = fold([chunk])
        body = DIALECTS[front].write_reply(answer, request, View(created=1_760_000_000))
        WHOLE[front](msgspec.json.decode(body))
        assert heard([DIALECTS[front].read_reply(body)]) == heard([reply])


@pairs
@cases
def test_a_streamed_reply_crosses(front: str, upstream: str, case: str) -> None:
    request = asked(front)
    chunks = streamed(upstream, case, request)
    for passed in (chunks, [Chunk(chunk.events) for chunk in chunks]):
        assert heard(through(DIALECTS[front], passed, request)) == heard(chunks)


@pairs
@cases
def test_every_event_is_one_that_the_callers_sdk_takes(
    front: str, upstream: str, case: str
) -> None:
    request = asked(front)
    chunks = streamed(upstream, case, request)
    for frame in frames(DIALECTS[front], chunks, request):
        for message in Parser().feed(frame):
            if message.data != "[DONE]":
                EVENT[front](msgspec.json.decode(message.data))


@pairs
@cases
def test_streamed_and_whole_a_caller_hears_the_same(front: str, upstream: str, case: str) -> None:
    request = asked(front)
    body = DIALECTS[front].write_reply(
        fold([whole(upstream, case)]), request, View(created=1_760_000_000)
    )
    flowing = through(DIALECTS[front], streamed(upstream, case, request), request)
    assert heard(flowing) == heard([DIALECTS[front].read_reply(body)])


def test_sealed_reasoning_comes_home_through_a_client_that_knows_signatures_alone() -> None:
    """A client of Messages sends blocks back as it got them; the seal of OpenAI rides along."""
    responses, messages = DIALECTS["responses"], DIALECTS["messages"]
    body = messages.write_reply(fold([whole("responses", "calls")]), asked("messages"), View())
    turn = {"role": "assistant", "content": msgspec.json.decode(body)["content"]}
    results = [
        {"type": "tool_result", "tool_use_id": f"call_{n}", "content": "fur"} for n in (1, 2)
    ]
    again = {
        "model": "m",
        "max_tokens": 9,
        "messages": [turn, {"role": "user", "content": results}],
    }
    written = responses.write_request(messages.read_request(msgspec.json.encode(again)))
    assert written.lost == ()
    assert msgspec.json.decode(written.body)["input"][0] == {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": THOUGHT}],
        "encrypted_content": "gAAA",
    }


def test_reasoning_that_anthropic_redacted_goes_to_nobody_else() -> None:
    hidden: Json = {"type": "redacted_thinking", "data": "c2VhbGVk"}
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [hidden]}]
    body = msgspec.json.encode({"model": "m", "max_tokens": 9, "messages": turns})
    request = DIALECTS["messages"].read_request(body)
    for upstream in ("chat", "responses"):
        written = DIALECTS[upstream].write_request(request)
        assert b"c2VhbGVk" not in written.body
        assert written.lost == ("messages[1]",)


@pytest.mark.parametrize("upstream", DIALECTS)
def test_the_replies_say_what_they_are_meant_to(upstream: str) -> None:
    assert heard([whole(upstream, "calls")]) == {
        "text": "I look closer.",
        "thoughts": THOUGHT,
        "calls": [("call_1", "zoom", {"x": 1}), ("call_2", "zoom", {"x": 1})],
        "citations": [],
        "stop": "tool_calls",
        "status": "completed",
        "tokens": (120, 100, 30),
        "reasoning": 8,
        "cost": COST,
    }
    assert heard([whole(upstream, "answer")])["text"] == '{"animal":"cat"}'
    assert heard([whole(upstream, "cut")])["status"] == "incomplete"
    quote = "They purr." if upstream == "messages" else None
    cited = [("https://cats.example", "Cats", 0, 10, quote)]
    assert heard([whole(upstream, "cited")])["citations"] == cited
