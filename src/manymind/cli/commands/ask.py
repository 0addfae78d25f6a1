"""`manymind ask`: one question, answered in the terminal, without a server."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from manymind.cli import exits
from manymind.cli.options import ConfigOption, DataOption, JsonOption, settings

TEAM = "manymind/multi-agent"


def ask(
    question: Annotated[
        list[str] | None, typer.Argument(help="The question; standard input is added to it.")
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option("-f", "--file", help="A file or folder to answer from; may be repeated."),
    ] = None,
    model: Annotated[str, typer.Option("-m", "--model", help="Who answers.")] = TEAM,
    effort: Annotated[
        str | None, typer.Option(help="none, minimal, low, medium, high, xhigh or max.")
    ] = None,
    agents: Annotated[
        int | None, typer.Option(min=1, max=64, help="How many agents, the leader counted.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="The most that it may cost, in dollars: 0.50")
    ] = None,
    max_time: Annotated[
        str | None, typer.Option(help="The longest that it may take: 90s, 10m, 1h")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="A JSON Schema that the answer must follow.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the answer there as well.")
    ] = None,
    json: JsonOption = False,
    plain: Annotated[bool, typer.Option(help="Plain lines instead of live lanes.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only the answer.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Ask one question; the answer goes to stdout, all else to stderr.

    Example:  manymind ask "Who approves leave?" -f handbook/ --budget 0.50

    Example:  git diff | manymind ask "What could break?" -m openai/gpt-5 --json

    --json prints: schema_version, model, status, reason, answer, citations, usage, seconds.
    """
    import anyio

    from manymind.cli.asking import Question, run

    text = _whole_question(question)
    asked = Question(
        text=text,
        model=model,
        files=tuple(file or ()),
        effort=_checked_effort(effort),
        agents=agents,
        budget=budget,
        seconds=_seconds(max_time),
        schema=schema,
        output=output,
        json=json,
        look="quiet" if quiet else "plain" if plain or not sys.stderr.isatty() else "live",
    )
    local = model.startswith("manymind/")
    folders = tuple(str(path) for path in asked.files) if local else ()
    chosen = settings(config, data, folders=folders)
    code = anyio.run(run, asked, chosen, backend_options={"use_uvloop": sys.platform != "win32"})
    if code != exits.OK:
        raise typer.Exit(code)


def _whole_question(words: list[str] | None) -> str:
    """The words of the command line, and what is piped in."""
    parts = [" ".join(words or ())]
    if not sys.stdin.isatty():
        parts.append(sys.stdin.read())
    text = "\n\n".join(part.strip() for part in parts if part.strip())
    if not text:
        raise typer.BadParameter('Ask something: manymind ask "Who approves leave?" -f notes/')
    return text


def _checked_effort(effort: str | None) -> str | None:
    known = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
    if effort is not None and effort not in known:
        raise typer.BadParameter(f"--effort is one of {', '.join(known)}.")
    return effort


def _seconds(said: str | None) -> float | None:
    if said is None:
        return None
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (said[:-1], units[said[-1]]) if said[-1:] in units else (said, 1)
    if not number.isdecimal() or int(number) == 0:
        raise typer.BadParameter("--max-time is a whole number of s, m or h: 90s, 10m, 1h.")
    return float(int(number) * unit)


COMMAND = ask
