"""What goes wrong, and how fast: written after the model's name, so that any client can ask for
it (`sim-echo;latency=1.0;tps=50;fault=429;retry_after=2`)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from manymind.server.simulated.talk import Refused

Seconds = Annotated[float, Meta(ge=0, le=3600)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Knobs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each knob is off until it is named. `n` counts events of a stream.

    latency, jitter     seconds before the head of the reply; jitter is spread by `seed`
    tps, chunk          tokens per second; tokens in one delta
    drip                seconds between the single bytes of the reply's first line
    hang                never answers
    fault, retry_after  this status, with this Retry-After; only the first `times` requests
    window              refuses more input tokens than this
    cut                 closes the socket after n events, or after n bytes of a whole body
    unfinished          ends the stream in good order after n events, without its last ones
    stall               says nothing more after n events, and keeps the socket open
    malformed           the n-th event, or a whole body, is not JSON
    error               an error event after n events; a whole Response fails with status 200
    usage               `usage=0` leaves it out
    counts              where a stream of Chat has it: in a chunk apart, on the last choice, or
                        growing on each chunk, with what was said so far
    unknown             plants fields and events that nobody has heard of, at every level
    same_ids            all items of a Response have one id
    empty               an answer without content
    html, redirect      a page instead of JSON; a 307 to this path
    cached, written, input_tokens, output_tokens    what usage claims
    redacted            thoughts are given sealed only
    house               the habits of openai, xai or openrouter on OpenAI's paths
    """

    latency: Seconds = 0
    jitter: Seconds = 0
    seed: int = 0
    tps: Annotated[float, Meta(ge=0, le=1_000_000)] = 0
    chunk: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    drip: Annotated[float, Meta(ge=0, le=10)] = 0
    hang: bool = False
    fault: Annotated[int, Meta(ge=400, le=599)] | None = None
    retry_after: Seconds | None = None
    times: Count = 0
    window: Count | None = None
    cut: Count | None = None
    unfinished: Count | None = None
    stall: Count | None = None
    malformed: Count | None = None
    error: Count | None = None
    usage: bool = True
    counts: Literal["apart", "last", "each"] = "apart"
    unknown: bool = False
    same_ids: bool = False
    empty: bool = False
    html: bool = False
    redirect: str | None = None
    cached: Count = 0
    written: Count = 0
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    redacted: bool = False
    house: Literal["openai", "xai", "openrouter"] = "openai"


def read_model(written: str) -> tuple[str, Knobs]:
    """The model's name and the knobs behind it."""
    name, *settings = written.split(";")
    pairs: dict[str, str] = {}
    for setting in settings:
        knob, _, value = setting.partition("=")
        pairs[knob.strip()] = value.strip() or "1"
    try:
        return name, msgspec.convert(pairs, Knobs, strict=False)
    except msgspec.ValidationError as wrong:
        raise Refused(400, f"The knobs of {name} are wrong: {wrong}", param="model") from None
