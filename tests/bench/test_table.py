"""The benchmark's own arithmetic."""

from bench.gateways.phases import at
from bench.gateways.table import Rounds, cell, number
from bench.gateways.wire import CHAT, heard, unchunked


def rounds_of(**figures: list[float]) -> Rounds:
    """Rounds by contestant, each of one figure."""
    rounds = Rounds()
    for name, values in figures.items():
        for value in values:
            rounds.add(name, {"c64_rps": value})
    return rounds


def test_a_figure_is_the_median_of_its_rounds_with_half_their_span() -> None:
    rounds = rounds_of(nginx=[100.0, 400.0, 200.0])
    assert rounds.value("nginx", "c64_rps") == 200
    assert cell(rounds, "nginx", "c64_rps") == "200 ±75%"


def test_a_figure_that_was_not_measured_is_a_dash() -> None:
    rounds = rounds_of(nginx=[100.0])
    assert cell(rounds, "nginx", "idle_mb") == cell(rounds, "portkey", "c64_rps") == "-"
    assert rounds.ratio("nginx", "portkey", "c64_rps") is None


def test_a_failure_names_no_place_on_the_machine_and_is_told_once() -> None:
    rounds = Rounds()
    for _ in range(2):
        rounds.failed("portkey", "failed at file:///srv/some/where.js:1 and /opt/x/y")
    assert rounds.failures == {"portkey": ["failed at … and …"]}


def test_numbers_show_three_figures() -> None:
    shown = [number(value) for value in (1234.6, 99.96, 0.012345, None)]
    assert shown == ["1,235", "100.0", "0.0123", "-"]


def test_a_percentile_is_one_of_the_values() -> None:
    assert at((1.0, 2.0, 3.0, 4.0), 0.5) == 3.0
    assert at((1.0,), 0.99) == 1.0


def test_a_stream_without_its_end_was_not_heard() -> None:
    event = b'data: {"choices":[{"delta":{"content":"high"}}]}\n\n'
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(event), event)
    assert unchunked(sent) == event
    assert heard(CHAT, event) == ""
    assert heard(CHAT, event + b"data: [DONE]\n\n") == "high"
