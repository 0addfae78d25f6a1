"""An offer that fails rests; one request at a time finds out whether it is well again."""

from hypothesis import given
from hypothesis import strategies as st

from manymind.routing.breaker import Breaker, BreakerRules

RULES = BreakerRules(failures=3, rest_seconds=10, rest_seconds_max=35, remembered=10)


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker(RULES)
    for _ in range(3):
        breaker.failed(now)
    return breaker


def test_it_opens_after_failures_in_a_row() -> None:
    breaker = Breaker(RULES)
    breaker.failed(0)
    breaker.failed(0)
    assert (breaker.state(0), breaker.rank(0), breaker.rank(31)) == ("closed", 1, 0)
    breaker.answered()
    assert breaker.rank(0) == 0
    breaker.failed(0)
    breaker.failed(0)
    assert breaker.state(0) == "closed"
    breaker.failed(0)
    assert (breaker.state(0), breaker.rank(0), breaker.admits(0)) == ("open", 3, False)


def test_it_opens_when_half_of_the_last_attempts_failed() -> None:
    breaker = Breaker(BreakerRules(failures=99, remembered=10))
    for _ in range(4):
        breaker.failed(0)
        breaker.answered()
    breaker.answered()
    assert breaker.state(0) == "closed"
    breaker.failed(0)
    assert breaker.state(0) == "open"


def test_one_probe_at_a_time_and_a_longer_rest_where_it_fails() -> None:
    breaker = opened()
    assert not breaker.admits(9.9)
    assert (breaker.state(10), breaker.rank(10)) == ("half_open", 0)
    assert breaker.admits(10)
    assert not breaker.admits(10), "another is on its way"
    assert breaker.rank(10) == 3
    breaker.failed(11)
    assert breaker.state(30.9) == "open"
    assert breaker.admits(31)
    breaker.undecided()
    assert breaker.admits(31), "the first has told nothing"
    breaker.failed(31)
    assert breaker.state(65.9) == "open"
    assert breaker.admits(66), "it never rests longer than the most"
    breaker.answered()
    assert (breaker.state(66), breaker.admits(66), breaker.admits(66)) == ("closed", True, True)


def test_a_probe_that_is_never_heard_of_again_does_not_block_for_ever() -> None:
    breaker = opened()
    assert breaker.admits(10)
    assert not breaker.admits(129)
    assert breaker.admits(131)


def test_stragglers_that_fail_after_it_opened_do_not_prolong_its_rest() -> None:
    breaker = opened()
    for _ in range(20):
        breaker.failed(5)
    assert breaker.admits(10)


def test_too_many_requests_count_apart_and_rest_it_as_long_as_it_says() -> None:
    breaker = Breaker(RULES)
    for _ in range(50):
        breaker.limited(0, 7)
    assert (breaker.state(6.9), breaker.rank(6.9), breaker.admits(6.9)) == ("limited", 2, False)
    assert (breaker.state(7), breaker.rank(7), breaker.admits(7)) == ("closed", 0, True)
    breaker.limited(10, 10**9)
    assert breaker.admits(310), "nobody may silence it for ever"
    half = opened()
    half.limited(10, 2)
    assert half.state(12) == "closed", "whoever refuses lives"


def test_the_rest_is_as_long_as_the_provider_asks() -> None:
    breaker = Breaker(RULES)
    for _ in range(3):
        breaker.failed(0, 30)
    assert not breaker.admits(29)
    assert breaker.admits(30)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["failed", "answered", "limited", "undecided", "admits"]),
        st.floats(0, 20),
    ),
    max_size=80,
)


@given(STEPS)
def test_whatever_happens_it_admits_someone_before_long(steps: list[tuple[str, float]]) -> None:
    breaker, now = Breaker(RULES), 0.0
    for step, seconds in steps:
        now += seconds
        match step:
            case "failed":
                breaker.failed(now)
            case "answered":
                breaker.answered()
            case "limited":
                breaker.limited(now, seconds)
            case "undecided":
                breaker.undecided()
            case _:
                breaker.admits(now)
    assert breaker.admits(now + RULES.probe_seconds + RULES.rest_seconds_max)
