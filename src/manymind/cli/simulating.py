"""How `simulate` and `simulate-web` begin, and what they say of themselves."""

import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import uvicorn

from manymind.cli import exits
from manymind.cli.ports import address, problem
from manymind.server.simulated import Simulated
from manymind.server.simulated.hosting import configured
from manymind.server.simulated.web.door import Web, hosts

HOST = "127.0.0.1"


async def simulate(port: int, key: str | None) -> int:
    """Serve until told to stop. Nothing of what is sent to it is kept."""
    why = problem(HOST, port)
    if why:
        _tell(f"manymind: {HOST}:{port} cannot be listened on: {why}. Try --port 0.")
        return exits.CONFIGURATION
    simulated = Simulated(key=key, keep=0)
    config = configured(simulated, HOST, port)
    await _Server(config, partial(_welcome, simulated, key)).serve()
    return exits.OK


async def simulate_web(port: int) -> int:
    """Serve the made-up web until told to stop."""
    why = problem(HOST, port)
    if why:
        _tell(f"manymind: {HOST}:{port} cannot be listened on: {why}. Try --port 0.")
        return exits.CONFIGURATION
    web = Web(keep=0)
    config = uvicorn.Config(web, host=HOST, port=port, log_config=None, lifespan="off", ws="none")
    await _Server(config, partial(_welcome_to_the_web, web)).serve()
    return exits.OK


def _welcome(simulated: Simulated, key: str | None, port: int) -> None:
    where = address(HOST, port)
    _tell(f"A simulated provider listens on {where}")
    _tell(f"Its models: {', '.join(simulated.models)}")
    _tell("Try:")
    brought = "" if key is None else "-H 'Authorization: Bearer YOUR_KEY' "
    _tell(f"  curl -s {where}/v1/chat/completions {brought}\\")
    _tell("    -H 'Content-Type: application/json' \\")
    body = '{"model": "sim-echo", "messages": [{"role": "user", "content": "Hello"}]}'
    _tell(f"    -d '{body}'")
    _tell(f"Or:  OPENAI_API_KEY=x OPENAI_BASE_URL={where}/v1 manymind serve")


def _welcome_to_the_web(web: Web, port: int) -> None:
    where = address(HOST, port)
    _tell(f"A made-up web of {len(web.pages)} pages listens on {where}")
    _tell(f"Its sites: {', '.join(f'http://{host}:{port}/' for host in hosts())}")
    _tell("Try:")
    _tell(f"  curl -s '{where}/search?q=Skarra+Outer&format=json'")


class _Server(uvicorn.Server):
    """Says where it listens once it does, and takes Ctrl-C for its ordinary end."""

    def __init__(self, config: uvicorn.Config, welcome: Callable[[int], None]) -> None:
        super().__init__(config)
        self._welcome = welcome

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._welcome(self.servers[0].sockets[0].getsockname()[1])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit or sig == signal.SIGINT
        self.should_exit = True


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
