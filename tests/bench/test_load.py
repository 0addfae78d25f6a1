"""The load counts what was answered rightly, and tells what was not."""

import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from msgspec.structs import replace

from bench.gateways.contest import fits, simulated_upstream
from bench.gateways.contestants import DIRECT, OURS
from bench.gateways.load import Job
from bench.gateways.phases import PHASES, Bench
from bench.gateways.processes import Failed, load
from bench.gateways.wire import BIG_BYTES, PACED, PLAIN

ASKED = Job(port=0, path="/v1/chat/completions", model=PLAIN, headers={}, requests=40)


class Refusing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_error(503, "Not today", "Come back\nlater.")

    def log_message(self, format: str, *args: object) -> None:
        """Nobody wants to know."""


@pytest.fixture(scope="module")
def upstream() -> Generator[int]:
    with simulated_upstream() as port:
        yield port


def test_every_request_is_counted_once(upstream: int) -> None:
    score = load(replace(ASKED, port=upstream, connections=4))
    assert score.requests == 40
    assert list(score.latencies) == sorted(score.latencies)


def test_a_stream_tells_when_its_first_word_came(upstream: int) -> None:
    score = load(replace(ASKED, port=upstream, model=PACED, stream=True, requests=2))
    assert len(score.firsts) == score.requests == 2
    assert 0.02 <= score.firsts[0] < score.latencies[0]
    assert score.latencies[0] > 59 * 0.005


def test_a_body_of_8_mb_is_answered(upstream: int) -> None:
    assert load(replace(ASKED, port=upstream, size=BIG_BYTES, requests=1)).requests == 1


def test_a_long_tale_of_latencies_is_told_whole(upstream: int) -> None:
    score = load(replace(ASKED, port=upstream, connections=8, requests=20_000, seconds=30.0))
    assert score.requests == 20_000


def test_a_wrong_reply_ends_the_load_and_is_told_in_one_line() -> None:
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with pytest.raises(Failed) as failed:
            load(replace(ASKED, port=server.server_port))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert str(failed.value).startswith("a wrong reply: HTTP/1.0 503")
    assert "\n" not in str(failed.value)


def test_a_phase_is_for_those_who_have_what_it_asks_for() -> None:
    through_ours, without = Bench(OURS, 1, 2, 3, 1.0), Bench(DIRECT, 2, 2, 0, 1.0)
    assert [name for name in PHASES if not fits(name, through_ours)] == []
    fitting = [name for name in PHASES if fits(name, without)]
    assert fitting == ["c1", "c64", "steady", "paced", "big"]
