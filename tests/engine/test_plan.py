"""A plan: read as the leader wrote it, made where there is none, and cut to the team's size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manymind.canon.documents import Card
from manymind.engine.plan import Plan, Work, default_plan, fitted, parts_of, read_plan
from manymind.engine.settings import Width

CARDS = tuple(Card(id=f"d{n}", size=100 * n) for n in range(1, 8))


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("How far is it?", 1),
        ("How far is it? How old is it? Who saw it?", 3),
        ("Tell me:\n- how far the Moon is\n- how old the Sun is", 2),
        ("1. The height of tides\n2. The age of the Sun\n3. Luna 3 and what it saw", 3),
        ("", 1),
    ],
)
def test_a_question_is_divided_where_it_asks_more_than_once(question: str, parts: int) -> None:
    assert len(parts_of(question)) == parts


def test_without_a_plan_documents_are_dealt_out_whole_and_once() -> None:
    plan = default_plan("How far is it?", CARDS, Width(4))
    names = [name for work in plan.work for name in work.within]
    assert len(plan.work) == 3
    assert sorted(names) == [card.id for card in CARDS]


def test_reading_deals_out_documents_evenly_by_size() -> None:
    plan = Plan(mode="read", reason="", work=(Work("Read."),))
    work = fitted(plan, "Read.", CARDS, Width(4), equipped=True).work
    sizes = {card.id: card.size for card in CARDS}
    loads = [sum(sizes[name] for name in each.within) for each in work]
    assert sum(loads) == sum(sizes.values())
    assert max(loads) - min(loads) <= 200


def test_a_plan_that_needs_documents_without_any_is_a_deliberation() -> None:
    plan = Plan(mode="research", reason="", work=(Work("Look."),))
    assert fitted(plan, "Look.", (), Width(4), equipped=False).mode == "deliberate"


@pytest.mark.parametrize(
    "text", ["null", "[]", "{}", "[" * 100_000, '{"mode":1}', '{"mode":"solo"']
)
def test_what_is_no_plan_is_not_read_as_one(text: str) -> None:
    assert read_plan(text) is None


@given(st.text())
def test_reading_a_plan_never_fails(text: str) -> None:
    read_plan(text)
    read_plan(f'{{"mode":"research","work":{text}}}')


WORK = st.builds(Work, st.text(min_size=1, max_size=9), st.text(max_size=5))
PLANS = st.builds(
    Plan,
    mode=st.sampled_from(("research", "read", "deliberate", "solo")),
    reason=st.just(""),
    work=st.lists(WORK, max_size=80).map(tuple),
)


@given(PLANS, st.integers(1, 64), st.booleans(), st.integers(0, 7), st.text(max_size=200))
def test_a_fitted_plan_is_never_larger_than_the_team_and_as_large_as_was_named(
    plan: Plan, agents: int, fixed: bool, cards: int, question: str
) -> None:
    width, shelf = Width(agents, fixed), CARDS[:cards]
    for each in (plan, default_plan(question, shelf, width)):
        found = fitted(each, question, shelf, width, equipped=bool(shelf))
        assert len(found.work) <= agents - 1
        assert found.mode == "solo" or found.work
        if fixed:
            assert len(found.work) == agents - 1
