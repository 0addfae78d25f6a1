"""The store of the house, and those who need it."""

from collections.abc import Mapping
from typing import Protocol

from manymind.canon.ports import Clock
from manymind.clock import SystemClock
from manymind.config import Config, ConfigError
from manymind.dialects.mirror import Dialect
from manymind.dialects.openai_responses.listed import identified
from manymind.dialects.openai_responses.outputs import named
from manymind.gateway import Gateway
from manymind.memory.turns import Turns
from manymind.server.inference import Bounds
from manymind.server.routes import Route
from manymind.server.stored import StoredResponses
from manymind.store.answers import Answers
from manymind.store.conversations import Conversations
from manymind.store.database import BadAddress, Database


class Part(Protocol):
    def routes(self) -> tuple[Route, ...]: ...


class Stored:
    """The database is opened when it is first needed: who keeps nothing pays nothing."""

    def __init__(self, config: Config) -> None:
        clock = SystemClock()
        self._database = _database(config)
        self.answers = Answers(self._database, clock, days=config.store.days)
        self.conversations = Conversations(self._database, clock)
        self.turns = Turns(self.answers, self.conversations, named, identified)

    async def open(self) -> None:
        """Says what is wrong with the database before anybody needs it."""
        try:
            await self._database.open()
        except BadAddress as error:
            raise ConfigError(f"store.url: {error}") from None
        await self.answers.sweep()

    def pages(
        self, gateway: Gateway, spoken: Mapping[str, Dialect], clock: Clock, bounds: Bounds
    ) -> tuple[Part, ...]:
        return (StoredResponses(self.answers, spoken),)

    async def aclose(self) -> None:
        await self._database.aclose()


def _database(config: Config) -> Database:
    if config.store.url is None:
        return Database.file(config.data / "manymind.db")
    try:
        return Database(config.store.url)
    except BadAddress as error:
        raise ConfigError(f"store.url: {error}") from None
