"""A request is never larger than its upper bound, and never smaller than its words."""

from hypothesis import given
from hypothesis import strategies as st

from manymind.canon.items import Called, Returned, Said, Thought, Unread
from manymind.canon.parts import Audio, File, Image, Part, Text, UnreadPart
from manymind.canon.requests import Function, OutputFormat, Request
from manymind.catalog.sizes import IMAGE_TOKENS, least, most
from tests.world import a_request, said


def test_every_text_of_a_request_counts() -> None:
    empty = most(Request(model="m", items=(Said(role="user"), Said(role="user")))).most
    word = "é" * 1000
    spoken = Request(
        model="m",
        items=(
            Said(role="user", parts=(Text(text=word), File(text=word))),
            Thought(content=(Text(text=word),), encrypted=word),
            Called(call_id="c", name="f", arguments=word),
            Returned(call_id="c", parts=(Text(text=word),)),
        ),
        instructions=(Text(text=word),),
        tools=(Function(name="f", description=word, parameters={"title": word}),),
        output=OutputFormat(form="json_schema", schema={"title": word}),
    )
    assert most(spoken).most >= empty + 10 * 2000


def test_what_cannot_be_seen_is_said_to_be_hidden() -> None:
    def with_part(part: Part) -> Request:
        return Request(model="m", items=(Said(role="user", parts=(part,)),))

    assert most(with_part(File(file_id="file_1"))).opaque
    assert most(with_part(File(data="JVBERi0=", media_type="application/pdf"))).opaque
    assert most(with_part(UnreadPart(dialect="d", data={}))).opaque
    assert most(a_request(previous_response_id="resp_1")).opaque
    assert most(Request(model="m", items=(Unread(dialect="d", data={}),))).opaque
    assert not most(with_part(Image(url="https://x.test/a.png"))).opaque
    assert not most(with_part(Audio(data="AAAA", format="wav"))).opaque
    assert most(with_part(Image(url="https://x.test/a.png"))).most > IMAGE_TOKENS


def test_a_cache_that_keeps_for_an_hour_is_noticed() -> None:
    marked = Text(text="a", cache={"type": "ephemeral", "ttl": "1h"})
    assert most(Request(model="m", instructions=(marked,))).long_cache
    plain = Text(text="a", cache={"type": "ephemeral"})
    assert not most(Request(model="m", instructions=(plain,))).long_cache


@given(st.lists(st.text(), max_size=5))
def test_the_lower_bound_is_never_above_the_upper(texts: list[str]) -> None:
    request = Request(model="m", items=tuple(map(said, texts)))
    assert 0 <= least(request) <= most(request).most


def test_words_on_the_edge_of_a_piece_count_once() -> None:
    text = "word " * 1_000_000
    words = least(a_request(text))
    assert 999_990 <= words <= 1_000_000


def test_scripts_that_do_not_part_their_words_are_not_called_long() -> None:
    assert least(a_request("漢" * 3_000_000)) <= 3
    assert least(a_request(" " * 3_000_000)) == 0


def test_a_lone_surrogate_is_measured_like_any_other_sign() -> None:
    assert most(a_request("\ud800")).most > 0
