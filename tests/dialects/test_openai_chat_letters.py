"""What is passed on unopened says the same as if it had been read."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from manymind.canon.answers import fold
from manymind.canon.faults import Fault
from manymind.canon.letters import Letter
from manymind.canon.usage import Usage
from manymind.dialects.mirror import View
from manymind.dialects.openai_chat import DIALECT
from manymind.dialects.openai_chat.letters import read_letter, skim_reply
from manymind.dialects.openai_chat.usage import read_usage, skim_usage, write_cost
from manymind.dialects.reading import Object, upstream

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2**64), st.floats(0, 9), st.text(max_size=3)
)
COUNTS = st.one_of(st.integers(0, 10**6), ODD)
DETAILS = st.one_of(
    ODD,
    st.dictionaries(
        st.sampled_from(
            ("cached_tokens", "cache_write_tokens", "reasoning_tokens", "audio_tokens")
        ),
        COUNTS,
    ),
)
USAGES = st.fixed_dictionaries(
    {},
    optional={
        "prompt_tokens": COUNTS,
        "completion_tokens": COUNTS,
        "total_tokens": COUNTS,
        "prompt_tokens_details": DETAILS,
        "completion_tokens_details": DETAILS,
        "cost": COUNTS,
        "num_sources_used": COUNTS,
        "queue_time": ODD,
    },
)


def seal_of(body: bytes) -> Letter:
    letter = read_letter(body)
    assert letter is not None
    return letter


LETTER = seal_of(b'{"model":"a/m","messages":[{"role":"user","content":"hi"}]}')


def told(read: Callable[[], Usage]) -> Usage | str:
    """What a reader makes of a usage, or that it refuses it."""
    try:
        return read()
    except Fault as fault:
        return fault.code


@settings(max_examples=400)
@given(USAGES)
def test_a_usage_that_is_skimmed_says_what_one_that_is_read_does(usage: dict[str, object]) -> None:
    written = Raw(json.dumps(usage).encode())
    read = told(lambda: read_usage(Object(json.loads(bytes(written)), "usage", upstream)))
    assert told(lambda: skim_usage(written)) == read


@settings(max_examples=200)
@given(
    usage=st.one_of(st.none(), USAGES),
    reasons=st.lists(
        st.sampled_from((None, "stop", "length", "content_filter", "tool_calls", "error", "odd")),
        min_size=1,
        max_size=3,
    ),
    model=st.text(max_size=5),
)
def test_a_reply_that_is_skimmed_ends_as_one_that_is_read_does(
    usage: dict[str, object] | None, reasons: list[str | None], model: str
) -> None:
    choices = [
        {"index": n, "message": {"role": "assistant", "content": "yes"}, "finish_reason": reason}
        for n, reason in enumerate(reasons)
    ]
    reply = {"id": "c1", "created": 7, "model": model, "choices": choices, "usage": usage}
    body = json.dumps(reply).encode()
    try:
        skimmed = skim_reply(body)
        read = fold([DIALECT.read_reply(body)])
    except Fault:
        with pytest.raises(Fault):
            DIALECT.read_reply(body)
        return
    if skimmed is None:
        return  # It is then read.
    assert (skimmed.id, skimmed.model, skimmed.created) == (read.id, read.model, read.created)
    assert (skimmed.usage, skimmed.status) == (read.usage, read.status)
    assert skimmed.reason == read.reason


def test_what_nobody_knows_better_goes_back_byte_for_byte() -> None:
    body = b'{ "model":"m",  "choices":[{"finish_reason":"stop"}],"x":1.50, "usage":{ "y":1 } }'
    answer = skim_reply(body)
    assert answer is not None
    assert DIALECT.write_reply(answer, LETTER.outline, View()) == body


@settings(max_examples=300)
@given(usage=st.one_of(st.none(), USAGES), cost=st.one_of(st.none(), st.integers(0, 10**15)))
def test_a_cost_is_written_into_a_sealed_reply_as_into_one_that_was_read(
    usage: dict[str, object] | None, cost: int | None
) -> None:
    said = {"choices": [{"message": {"content": "{}"}}], "model": "m", "usage": usage}
    for body in (json.dumps(said).encode(), json.dumps({**said, "twin": usage}, indent=1).encode()):
        try:
            answer = skim_reply(body)
        except Fault:
            return
        if answer is None:
            assert not usage  # It is then read.
            return
        spent = answer.usage and replace(answer.usage, cost=cost)
        written = DIALECT.write_reply(replace(answer, usage=spent), LETTER.outline, View())
        owed = {} if spent is None or cost is None else write_cost(spent)
        told = {**usage, **owed} if usage is not None else None
        assert json.loads(written) == {**json.loads(body), "usage": told}


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices":[{}],"usage":5}',
        b'{"choices":[{}],"usage":[]}',
        b'{"choices":[]}',
        b'{"choices":[{"finish_reason":1}]}',
        b'{"error":{},"choices":[{}]}',
        b'{"choices":[{"finish_reason":"error"}]}',
        b'{"choices":[{"finish_reason":"stop"}],"usage":null}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_is_not_plain_to_see_is_left_to_the_reader(body: bytes) -> None:
    assert skim_reply(body) is None
