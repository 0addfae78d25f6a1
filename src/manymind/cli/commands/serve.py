"""`manymind serve`: the server."""

import logging
import sys
from typing import Annotated

import typer

from manymind.cli import exits
from manymind.cli.options import ConfigOption, DataOption, settings
from manymind.config import Config


def serve(
    config: ConfigOption = None,
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")
    ] = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Log each request.")] = False,
) -> None:
    """Serve every model, and the team, on one address.

    Example:  manymind serve --port 8484

    Example:  XAI_API_KEY=… manymind serve --config manymind.toml
    """
    import anyio

    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    chosen = settings(config, data, host=host, port=port)
    if not anyio.run(_serve, chosen, backend_options={"use_uvloop": sys.platform != "win32"}):
        where = f"{chosen.server.host}:{chosen.server.port}"
        print(f"manymind: {where} cannot be listened on; try --port.", file=sys.stderr)
        raise typer.Exit(exits.CONFIGURATION)


async def _serve(config: Config) -> bool:
    from manymind.app.house import open_house
    from manymind.server.listen import listen

    async with open_house(config, progress=_tell) as house:

        def ready(port: int) -> None:
            host = f"[{config.server.host}]" if ":" in config.server.host else config.server.host
            address = f"http://{host}:{port}"
            _tell(f"Manymind listens on {address}")
            for found in house.found:
                if found.ready:
                    _tell(f"  provider {found.name}: {found.note}")
            if not any(found.ready for found in house.found):
                _tell("  no provider is configured: the built-in reader answers")
                _tell("  (manymind doctor says what can be)")
            key = "-H 'Authorization: Bearer '$MANYMIND_API_KEY" if config.key else ""
            _tell(f"Try:  curl -s {address}/v1/models {key}".rstrip())

        return await listen(
            house.application,
            host=config.server.host,
            port=config.server.port,
            drain_seconds=config.server.drain_seconds,
            draining=house.draining,
            ready=ready,
        )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


COMMAND = serve
