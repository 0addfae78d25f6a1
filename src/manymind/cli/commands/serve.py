"""`manymind serve`: the server."""

from typing import Annotated

import typer

from manymind.canon.faults import BadRequest
from manymind.cli.command import Command
from manymind.cli.options import ConfigOption, DataOption, leave, settings


def serve(
    config: ConfigOption = None,
    data: DataOption = None,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The address to listen on.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, metavar="N", help="The port; 0 takes a free one."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Log one line for each request and attempt.")
    ] = False,
    log_level: Annotated[
        str | None,
        typer.Option(metavar="LEVEL", help="debug, info (as -v), warning (the usual) or error."),
    ] = None,
    log_format: Annotated[
        str, typer.Option(metavar="FORM", help="text, or json: one object a line.")
    ] = "text",
) -> None:
    """Serve every model, and the team, on one address.

    All that it says goes to stderr. An address that others can reach needs MANYMIND_API_KEY.
    Ctrl-C lets the answers that are under way finish; a second one does not.
    """
    from manymind.cli.log_lines import FORMATS, LEVELS
    from manymind.cli.running import run
    from manymind.cli.serving import serve

    level = (log_level or ("info" if verbose else "warning")).lower()
    _among("--log-level", level, LEVELS)
    _among("--log-format", log_format, FORMATS)
    leave(run(serve, settings(config, data, host=host, port=port), level, log_format))


def _among(option: str, said: str, known: tuple[str, ...]) -> None:
    if said not in known:
        raise BadRequest(f"{option} {said[:40]} is none.", advice=f"Say {', '.join(known)}.")


COMMAND = Command(
    run=serve,
    examples=(
        "manymind serve --port 8484",
        "XAI_API_KEY=… manymind serve --config manymind.toml -v",
    ),
)
