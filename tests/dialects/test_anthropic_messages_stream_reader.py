"""Streams of a Messages server: what is understood, and what breaks."""

from pathlib import Path

import pytest

from manymind.canon.answers import fold
from manymind.canon.faults import (
    CutShort,
    Fault,
    Overloaded,
    RateLimited,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.dialects.anthropic_messages import DIALECT
from manymind.dialects.mirror import Message
from manymind.dialects.sse import Parser
from tests.dialects.test_anthropic_messages_laws import bare, heard

GOLDEN = Path(__file__).parent.parent / "golden"
STREAM = (GOLDEN / "messages_stream.txt").read_bytes()


def test_a_stream_says_what_the_whole_reply_says() -> None:
    whole = fold([DIALECT.read_reply((GOLDEN / "messages_reply.json").read_bytes())])
    assert bare(fold(heard(STREAM))) == bare(whole)


def feed(*data: str) -> None:
    reader = DIALECT.reader()
    for one in data:
        reader.feed(Message(one))
    reader.end()


@pytest.mark.parametrize("cut", [0, 1, 5, 12, 25, -1])
def test_a_stream_that_was_cut_is_never_a_success(cut: int) -> None:
    messages = [message.data for message in Parser().feed(STREAM)]
    with pytest.raises(CutShort):
        feed(*messages[:cut])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("overloaded_error", Overloaded),
        ("rate_limit_error", RateLimited),
        ("authentication_error", UpstreamRefused),
        ("api_error", UpstreamBroken),
        ("unheard_of", UpstreamBroken),
    ],
)
def test_an_error_within_a_stream_is_the_fault_that_it_names(
    kind: str, expected: type[Fault]
) -> None:
    with pytest.raises(expected):
        feed(f'{{"type":"error","error":{{"type":"{kind}","message":"x"}}}}')


START = '{"type":"message_start","message":{"id":"m","type":"message","model":"x"}}'
TEXT = '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}'
DELTA = '{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":"a"}}'


@pytest.mark.parametrize(
    "messages",
    [
        ["nonsense"],
        ["[]"],
        [TEXT],
        [START, START],
        [START, DELTA % 0],
        [START, TEXT, DELTA % 1],
        [START, '{"type":"content_block_stop","index":0}'],
        [START, '{"type":"content_block_start","index":0}'],
        [START, '{"type":"message_stop"}'],
        [START, '{"type":"message_delta","delta":3}'],
    ],
)
def test_a_stream_that_makes_no_sense_is_the_upstreams_fault(messages: list[str]) -> None:
    with pytest.raises(UpstreamBroken) as caught:
        feed(*messages)
    assert not isinstance(caught.value, CutShort)


def test_what_comes_after_the_end_is_passed_over() -> None:
    messages = [message.data for message in Parser().feed(STREAM)]
    feed(*messages, "[DONE]")


def test_a_block_that_nobody_knows_is_kept_with_what_was_added_to_it() -> None:
    block = '{"type":"content_block_start","index":0,"content_block":{"type":"compaction"}}'
    delta = (
        '{"type":"content_block_delta","index":0,'
        '"delta":{"type":"compaction_delta","content":"So far."}}'
    )
    reader = DIALECT.reader()
    chunks = [reader.feed(Message(one)) for one in (START, block, delta)]
    chunks.append(reader.feed(Message('{"type":"content_block_stop","index":0}')))
    (item,) = fold(chunks).items
    assert getattr(item, "data", None) == {"type": "compaction", "content": "So far."}
