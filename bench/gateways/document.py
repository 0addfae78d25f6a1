"""`docs/benchmarks.md`: what was measured, beside what was aimed at. It names no machine, only
its kind."""

from collections.abc import Sequence

import msgspec

from bench.gateways.goals import BUSY_SHARE, GOALS, VERDICTS
from bench.gateways.parts import Part
from bench.gateways.profiling import Section
from bench.gateways.table import MEANINGS, OURS, Rounds, cell, number

DIRECT, NGINX = "direct", "nginx"
GLANCE = (
    "c64_rps", "c64_cpu_us", "c1_p50_ms", "steady_p50_ms", "steady_p99_ms",
    "paced_cpu_us", "responses_cpu_us", "messages_cpu_us",
    "big_ms", "loaded_mb", "start_s",
)  # fmt: skip
ADDED = (
    "c1_p50_ms", "c64_p50_ms", "steady_p50_ms", "steady_p99_ms",
    "paced_first_p50_ms", "responses_first_p50_ms", "messages_first_p50_ms", "big_ms",
)  # fmt: skip
PAST_CHAT = {"responses_first_p50_ms", "messages_first_p50_ms"}
"""The upstream speaks Chat alone: beside these stands its own first word."""
ALONE = {"slow_reader_mb"}
"""Figures that may be nothing at all, beside which no ratio says anything."""
ROOMS = {
    "server": "HTTP heads and bodies, the key's header, the reply onto the socket",
    "gateway": "one request, top to bottom",
    "routing": "which provider answers; hold and settle",
    "providers": "the question for this upstream, and what it says",
    "egress": "the connection to the upstream",
    "dialects": "reading and writing the wire formats",
    "ledger": "usage, price, what may be spent",
    "catalog": "the model and its price",
    "policy": "keys",
    "outbox": "what waits to be written, and the system's call that writes it",
    "memory": "what was said before; nothing of it is kept here",
    "store": "the database",
    "tokens": "how many tokens a request is",
    "canon": "the values that all rooms share",
    "alarm": "deadlines",
    "clock": "what time it is",
    "loop": "uvloop between our functions: waiting, accepting, reading",
    "libraries": "Python's and others', called by none of these",
}
LOADS = {
    "c64": "a request",
    "paced": "a chunk, Chat to Chat",
    "responses": "a chunk, Responses over Chat",
    "messages": "a chunk, Messages over Chat",
}
ROOM_SHARE = 0.02
"""A room that is less under every load stands among the others."""
FUNCTIONS = 8


class Participant(msgspec.Struct, frozen=True):
    name: str
    version: str
    note: str
    rounds: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page tells. `others` is the share of the machine that went to programs that
    are no part of the benchmark."""

    rounds: Rounds
    participants: tuple[Participant, ...]
    machine: str
    planned: int
    seconds: float
    minutes: float
    others: float
    profile: tuple[Section, ...] = ()
    parts: tuple[Part, ...] = ()


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """Its first columns hold words, the others figures."""
    rule = [*["---"] * words, *("---:" for _ in heads[words:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, rule, *rows))


def goals(rounds: Rounds, others: float) -> str:
    rows = [
        (goal.meaning, goal.aim, goal.measured(rounds), goal.verdict(rounds, others))
        for goal in GOALS
    ]
    return table(("figure", "goal", "measured", ""), rows)


def glance(rounds: Rounds) -> str:
    return table(
        ("", *rounds.names),
        [
            (MEANINGS[figure], *(number(rounds.value(name, figure)) for name in rounds.names))
            for figure in GLANCE
            if figure in rounds.figures
        ],
    )


def measured(rounds: Rounds) -> str:
    return table(
        ("", *rounds.names),
        [
            (MEANINGS[figure], *(cell(rounds, name, figure) for name in rounds.names))
            for figure in MEANINGS
            if figure in rounds.figures
        ],
    )


def ratios(rounds: Rounds) -> str:
    """Ours through theirs, of the figures that both have."""
    others = [name for name in rounds.names if name not in (OURS, DIRECT)]
    return table(
        ("manymind ÷ other", *others),
        [
            (MEANINGS[figure], *(number(rounds.ratio(OURS, name, figure)) for name in others))
            for figure in MEANINGS
            if figure not in ALONE
            and any(rounds.ratio(OURS, name, figure) is not None for name in others)
        ],
    )


def added(rounds: Rounds) -> str:
    """Median time beyond that of the load straight to the upstream."""
    names = [name for name in rounds.names if name != DIRECT]

    def row(figure: str) -> tuple[str, ...]:
        none = rounds.value(DIRECT, "paced_first_p50_ms" if figure in PAST_CHAT else figure)
        values = [rounds.value(name, figure) for name in names]
        cells = (None if v is None or none is None else v - none for v in values)
        return (MEANINGS[figure], *map(number, cells))

    known = [figure for figure in ADDED if figure in rounds.figures]
    return table(("added to direct", *names), [row(figure) for figure in known])


def missed(rounds: Rounds, others: float) -> str:
    """Each goal that was not reached, in its own unit."""
    lines = [
        f"- {goal.meaning}: {goal.short(rounds)} ({goal.measured(rounds)}; {goal.aim})."
        for goal in GOALS
        if goal.verdict(rounds, others) == VERDICTS[False]
    ]
    if not lines:
        return "No goal that could be judged was missed."
    return "Missed were:\n\n" + "\n".join(lines)


def kernel(rounds: Rounds) -> str:
    """What of a request and of a chunk is the kernel's, for each who was weighed."""
    names = [name for name in rounds.names if rounds.value(name, "c64_kernel_us") is not None]

    def row(name: str) -> tuple[str, ...]:
        values = [(rounds.value(name, f"{load}_cpu_us"), rounds.value(name, f"{load}_kernel_us"))
                  for load in ("c64", "paced")]  # fmt: skip
        return (name, *(number(value) for pair in values for value in pair))

    heads = ("µs", "a request", "in the kernel", "a paced chunk", "in the kernel")
    return table(heads, [row(name) for name in names])


def rooms(rounds: Rounds, profile: Sequence[Section]) -> str:
    """Each room's share of each load, and what that makes of the processor time that the load
    takes without a profiler."""
    shares = [section.rooms() for section in profile]
    costs = [rounds.value(OURS, f"{section.load}_cpu_us") for section in profile]
    known = dict.fromkeys(room for share in shares for room in share)
    kept = [room for room in known if any(share.get(room, 0) >= ROOM_SHARE for share in shares)]

    def cells(*named: str) -> list[str]:
        sums = [sum(share.get(room, 0.0) for room in named) for share in shares]
        return [_share(each, cost) for each, cost in zip(sums, costs, strict=True)]

    rows = [(f"`{room}`", ROOMS.get(room, ""), *cells(room)) for room in kept]
    rest = ("others", "", *cells(*(room for room in known if room not in kept)))
    whole = ("all", "", *cells(*known))
    heads = ("", "for", *(LOADS[section.load] for section in profile))
    return table(heads, [*rows, rest, whole], words=2)


def _share(share: float, cost: float | None) -> str:
    if not share:
        return "-"
    return f"{share:.0%}" if cost is None else f"{number(share * cost)} µs, {share:.0%}"


def functions(profile: Sequence[Section]) -> str:
    return "\n".join(
        f"- {LOADS[section.load]}: "
        + ", ".join(f"`{name}` {share:.0%}" for name, share in section.functions(FUNCTIONS))
        for section in profile
        if section.samples
    )


def why(report: Report) -> str:
    rounds, profile = report.rounds, report.profile
    if not profile:
        return f"{missed(rounds, report.others)}\n\nNo profile was taken in this run."
    samples = ", ".join(f"{section.samples:,}" for section in profile)
    return f"""{missed(rounds, report.others)}

{BYTES}

{kernel(rounds)}

Of manymind's own time, by the [room](../ARCHITECTURE.md) of the source that was at work. A process
of its own was sampled for this under each load, after the rounds: shares are of its samples
({samples}), microseconds those shares of the figures above.

{rooms(rounds, profile)}

The functions that were found most often at work, with what they call outside of the program:

{functions(profile)}"""


BYTES = """\
nginx sets the measure for what it costs to move bytes from one socket to another, in
compiled code that reads nothing. A gateway has two requests for every one of its callers, and
what it does between them is on top of that: it finds the model in the body, checks the key,
chooses an offer, writes another head, reads what was used, prices it, and settles. Ours does it in
Python, on one core. What the kernel takes, for sockets above all, nobody can avoid who
asks for the same bytes in the same pieces:"""


def participants(report: Report) -> str:
    return "\n".join(
        f"- **{' '.join((each.name, each.version)).strip()}**: {each.note} "
        f"({_count(each.rounds, 'round')})"
        for each in report.participants
    )


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


def failures(rounds: Rounds) -> str:
    lines = [f"- {name}: {why}" for name, each in rounds.failures.items() for why in each]
    return "\n".join(lines) or "Nothing failed: every contestant went through all phases it has."


DASH = "A dash: it has no such door, or it failed, as told [below](#what-failed)."
DIVIDED = """\
Manymind's figure divided by the other's. Of requests/s more is better, of everything else less."""
MEDIANS = """\
Medians of the rounds; after ± half of what lies between the best and the worst of them."""
UNEQUAL = """\
- nginx passes bytes on: it checks no key, reads no body, counts nothing and cannot translate.
- manymind and LiteLLM check a key; Portkey and TensorZero, as set up here, check none.
- manymind prices and meters every call. The others keep no record here; nobody caches answers.
- LiteLLM alone stands beside us where Responses and Messages are translated to an upstream of Chat
  Completions. Portkey sends Responses on to the upstream's own path for them, and answers that
  `messages is not supported by openai`; TensorZero has neither path (404).
- Responses are asked for with `store` set to false, as nobody but manymind would keep them here;
  what keeping adds is a figure of its own.
- Where a contestant cannot keep up with the paced streams, its time to the first word is the
  time in its queue; compare its processor time instead.
- LiteLLM takes part in one round, the others in all. Its rate here may be below that of the
  image that its makers publish."""

METHOD = """\
- Each gateway runs alone on one core, as one process or with the children it starts itself. A
  simulated upstream and the load, both on bare protocols, share the next core, or have one each
  where there are three.
- Each round takes every contestant through all phases, one after the other, from a fresh start.
- The load keeps its connections open, asks again as soon as it was answered, and checks every
  reply; of a stream, its whole text. A wrong one ends the phase, and is told above.
- `direct` is the load without a gateway: what is added, is added to it.
- 300 requests/s: asked at these times over 64 connections, whether or not the last were answered;
  what had to wait for a free one counts from when it was due. `booked` is Manymind asked with a
  stored key under a budget, its ledger written to SQLite meanwhile.
- Paced: 32 streams, 20 ms to the first chunk, then 59 more, one every 5 ms. What a stream costs
  on the whole is divided by its 60 chunks.
- The body of 8 MiB is sent twelve times, one after the other; its answer is small.
- The reader who does not read: eight streams of 100 MB each are asked for, and left alone for
  three seconds; what memory grew by, divided by eight. It is 0 for whoever still held as much
  that was free from what came before.
- 200,000 requests: 64 at a time after 20,000 to warm up, in one process, without a pause.
- CPU is the processor time of the process and all its children, memory their proportional set
  size, peaks the largest resident size."""

REPEAT = """\
```bash
make bench                                            # all of it, and this page
.venv/bin/python -m bench.gateways --help             # parts of it
.venv/bin/python -m bench.gateways --only manymind,nginx --phase c64 --rounds 1
.venv/bin/python -m bench.gateways --only manymind,nginx --quick --profile
```

It needs Linux and two cores with nothing else to do. The other gateways are installed into
`.bench/` from the public registries, as far as they are not there; Portkey needs node and npm, and
nginx is taken from the system (`apt-get install nginx-light`). Whoever is missing is left out, and
named with the reason."""


def opening(report: Report) -> str:
    return f"""# Benchmarks

Written by `make bench`; do not edit. Manymind beside LiteLLM's proxy, Portkey's gateway,
TensorZero's gateway and nginx as a plain reverse proxy: the same load through each of them to one
simulated upstream, on one core.

Compare figures within this page only. They are of one run of {report.minutes:.0f} minutes on one
machine ({report.machine}), with {_count(report.planned, "round")} and {report.seconds:g} s a phase.
Programs that are no part of the benchmark used {report.others:.1%} of the machine meanwhile. Where
that is more than {BUSY_SHARE:.0%}, processor time still tells something, and the clock does not."""


def document(report: Report) -> str:
    rounds = report.rounds
    sections = (
        ("At a glance", f"{glance(rounds)}\n\n{DASH}"),
        ("Goals", goals(rounds, report.others)),
        ("Where our time goes", why(report)),
        ("Ratios", f"{DIVIDED}\n\n{ratios(rounds)}"),
        ("Figures", f"{MEDIANS}\n\n{measured(rounds)}\n\n{added(rounds)}"),
        *((part.title, f"{part.about}\n\n```\n{part.said}\n```") for part in report.parts),
        ("What failed", failures(rounds)),
        ("What is not comparable", UNEQUAL),
        ("Who took part", participants(report)),
        ("How it is measured", METHOD),
        ("Repeat it", REPEAT),
    )
    told = (f"## {heading}\n\n{text}" for heading, text in sections)
    return "\n\n".join((opening(report), *told)) + "\n"
