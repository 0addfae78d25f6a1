"""Nobody grants more than they have."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from manymind.canon.faults import Forbidden
from manymind.canon.origins import Rights
from manymind.policy.rights import NUMBERS, PATTERNS, check_grant, covers, excess, matches

PATTERN = st.text("ab*", max_size=5)
TEXTS = ["".join(letters) for size in range(7) for letters in product("abc", repeat=size)]


def slowly(pattern: str, text: str) -> bool:
    pieces = map(re.escape, pattern.split("*"))
    return re.fullmatch(".*".join(pieces), text) is not None


@given(PATTERN, st.text("abc", max_size=8))
def test_a_star_stands_for_anything(pattern: str, text: str) -> None:
    assert matches(pattern, text) == slowly(pattern, text)


@given(PATTERN, PATTERN)
def test_a_pattern_covers_another_when_it_matches_all_that_the_other_does(
    pattern: str, other: str
) -> None:
    found = [text for text in TEXTS if slowly(other, text)]
    assert covers(pattern, other) == all(slowly(pattern, text) for text in found)


def test_many_stars_are_matched_at_once() -> None:
    assert not matches("a*" * 100 + "b", "a" * 100_000)


MINE = Rights(
    infers=False,
    manages=True,
    models=("openai/*", "x-ai/grok-4"),
    routes=("cheap",),
    tools=("web_*",),
    requests_per_minute=10,
    tokens_per_minute=1000,
    concurrency=2,
    max_prompt_tokens=500,
    max_output_tokens=100,
    max_cost=7,
)
SAME = replace(MINE, infers=True, manages=False)


def test_what_one_has_one_may_grant() -> None:
    check_grant(SAME, MINE)
    check_grant(MINE, MINE)
    check_grant(replace(SAME, models=("openai/gpt-5", "x-ai/grok-4"), concurrency=1), MINE)


@pytest.mark.parametrize("field", NUMBERS)
def test_no_number_is_larger_or_left_out(field: str) -> None:
    for more in (getattr(MINE, field) + 1, None):
        with pytest.raises(Forbidden, match=field):
            check_grant(replace(SAME, **{field: more}), MINE)
    assert excess(replace(SAME, **{field: 1}), MINE) is None


@pytest.mark.parametrize("field", PATTERNS)
def test_no_pattern_is_wider_or_left_out(field: str) -> None:
    for more in ((), ("*",), (*getattr(MINE, field), "elsewhere"), ("openai",), ("cheap*",)):
        with pytest.raises(Forbidden, match=field):
            check_grant(replace(SAME, **{field: more}), MINE)


def test_the_cache_is_a_right() -> None:
    with pytest.raises(Forbidden, match="caches"):
        check_grant(replace(SAME, caches=True), MINE)


def test_a_key_either_infers_or_manages() -> None:
    for both in (True, False):
        with pytest.raises(Forbidden, match="either"):
            check_grant(replace(SAME, infers=both, manages=both), MINE)
