"""What is kept is read as it was written."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import Wire
from manymind.canon.ports import Kept
from manymind.canon.requests import Request
from manymind.dialects.openai_responses.telling import tell
from manymind.store.packing import pack, pack_item, unpack, unpack_item
from tests.dialects import chat_strategies, messages_strategies, responses_strategies

requests = st.one_of(
    chat_strategies.requests(), messages_strategies.requests(), responses_strategies.requests
)
answers = responses_strategies.answers()


@given(requests, answers)
@settings(max_examples=60, deadline=None)
def test_a_kept_answer_is_read_as_it_was_packed(request: Request, answer: Answer) -> None:
    events = tuple(
        event for n, item in enumerate(answer.items) for event in tell(f"item/{n}", item)
    )
    kept = Kept(owner="ann", request=request, answer=answer, events=events)
    assert unpack("ann", pack(kept)) == kept


@given(answers)
@settings(max_examples=40, deadline=None)
def test_an_item_is_read_as_it_was_packed(answer: Answer) -> None:
    for item in answer.items:
        assert unpack_item(pack_item(item)) == item


@given(answers)
@settings(max_examples=10, deadline=None)
def test_the_message_that_an_answer_came_in_is_not_kept(answer: Answer) -> None:
    wired = replace(answer, wire=Wire("openai_responses", {"x": 1}, whole=True))
    kept = Kept(owner="ann", request=Request(model="m"), answer=wired)
    assert unpack("ann", pack(kept)).answer == replace(answer, wire=None)
