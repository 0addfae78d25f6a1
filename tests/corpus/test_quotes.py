"""A quote stands in its document word for word, or it is refused."""

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from manymind.corpus.fold import fold
from manymind.corpus.quotes import GAP_MAX, Refused, Span, find_quote

LOG = (
    "The lamp was lit at 17:42 on 3 May 1891 by keeper Ana Ruiz.\n"
    "It burned 12.5 litres of oil, i.e. about £4.20 a night — the “best” oil,\n"
    "as the Trust’s  agent wrote.  The re\u00adlief came on −3 °C days too; 10² gulls were"
    " counted.\n"
    "灯塔的高度是三十八米，建于一八七一年。Le café était fermé jusqu’à 9 h.\n"
)


def look(quote: str, text: str = LOG) -> Span | Refused:
    return find_quote(fold(text), quote)


def shown(quote: str, text: str = LOG) -> str:
    found = look(quote, text)
    assert isinstance(found, Span), found.reason
    return text[found.start : found.end]


@pytest.mark.parametrize(
    ("quote", "original"),
    [
        ("lit at 17:42 on 3 May 1891", "lit at 17:42 on 3 May 1891"),
        ('a night - the "best" oil, as the Trust\'s agent', None),
        ("The relief came on -3 °C days", "The re\u00adlief came on −3 °C days"),
        ("oil,\u00a0as the\u2009Trust\u2019s agent wrote", None),
        ("高度是三十八米", "高度是三十八米"),
        ("Le cafe\u0301 e\u0301tait ferme\u0301", "Le café était fermé"),
        ('"It burned 12.5 litres"', "It burned 12.5 litres"),
        ("…burned 12.5 litres of oil…", "burned 12.5 litres of oil"),
    ],
)
def test_a_quote_typed_in_another_way_is_the_same_quote(quote: str, original: str | None) -> None:
    assert original is None or shown(quote) == original
    assert shown(quote)


@pytest.mark.parametrize(
    "quote",
    [
        "lit at 17:43 on 3 May 1891",
        "lit at 17:42 on 3 may 1891",
        "It burned 12 litres of oil",
        "by keeper Anna Ruiz",
        "102 gulls were counted",
        "burned of oil about",
        "The lamp was not lit at 17:42",
    ],
)
def test_a_quote_with_anything_changed_is_refused(quote: str) -> None:
    assert isinstance(look(quote), Refused)


@pytest.mark.parametrize(
    "quote",
    [
        "lit at 17:42 on 3 May 189",
        "5 litres of oil",
        "3 °C days too",
        "he lamp was lit",
        "about £4",
        "about £4.2",
    ],
)
def test_a_quote_may_not_cut_a_word_or_a_number(quote: str) -> None:
    refused = look(quote)
    assert isinstance(refused, Refused)
    assert "cuts" in refused.reason


@pytest.mark.parametrize("quote", ["", "   ", "oil", "the lamp", "灯塔", "…", "12"])
def test_a_quote_of_almost_nothing_proves_nothing(quote: str) -> None:
    refused = look(quote)
    assert isinstance(refused, Refused)
    assert "too short" in refused.reason


@pytest.mark.parametrize("gap", ["…", " ... ", " [...] ", " (…) "])
def test_what_is_left_out_between_two_stretches_is_part_of_the_span(gap: str) -> None:
    assert shown(f"The lamp was lit{gap}by keeper Ana Ruiz") == LOG[:59].rstrip(".")


def test_stretches_in_the_wrong_order_are_no_quote() -> None:
    assert isinstance(look("by keeper Ana Ruiz … The lamp was lit"), Refused)


def test_stretches_too_far_apart_are_no_quote() -> None:
    near = "The first words here. " + "x " * (GAP_MAX // 2 - 20) + "The last words here."
    far = "The first words here. " + "x " * GAP_MAX + "The last words here."
    assert isinstance(look("The first words … The last words", near), Span)
    assert isinstance(look("The first words … The last words", far), Refused)


def test_a_later_beginning_is_tried_when_the_first_leads_nowhere() -> None:
    text = "one two three " + "x " * GAP_MAX + "one two three four and then five six seven"
    found = look("one two three … five six seven", text)
    assert isinstance(found, Span)
    assert found.start == text.rindex("one two three")


RETYPED = {
    " ": ["\u00a0", "\n", "  ", " \n\t", "\u2003"],
    "-": ["\u2010", "\u2011", "\u2013", "\u2212"],
    "'": ["\u2019", "\u2018"],
    '"': ["\u201c", "\u201d", "\u00ab"],
    "e": ["e\u00ad", "e\u200b"],
    "f": ["\uff46"],
    "é": ["e\u0301"],
}
WORDS = st.lists(
    st.sampled_from(
        ["fee", "fie", "café", "it's", '"so"', "well-off", "1891", "17.5", "Tower", "灯塔", "e.g."]
    ),
    min_size=4,
    max_size=30,
)


@given(words=WORDS, data=st.data())
@settings(max_examples=150)
def test_every_true_stretch_is_found_where_it_stands(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    first = data.draw(st.integers(0, len(words) - 3))
    last = data.draw(st.integers(first + 3, len(words)))
    quote = " ".join(words[first:last])

    def retype(plain: str) -> str:
        return "".join(data.draw(st.sampled_from([sign, *RETYPED.get(sign, [])])) for sign in plain)

    written = retype(text)
    found = find_quote(fold(written), retype(quote))
    assert isinstance(found, Span)
    stretch = written[found.start : found.end]
    assert fold(stretch).text.strip() == fold(quote).text


@given(words=WORDS, data=st.data())
@settings(max_examples=100)
def test_a_quote_with_another_word_or_figure_in_it_is_never_found(
    words: list[str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(words) - 1))
    other = data.draw(st.sampled_from(["1892", "17.6", "not", "Café", "塔灯"]))
    assume(other != words[at])
    quote = [*words[:at], other, *words[at + 1 :]]
    assert isinstance(look(" ".join(quote), " ".join(words)), Refused)


@given(st.text(max_size=300))
@settings(max_examples=300)
def test_folding_is_done_once_and_for_all(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


@given(st.text(alphabet="aé\u0301\u00ad\u200b ﬁ²\uff76\uff9e가\u1100\u1161\ud800\n", max_size=60))
@settings(max_examples=300)
def test_every_stretch_of_the_folded_text_maps_back_to_one_that_folds_to_it(text: str) -> None:
    folded = fold(text)
    for start in range(len(folded.text)):
        span = folded.span(start, len(folded.text))
        if span is not None:
            assert 0 <= span[0] <= span[1] <= len(text)
            assert fold(text[span[0] : span[1]]).text == folded.text[start:]


def test_megabytes_are_folded_once_and_searched_in_no_time() -> None:
    text = "The keeper wrote “all’s well” at dusk,\n  and slept.\n" * 160_000
    text += "The relief came on the third day."
    start = time.perf_counter()
    folded = fold(text)
    found = find_quote(folded, "relief came on the third day")
    assert isinstance(found, Span)
    assert time.perf_counter() - start < 5.0


def test_a_base_with_a_million_marks_does_not_take_a_million_squared() -> None:
    text = "a" + "\u0301\u0323" * 200_000
    start = time.perf_counter()
    fold(text)
    assert time.perf_counter() - start < 5.0
