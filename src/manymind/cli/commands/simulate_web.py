"""`manymind simulate-web`: a small web that is none, to try research without the real one."""

from typing import Annotated

import typer

from manymind.cli.command import Command
from manymind.cli.options import leave


def simulate_web(
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, metavar="N", help="The port to listen on; 0 takes a free one."
        ),
    ] = 8586,
) -> None:
    """Serve a small made-up web, to try research against.

    It is the web of the Marren Isles, which do not exist: a hundred pages on sites such as
    atlas.localhost, some of which contradict each other, and a few that set traps. Its search
    answers as SearXNG does.
    """
    from manymind.cli.running import run
    from manymind.cli.simulating import simulate_web

    leave(run(simulate_web, port))


COMMAND = Command(
    run=simulate_web,
    examples=(
        "manymind simulate-web --port 8586",
        "manymind simulate-web --port 0",
        "curl -s 'http://127.0.0.1:8586/search?q=Skarra+Outer&format=json'",
        "curl -s http://atlas.localhost:8586/light/skarra-outer",
    ),
    notes="""
Its sites, each under .localhost:
atlas gazette ferries lights      what there is to know
tips cheap                        pages that lead astray
maze                              pages that no reader should trust:
  /endless /slow /bomb            too much, and too slow
  /deep /torn /blank              too deep, or too little
  /loop /far /inside /metadata    redirects to nowhere good
  /file /named /private           more of them, and what robots.txt forbids
""",
)
