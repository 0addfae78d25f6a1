"""The calendar that budgets are counted by."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manymind.canon.budgets import Period
from manymind.canon.windows import Window, window

PERIODS: tuple[Period, ...] = ("minute", "hour", "day", "week", "month", "total")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("period", "begins", "ends"),
    [
        ("minute", "2028-02-29T23:59:00", "2028-03-01T00:00:00"),
        ("hour", "2028-02-29T23:00:00", "2028-03-01T00:00:00"),
        ("day", "2028-02-29T00:00:00", "2028-03-01T00:00:00"),
        ("week", "2028-02-28T00:00:00", "2028-03-06T00:00:00"),
        ("month", "2028-02-01T00:00:00", "2028-03-01T00:00:00"),
    ],
)
def test_a_window_ends_by_the_calendar(period: Period, begins: str, ends: str) -> None:
    assert window(period, at("2028-02-29T23:59:59") + 0.9) == Window(at(begins), at(ends))


def test_a_total_has_one_window() -> None:
    assert window("total", 0.0) == window("total", 4e9) == Window(0, None)


@given(st.sampled_from(PERIODS), st.floats(0, 2**32))
def test_every_moment_lies_in_its_window_and_the_next_one_begins_where_it_ends(
    period: Period, moment: float
) -> None:
    found = window(period, moment)
    assert found.holds(moment)
    if found.ends_at is not None:
        assert not found.holds(found.ends_at)
        assert window(period, found.ends_at).begins_at == found.ends_at
        assert window(period, found.begins_at) == found
