"""Spans of requests and attempts, as a collector on a socket gets them."""

import subprocess
import sys
from pathlib import Path

from openai import AsyncOpenAI

from tests.flows.receiver import Receiver
from tests.flows.spans import Span, spans
from tests.flows.stage import on_stage
from tests.world import serving

ABOVE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def traced(folder: Path, *models: str, header: str = "") -> list[Span]:
    """The spans of one streamed call of each model."""
    collector = Receiver()
    async with serving(collector) as url:
        settings = f'[otel]\nendpoint = "{url}/v1/traces"\nservice = "ours"\n'
        async with (
            on_stage(folder, settings=settings) as stage,
            AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="any", max_retries=0) as client,
        ):
            for model in models:
                stream = await client.chat.completions.create(
                    model=model,
                    messages=[{"role": "user", "content": "one two three"}],
                    stream=True,
                    extra_headers={"traceparent": header} if header else {},
                )
                async for _ in stream:
                    pass
        assert {post.path for post in collector.posts} <= {"/v1/traces"}
        return spans(collector.posts)


async def test_a_request_and_its_attempts_are_one_trace(tmp_path: Path) -> None:
    found = await traced(tmp_path, "vllm/sim-echo;fault=503;times=1;retry_after=0")
    asked = next(each for each in found if each.name == "POST /v1/chat/completions")
    first, second = sorted(
        (each for each in found if each is not asked),
        key=lambda each: each.said["manymind.attempt.number"],
    )
    assert {each.trace for each in found} == {asked.trace}
    assert (asked.parent, asked.kind, asked.failed) == ("", 2, False)
    assert asked.said["http.response.status_code"] == 200
    assert (first.parent, second.parent) == (asked.id, asked.id)
    assert (first.failed, first.said["error.type"]) == (True, "overloaded")
    assert second.name.startswith("chat sim-echo")
    assert (second.kind, second.failed) == (3, False)
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "vllm",
        "gen_ai.system": "vllm",
        "gen_ai.request.stream": True,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.output_tokens": 3,
        "manymind.cost.ticks": 0,
        "manymind.request.id": asked.said["manymind.request.id"],
    }
    assert expected.items() <= second.said.items()
    assert second.said["gen_ai.usage.input_tokens"] > 0
    assert 0 < second.said["gen_ai.response.time_to_first_chunk"] <= second.seconds
    assert asked.seconds >= second.seconds


async def test_a_caller_s_own_trace_goes_on(tmp_path: Path) -> None:
    found = await traced(tmp_path, "vllm/sim-echo", header=ABOVE)
    assert {each.trace for each in found} == {ABOVE[3:35]}
    asked = next(each for each in found if each.name.startswith("POST"))
    assert asked.parent == ABOVE[36:52]


async def test_a_trace_that_nobody_wants_is_not_sent(tmp_path: Path) -> None:
    silent = await traced(tmp_path, "vllm/sim-echo", "vllm/sim-echo", header=f"{ABOVE[:-1]}0")
    assert silent == []


async def test_without_an_endpoint_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys, anyio\n"
        "from pathlib import Path\n"
        "from manymind.app.house import open_house\n"
        "from manymind.config import Flags, load\n"
        "async def main():\n"
        "    config = load(Flags(data=Path(sys.argv[1])), {'HOME': sys.argv[1]})\n"
        "    async with open_house(config):\n"
        "        print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
        "anyio.run(main)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, check=True
    )
    assert done.stdout.strip() == b"[]"
