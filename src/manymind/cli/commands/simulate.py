"""`manymind simulate`: a provider that is none, to test clients against."""

from typing import Annotated

import typer

from manymind.cli.command import Command
from manymind.cli.options import leave


def simulate(
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, metavar="N", help="The port to listen on; 0 takes a free one."
        ),
    ] = 8585,
    key: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Demand this key; without it none is needed."),
    ] = None,
) -> None:
    """Serve a simulated provider, to test clients against.

    It has OpenAI's, Anthropic's and Ollama's paths, and models that compute from what they are
    sent and know nothing else. What shall go wrong is written behind the model's name, so that
    any client can ask for it. Nothing of what it is sent is kept.
    """
    from manymind.cli.running import run
    from manymind.cli.simulating import simulate

    leave(run(simulate, port, key))


COMMAND = Command(
    run=simulate,
    examples=(
        "manymind simulate --port 8585",
        "OPENAI_API_KEY=x OPENAI_BASE_URL=http://127.0.0.1:8585/v1 manymind serve",
        "manymind ask Hello -m 'openai/sim-echo;fault=429;retry_after=2;times=1'",
    ),
    notes="""
Behind the name of a model, each after a semicolon:
latency, jitter, seed   seconds before the reply; jitter is spread by seed
tps, chunk, drip        tokens a second, tokens a piece, seconds a byte
fault, retry_after      this status; times=N for the first N requests only
hang, stall=N           never answers; says nothing more after N events
cut=N, unfinished=N     breaks off after N events; ends there in good order
malformed=N, error=N    the N-th event is no JSON; an error after N events
empty, html, redirect   no content; a page instead of JSON; another path
window                  refuses more input tokens than this
usage=0, cached         leaves usage out; cached tokens that usage claims
input_tokens,
output_tokens           other counts that usage claims
unknown, same_ids       fields that nobody knows; one id for all items
redacted                thoughts are sealed
house                   the habits of openai, xai or openrouter
""",
)
