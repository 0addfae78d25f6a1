"""How `simulate` begins and what it says of itself."""

import signal
import socket
import sys
from types import FrameType

import uvicorn

from manymind.cli import exits
from manymind.cli.ports import address, problem
from manymind.server.simulated import Simulated
from manymind.server.simulated.hosting import configured

HOST = "127.0.0.1"


async def simulate(port: int, key: str | None) -> int:
    """Serve until told to stop. Nothing of what is sent to it is kept."""
    why = problem(HOST, port)
    if why:
        _tell(f"manymind: {HOST}:{port} cannot be listened on: {why}. Try --port 0.")
        return exits.CONFIGURATION
    simulated = Simulated(key=key, keep=0)
    await _Server(configured(simulated, HOST, port), simulated, key).serve()
    return exits.OK


class _Server(uvicorn.Server):
    """Says where it listens once it does, and takes Ctrl-C for its ordinary end."""

    def __init__(self, config: uvicorn.Config, simulated: Simulated, key: str | None) -> None:
        super().__init__(config)
        self._simulated = simulated
        self._key = key

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        where = address(HOST, self.servers[0].sockets[0].getsockname()[1])
        _tell(f"A simulated provider listens on {where}")
        _tell(f"Its models: {', '.join(self._simulated.models)}")
        _tell("Try:")
        key = "" if self._key is None else "-H 'Authorization: Bearer YOUR_KEY' "
        _tell(f"  curl -s {where}/v1/chat/completions {key}\\")
        _tell("    -H 'Content-Type: application/json' \\")
        body = '{"model": "sim-echo", "messages": [{"role": "user", "content": "Hello"}]}'
        _tell(f"    -d '{body}'")
        _tell(f"Or:  OPENAI_API_KEY=x OPENAI_BASE_URL={where}/v1 manymind serve")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit or sig == signal.SIGINT
        self.should_exit = True


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
