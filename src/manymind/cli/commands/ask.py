"""`manymind ask`: one question, answered in the terminal, without a server."""

import re
import sys
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from manymind.canon.faults import BadRequest, TooLarge
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, JsonOption, leave, settings

TEAM = "manymind/multi-agent"

PIPED_BYTES_MAX = 64 * 1024 * 1024

Words: TypeAlias = Annotated[
    list[str] | None, typer.Argument(metavar="QUESTION", hidden=True, help="What to ask.")
]
Files: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "-f", "--file", metavar="PATH", help="Answer from this file or folder; may be repeated."
    ),
]
Model: TypeAlias = Annotated[
    str, typer.Option("-m", "--model", metavar="MODEL", help="Who answers.")
]
Effort: TypeAlias = Annotated[
    Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None,
    typer.Option(
        metavar="LEVEL", help="none, minimal, low, medium, high, xhigh or max; high is 16 agents."
    ),
]
Agents: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, max=64, metavar="N", help="How many agents, the leader counted."),
]
Budget: TypeAlias = Annotated[
    str | None, typer.Option(metavar="DOLLARS", help="The most that it may cost: 0.50")
]
MaxOutput: TypeAlias = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="The longest answer, in tokens.")
]
MaxTime: TypeAlias = Annotated[
    str | None, typer.Option(metavar="TIME", help="The longest that it may take: 90s, 10m, 1h30m")
]
Schema: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A JSON Schema that the answer must follow.")
]
Output: TypeAlias = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write the answer there as well."),
]
Plain: TypeAlias = Annotated[
    bool, typer.Option("--plain", help="Plain lines instead of live lanes.")
]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("-q", "--quiet", help="Nothing but the answer and errors.")
]


def ask(
    question: Words = None,
    file: Files = None,
    model: Model = TEAM,
    effort: Effort = None,
    agents: Agents = None,
    budget: Budget = None,
    max_output: MaxOutput = None,
    max_time: MaxTime = None,
    schema: Schema = None,
    output: Output = None,
    json: JsonOption = False,
    plain: Plain = False,
    quiet: Quiet = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Ask one question, in the terminal and without a server.

    The answer goes to stdout, all else to stderr. What is piped in is read as a document; without
    a question on the command line it is the question. Ctrl-C ends the run and keeps what there is.
    """
    from manymind.cli.asking import Question, ask
    from manymind.cli.running import run
    from manymind.cli.terminal import here

    seconds = _seconds(max_time)
    words, piped = _asked(question or [])
    chosen = settings(config, data)
    terminal = here(chosen.environment)
    asked = Question(
        text=words,
        piped=piped,
        model=model,
        files=tuple(file or ()),
        effort=effort,
        agents=agents,
        budget=budget,
        max_output=max_output,
        seconds=seconds,
        schema=schema,
        output=output,
        json=json,
        look="quiet" if quiet else "live" if terminal.drawable and not plain else "plain",
    )
    leave(run(ask, asked, chosen, terminal))


def _asked(said: list[str]) -> tuple[str, str]:
    """The question, and what was piped in beside it."""
    words, piped = " ".join(said).strip(), _piped()
    if not words and not piped:
        raise BadRequest(
            "There is no question.",
            advice='Write one: manymind ask "Who approves leave?" -f notes/',
        )
    return (words, piped) if words else (piped, "")


def _piped() -> str:
    """What comes by standard input, if that is not a keyboard."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    data = sys.stdin.buffer.read(PIPED_BYTES_MAX + 1)
    if len(data) > PIPED_BYTES_MAX:
        raise TooLarge(f"More than {PIPED_BYTES_MAX >> 20} MiB were piped in.", advice="Use -f.")
    return data.decode("utf-8", "replace").strip()


def _seconds(said: str | None) -> float | None:
    if said is None:
        return None
    found = re.fullmatch(r"(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s?)?", said)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if total == 0:
        raise BadRequest(f"--max-time {said} is no time.", advice="Write it as 90s, 10m or 1h30m.")
    return float(total)


COMMAND = Command(
    run=ask,
    examples=(
        'manymind ask "Who approves leave?" -f handbook/ --budget 0.50',
        'git diff | manymind ask "What could break?" -m openai/gpt-5 --json',
    ),
    prints="""
{"schema_version", "model", "status", "reason", "answer",
 "citations": [{"number", "url", "document_id", "quote", "verified",
                "start", "end"}],
 "usage": {"input_tokens", "cached_tokens", "output_tokens",
           "reasoning_tokens", "tools", "estimated",
           "cost_in_usd_ticks", "cost_usd"},
 "spent_in_usd_ticks", "spent_usd", "seconds",
 "error": {"code", "message", "advice", "field", "provider"}}
""",
)
