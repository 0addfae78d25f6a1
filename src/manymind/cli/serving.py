"""How `serve` begins and what it says of itself."""

import sys

import msgspec

from manymind.app.house import TEAM, House, open_house
from manymind.cli import exits
from manymind.cli.log_lines import set_up
from manymind.cli.ports import address, problem
from manymind.config import Config
from manymind.server.listen import listen


async def serve(config: Config, level: str, form: str) -> int:
    """Serve until told to stop."""
    set_up(level, form)
    server = config.server
    why = problem(server.host, server.port)
    if why:
        return _unheard(config, why)
    for path in config.files:
        _tell(f"settings from {path}")
    for path in config.unread:
        _tell(f"{path} lies here, but is not read unless named: --config {path}")
    async with open_house(config, progress=_tell) as house:
        await house.stored.open()
        house.recorded.start()
        served = await listen(
            house.application,
            host=server.host,
            port=server.port,
            drain_seconds=server.drain_seconds,
            draining=house.draining,
            ready=lambda port: _welcome(config, house, port),
        )
    return exits.OK if served else _unheard(config, "someone else was quicker")


def _welcome(config: Config, house: House, port: int) -> None:
    ready = [found for found in house.found if found.ready]
    for found in ready:
        _tell(f"provider {found.name}: {found.note}")
    if not ready:
        _tell("no provider is configured: the built-in reader answers (see manymind doctor)")
    roles = dict.fromkeys((house.team.leader, house.team.agent))
    _tell(f"{TEAM} runs on {' and '.join(roles)}")
    where = address(config.server.host, port)
    _tell(f"Manymind listens on {where}")
    _tell("Try:")
    for line in _first_call(config, where):
        _tell(f"  {line}")


def _first_call(config: Config, where: str) -> tuple[str, ...]:
    """A call that answers something here, to be copied as it stands."""
    question = "What is in these documents?" if config.corpus.folders else "What can you do?"
    body = {"model": TEAM, "messages": [{"role": "user", "content": question}]}
    key = '-H "Authorization: Bearer $MANYMIND_API_KEY" '
    return (
        f"curl -s {where}/v1/chat/completions {key if config.key else ''}\\",
        "  -H 'Content-Type: application/json' \\",
        f"  -d '{msgspec.json.encode(body).decode()}'",
    )


def _unheard(config: Config, why: str) -> int:
    server = config.server
    _tell(f"manymind: {server.host}:{server.port} cannot be listened on: {why}. Try --port 0.")
    return exits.CONFIGURATION


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
