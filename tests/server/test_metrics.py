"""What the server counts: all of it, in Prometheus' form, and no label that a caller could make."""

import re
import time
from pathlib import Path

import aiohttp
import pytest

from manymind.canon.attempts import Attempt, Bill
from manymind.canon.usage import Usage
from manymind.config import ConfigError
from manymind.server.metrics import LABELS_MAX, OTHER, SERIES_MAX, Metrics
from tests.flows.records_stage import call
from tests.flows.stage import on_stage
from tests.server.stage import ask

LINE = re.compile(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\})? (-?[0-9.e+]+|\+Inf)')

USED = Usage(input_tokens=10, output_tokens=2, cached_tokens=4)


def tried(
    offer: str = "acme/small", outcome: str = "completed", seconds: float = 0.3, ticks: int = 7
) -> Attempt:
    provider, _, native = offer.partition("/")
    return Attempt(
        key="k",
        requested=offer,
        offer=offer,
        provider=provider,
        slug=f"{provider}/{native}",
        served=native,
        outcome=outcome,
        seconds=seconds,
        first_word_seconds=seconds / 2,
        bill=Bill(
            ticks=ticks,
            basis="usage",
            usage=Usage(input_tokens=10, output_tokens=2, cached_tokens=4),
        ),
    )


def read(metrics: Metrics) -> dict[str, float]:
    """Every line, checked against the form."""
    found: dict[str, float] = {}
    for line in metrics.text().decode().splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .+", line)
            continue
        match = LINE.fullmatch(line)
        assert match is not None, line
        name = match[1] + (match[2] or "")
        assert name not in found, name
        found[name] = float(match[3])
    return found


def test_attempts_are_counted_with_their_tokens_and_cost() -> None:
    metrics = Metrics(lambda offer: True)
    for _ in range(3):
        metrics.attempted(tried())
    metrics.attempted(tried(outcome="timeout", seconds=700, ticks=0))
    found = read(metrics)
    small = 'provider="acme",model="acme/small"'
    assert found[f'manymind_attempts_total{{{small},outcome="completed"}}'] == 3
    assert found[f'manymind_attempts_total{{{small},outcome="timeout"}}'] == 1
    assert found[f'manymind_tokens_total{{{small},kind="input"}}'] == 40
    assert found[f"manymind_cost_ticks_total{{{small}}}"] == 21
    assert found['manymind_attempt_seconds_bucket{provider="acme",le="0.25"}'] == 0
    assert found['manymind_attempt_seconds_bucket{provider="acme",le="0.5"}'] == 3
    assert found['manymind_attempt_seconds_bucket{provider="acme",le="600"}'] == 3
    assert found['manymind_attempt_seconds_bucket{provider="acme",le="+Inf"}'] == 4
    assert found['manymind_first_word_seconds_count{provider="acme"}'] == 4
    assert found['manymind_attempt_seconds_sum{provider="acme"}'] == pytest.approx(700.9)


def test_callers_make_no_labels() -> None:
    metrics = Metrics(lambda offer: offer == "acme/small")
    for number in range(5000):
        metrics.attempted(tried(f"acme/made-up-{number}"))
    metrics.attempted(tried())
    metrics.ended("BREW\n", "/v1/x", "ok", 0.1)
    found = read(metrics)
    counted = [name for name in found if name.startswith("manymind_attempts_total")]
    assert len(counted) == 2
    assert (
        found['manymind_attempts_total{provider="acme",model="other",outcome="completed"}'] == 5000
    )
    assert 'manymind_requests_total{method="other",route="/v1/x",outcome="ok"}' in found


def test_even_what_is_known_has_only_so_many_places() -> None:
    metrics = Metrics(lambda offer: True)
    for number in range(SERIES_MAX + 500):
        metrics.attempted(tried(f"acme/{number}"))
    redactions = [((f"{number:03}", "flag"), 1) for number in range(LABELS_MAX + 50)]
    told = "What was redacted."
    metrics.tally("manymind_redactions_total", told, ("rule", "action"), lambda: redactions)
    found = read(metrics)
    counted = {name for name in found if name.startswith("manymind_attempts_total")}
    assert len(counted) == SERIES_MAX + 1
    assert found['manymind_redactions_total{rule="other",action="other"}'] == 50
    assert OTHER in "".join(counted)


def test_labels_are_escaped() -> None:
    metrics = Metrics(lambda offer: True)
    metrics.attempted(tried('acme/a"b\\c\nd'))
    read(metrics)


def test_counting_costs_single_microseconds() -> None:
    metrics, attempt = Metrics(lambda offer: True), tried()
    best = 1.0
    for _ in range(20):
        begun = time.perf_counter()
        for _ in range(500):
            metrics.began()
            metrics.attempted(attempt)
            metrics.ended("POST", "/v1/chat/completions", "ok", 0.2)
        best = min(best, (time.perf_counter() - begun) / 500)
    assert best < 50e-6, f"{best * 1e6:.1f} µs"


async def test_what_went_on_is_shown_to_whoever_scrapes(tmp_path: Path) -> None:
    environment = {"MANYMIND_API_KEY": "mm-boss"}
    async with on_stage(tmp_path, environment=environment) as stage:
        assert (await call(stage, "/metrics")).status == 401
        async with aiohttp.ClientSession() as session:
            for model in ("vllm/sim-echo", "vllm/sim-echo;fault=400"):
                headers = {"authorization": "Bearer mm-boss"}
                url = f"{stage.url}/v1/chat/completions"
                async with session.post(url, json=ask(model), headers=headers) as reply:
                    await reply.read()
        said = await call(stage, "/metrics", key="mm-boss")
    assert said.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    route = 'route="/v1/chat/completions"'
    assert f'manymind_requests_total{{method="POST",{route},outcome="ok"}} 1' in said.text
    assert 'manymind_refusals_total{code="invalid_request"} 1' in said.text
    known = (
        r'^manymind_attempts_total\{provider="vllm",model="\S*sim-echo",outcome="completed"\} 1$'
    )
    assert re.search(known, said.text, re.MULTILINE)
    made_up = 'provider="vllm",model="other",outcome="invalid_request"'
    assert f"manymind_attempts_total{{{made_up}}} 1" in said.text
    for name in ("connections", "upstream_connections", "bodies_bytes", "ledger_rows_waiting"):
        assert re.search(rf"^manymind_{name} [0-9]", said.text, re.MULTILINE), name


async def test_it_is_open_only_where_nobody_else_comes(tmp_path: Path) -> None:
    environment = {"MANYMIND_API_KEY": "mm-boss"}
    opened = "[metrics]\nopen = true\n"
    async with on_stage(tmp_path, settings=opened, environment=environment) as stage:
        assert (await call(stage, "/metrics")).status == 200
    exposed = f'{opened}[server]\nhost = "0.0.0.0"\n'
    with pytest.raises(ConfigError, match=r"metrics\.open"):
        async with on_stage(tmp_path, settings=exposed, environment=environment):
            pass
