"""The answer is the fold of its events."""

import pytest
from msgspec.structs import replace

from manymind.canon.answers import Folding, fold
from manymind.canon.events import (
    Began,
    Chunk,
    Cited,
    Closed,
    Ended,
    Happened,
    Noted,
    Opened,
    PartClosed,
    PartOpened,
    Spent,
    Stopped,
    Wire,
    Wrote,
    spoken,
)
from manymind.canon.faults import UpstreamBroken
from manymind.canon.items import Called, Said, Thought
from manymind.canon.parts import Citation, Refusal, Text
from manymind.canon.usage import Usage, add


def an_answer() -> list[Happened]:
    return [
        Began(id="r1", model="m", created=7),
        Opened(item="0", value=Thought()),
        Wrote(item="0", text="First ", where="summary"),
        Wrote(item="0", text="thought", where="summary"),
        Closed(item="0", sealed=Thought(encrypted="sealed")),
        Opened(item="1", value=Said(role="assistant", id="msg")),
        PartOpened(item="1", part=0, value=Text(text="")),
        Wrote(item="1", text="It is "),
        Wrote(item="1", text="so.[[1]](u)"),
        Cited(item="1", citation=Citation(url="u", start=9, end=17)),
        PartClosed(item="1", part=0),
        Closed(item="1"),
        Opened(item="2", value=Called(call_id="c", name="look")),
        Wrote(item="2", text='{"a":', where="arguments"),
        Wrote(item="2", text="1}", where="arguments"),
        Closed(item="2"),
        Stopped(reason="tool_calls"),
        Spent(usage=Usage(input_tokens=3, output_tokens=4)),
        Ended(),
    ]


def test_an_answer_is_the_same_however_its_events_are_grouped() -> None:
    events = an_answer()
    one_by_one = fold(spoken(event) for event in events)
    at_once = fold([Chunk(tuple(events))])
    assert one_by_one == at_once


@pytest.mark.parametrize(
    "event",
    [
        PartOpened(item="9", part=0, value=Text(text="")),
        Wrote(item="9", text="lost"),
        Wrote(item="9", text="{}", where="arguments"),
        Cited(item="9", citation=Citation(url="u")),
        PartClosed(item="9", part=0),
        Closed(item="9"),
    ],
)
def test_a_word_of_an_item_that_never_began_is_a_broken_upstream(event: Happened) -> None:
    folding = Folding()
    folding.hear(spoken(Began(id="r", model="m"), Opened(item="1", value=Said(role="assistant"))))
    with pytest.raises(UpstreamBroken):
        folding.hear(spoken(event))
    folding.hear(spoken(replace(event, voice="agent-1")))
    assert len(folding.answer().items) == 1


def test_text_arguments_and_citations_come_together() -> None:
    answer = fold([Chunk(tuple(an_answer()))])
    thought, said, called = answer.items
    assert isinstance(thought, Thought)
    assert (thought.summary[0].text, thought.encrypted) == ("First thought", "sealed")
    assert isinstance(said, Said)
    assert answer.text == "It is so.[[1]](u)"
    assert said.parts == (
        Text(text="It is so.[[1]](u)", citations=(Citation(url="u", start=9, end=17),)),
    )
    assert isinstance(called, Called)
    assert called.arguments == '{"a":1}'
    assert (answer.status, answer.stops[0].reason) == ("completed", "tool_calls")


def test_a_stream_without_its_end_is_no_finished_answer() -> None:
    assert fold([Chunk(tuple(an_answer()[:-1]))]).status == "in_progress"


def test_other_voices_are_not_part_of_the_answer() -> None:
    agent = [
        Began(voice="agent-1", id="x", model="other"),
        Opened(voice="agent-1", item="a/0", value=Said(role="assistant")),
        Wrote(voice="agent-1", item="a/0", text="hidden"),
        Noted(voice="agent-1", what="claim", data={}),
        Spent(voice="agent-1", usage=Usage(input_tokens=99)),
        Ended(voice="agent-1", status="incomplete"),
    ]
    with_agent = fold([spoken(*agent), Chunk(tuple(an_answer()))])
    alone = fold([Chunk(tuple(an_answer()))])
    assert with_agent == alone
    assert fold([spoken(*agent)], voice="agent-1").text == "hidden"


def test_what_was_sealed_with_arguments_is_not_doubled() -> None:
    opened = Opened(item="0", value=Called(call_id="c", name="look"))
    written = Wrote(item="0", text="{}", where="arguments")
    closed = Closed(item="0", sealed=Called(call_id="c", name="look", arguments="{}"))
    called = fold([spoken(opened, written, closed)]).items[0]
    assert isinstance(called, Called)
    assert called.arguments == "{}"


def test_a_refusal_is_not_text() -> None:
    answer = fold(
        [
            spoken(
                Opened(item="0", value=Said(role="assistant")),
                PartOpened(item="0", part=0, value=Refusal(text="")),
                Wrote(item="0", text="I will not."),
            )
        ]
    )
    assert answer.text == ""
    assert answer.items == (Said(role="assistant", parts=(Refusal(text="I will not."),)),)


def test_only_a_whole_reply_in_one_chunk_keeps_its_wire() -> None:
    wire = Wire("openai_chat", {"id": "x"}, whole=True)
    folding = Folding()
    folding.hear(Chunk(tuple(an_answer()), wire))
    assert folding.answer().wire == wire
    folding.hear(spoken(Noted(what="late", data={})))
    assert folding.answer().wire is None


def test_usages_add_up_and_unknown_costs_stay_unknown() -> None:
    left = Usage(input_tokens=1, output_tokens=2, tools={"web_search": 1}, cost=5)
    right = Usage(input_tokens=10, cached_tokens=4, tools={"web_search": 2, "mcp": 1}, cost=7)
    both = add(left, right)
    assert (both.input_tokens, both.cached_tokens, both.cost) == (11, 4, 12)
    assert both.tools == {"mcp": 1, "web_search": 3}
    assert add(Usage(), Usage()).cost is None
