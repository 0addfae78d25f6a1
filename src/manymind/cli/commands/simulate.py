"""`manymind simulate`: a provider that is none, to test clients against."""

import sys
from typing import Annotated

import typer


def simulate(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8585,
    key: Annotated[
        str | None, typer.Option(help="Demand this key; without it none is needed.")
    ] = None,
) -> None:
    """Serve a simulated provider: OpenAI's, Anthropic's and Ollama's paths, and faults on demand.

    Faults are asked for in the model's name, so that any client can:
    sim-echo;latency=1.0;tps=50 · sim-echo;fault=429;retry_after=2;times=1 · sim-adder;cut=3

    Example:  manymind simulate --port 8585

    Example:  OPENAI_API_KEY=x OPENAI_BASE_URL=http://127.0.0.1:8585/v1 manymind serve

    Its models compute from what they are sent and know nothing else: sim-echo, sim-adder,
    sim-caller, sim-json, sim-researcher, sim-thinker, sim-vision, sim-refuser.
    """
    import anyio

    from manymind.server.simulated import Simulated, serve

    print(f"A simulated provider listens on http://127.0.0.1:{port}", file=sys.stderr)
    anyio.run(serve, Simulated(key=key), "127.0.0.1", port)


COMMAND = simulate
