"""What an offer was like of late: right to within a step, bounded, and gone when it is old."""

import math

from hypothesis import given
from hypothesis import strategies as st

from manymind.routing.windows import MINUTE_SECONDS, Window

SECONDS = st.floats(0.002, 5000)


@given(st.lists(SECONDS, min_size=1, max_size=300))
def test_percentiles_are_right_to_within_a_step(values: list[float]) -> None:
    window = Window()
    for value in values:
        window.completed(1000, value, value)
    lately = window.lately(1000)
    assert lately.latency is not None
    assert lately.throughput is not None
    ranked = sorted(values)
    for share, below, reached in (
        (0.50, lately.latency.p50, lately.throughput.p50),
        (0.75, lately.latency.p75, lately.throughput.p75),
        (0.90, lately.latency.p90, lately.throughput.p90),
        (0.99, lately.latency.p99, lately.throughput.p99),
    ):
        place = math.ceil(share * len(ranked)) - 1
        assert 0.9 < below / ranked[place] < 1.1
        assert 0.9 < reached / ranked[-1 - place] < 1.1


def test_what_is_old_falls_away_minute_by_minute() -> None:
    window = Window()
    for minute in range(100):
        window.completed(minute * MINUTE_SECONDS, 1.0, None)
        window.failed(minute * MINUTE_SECONDS)
    now = 99 * MINUTE_SECONDS
    assert (window.lately(now).completed, window.lately(now, 5).completed) == (30, 5)
    assert window.lately(now).uptime == 0.5
    assert window.lately(now + 10 * MINUTE_SECONDS, 5).uptime is None
    assert len(vars(window)["_minutes"]) == 30


def test_a_refusal_for_too_many_requests_is_no_failure() -> None:
    window = Window()
    window.limited(0)
    window.completed(0, None, None)
    lately = window.lately(0)
    assert (lately.uptime, lately.limited, lately.latency) == (1.0, 1, None)


def test_calls_of_functions_are_counted() -> None:
    window = Window()
    window.called(0, 3, 2)
    window.called(0, 1, 1)
    assert window.lately(0).calls_quality == 0.75
    assert Window().lately(0).calls_quality is None
