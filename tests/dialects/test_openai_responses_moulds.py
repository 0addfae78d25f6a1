"""An event that is cast from an earlier one looks as if it had been written in full."""

from hypothesis import given
from hypothesis import strategies as st

from manymind.canon.events import (
    Began,
    Cited,
    Closed,
    Ended,
    Happened,
    Opened,
    PartOpened,
    Unheard,
    Wrote,
    spoken,
)
from manymind.canon.items import Called, Said, Thought
from manymind.canon.parts import Citation, Refusal, Text
from manymind.canon.requests import Request
from manymind.canon.values import Json
from manymind.dialects.mirror import View
from manymind.dialects.openai_responses import DIALECT

BESIDE = Unheard(dialect="another", data={})
"""Nothing is written of it, but whatever it comes with is more than words."""

OPENING: tuple[Happened, ...] = (
    Began(id="resp_1", model="lab/small", created=7),
    Opened(item="said", value=Said(role="assistant")),
    PartOpened(item="said", part=0, value=Text(text="")),
    PartOpened(item="said", part=1, value=Refusal(text="")),
    Opened(item="thought", value=Thought()),
    Opened(item="called", value=Called(call_id="c", name="f")),
)
_texts = st.one_of(
    st.sampled_from(["", '"', "\\", '","delta":"x"', ':"one"', "\u2028", "\x85", "ü", "1}\n\n"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)
_places = st.sampled_from(
    [("said", 0, "content")] * 4
    + [("said", 1, "content"), ("said", 2, "content"), ("called", 0, "arguments")]
    + [("thought", 0, "content"), ("thought", 0, "summary"), ("thought", 1, "summary")]
)


def _wrote(
    place: tuple[str, int, str], text: str, logprobs: tuple[Json, ...] | None, voice: str
) -> Wrote:
    item, part, where = place
    return Wrote(item=item, part=part, where=where, text=text, logprobs=logprobs, voice=voice)


_wrotes = st.builds(
    _wrote,
    _places,
    _texts,
    st.sampled_from([None, None, None, (), ({"token": "a"},)]),
    st.sampled_from(["leader"] * 6 + ["agent"]),
)
_cited = st.just(Cited(item="said", citation=Citation(url="https://e.org", start=0, end=1)))


def _written(events: list[Happened], *beside: Happened, agents: bool) -> list[bytes]:
    writer = DIALECT.writer(
        Request(model="m", dialect="openai_responses"), View(agents=agents, created=1)
    )
    return [frame for event in events for frame in writer.write(spoken(event, *beside))]


@given(st.lists(st.one_of(*[_wrotes] * 8, _cited), max_size=12), st.booleans())
def test_words_are_written_alike_alone_and_beside_others(
    events: list[Happened], agents: bool
) -> None:
    ends = (Closed(item="said"), Closed(item="thought"), Closed(item="called"), Ended())
    whole = [*OPENING, *events, *ends]
    assert _written(whole, agents=agents) == _written(whole, BESIDE, agents=agents)
