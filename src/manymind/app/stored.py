"""The store of the house, and those who need it."""

from collections.abc import Mapping
from typing import Protocol
from uuid import uuid4

from manymind.app.money import Money
from manymind.canon.exits import Cover
from manymind.canon.faults import StoreFailed
from manymind.clock import SystemClock
from manymind.config import Config, ConfigError
from manymind.dialects.mirror import Dialect
from manymind.dialects.openai_responses.listed import identified, keepsakes
from manymind.dialects.openai_responses.outputs import named
from manymind.gateway import Gateway
from manymind.memory.turns import Turns
from manymind.server.admission import Admission
from manymind.server.compacting import Compacting
from manymind.server.conversations import Conversing
from manymind.server.inference import Bounds
from manymind.server.manners import RESPONSES
from manymind.server.routes import Route
from manymind.server.stored import StoredResponses
from manymind.server.stored_chat import StoredChat
from manymind.store.answers import Answers
from manymind.store.budgets import Budgets
from manymind.store.conversations import Conversations
from manymind.store.database import BadAddress, Database


class Part(Protocol):
    def routes(self) -> tuple[Route, ...]: ...


class Stored:
    """The database is opened when it is first needed: who keeps nothing pays nothing."""

    def __init__(self, config: Config, cover: Cover | None = None) -> None:
        self._clock = clock = SystemClock()
        self._money: Money | None = None
        self.database = _database(config)
        self.budgets = Budgets(self.database, clock)
        self.answers = Answers(self.database, clock, days=config.store.days, cover=cover)
        self.conversations = Conversations(self.database, clock, cover=cover)
        self.turns = Turns(self.answers, self.conversations, named, keepsakes, identified)

    async def open(self) -> None:
        """Says what is wrong with the database before anybody needs it."""
        try:
            await self.database.open()
        except StoreFailed as fault:
            raise ConfigError(f"store.url: {fault.message}") from None
        await self.answers.sweep()
        if self._money is not None:
            await self._money.keeper.open()

    def pages(
        self,
        gateway: Gateway,
        spoken: Mapping[str, Dialect],
        bounds: Bounds,
        admission: Admission,
    ) -> tuple[Part, ...]:
        """What of the server reads and writes here."""
        return (
            Compacting(gateway, self.turns, spoken[RESPONSES], admission, self._clock, bounds),
            StoredResponses(self.answers, spoken),
            StoredChat(self.answers, spoken, admission, bounds),
            Conversing(self.conversations, self.turns, admission, bounds, lambda: uuid4().hex),
        )

    def keep(self, money: Money) -> None:
        """Whose books are opened and closed with the database."""
        self._money = money
        self.budgets = money.budgets

    async def aclose(self) -> None:
        if self._money is not None:
            await self._money.keeper.aclose()
        await self.database.aclose()


def _database(config: Config) -> Database:
    if config.store.url is None:
        return Database.file(config.data / "manymind.db")
    try:
        return Database(config.store.url)
    except BadAddress as error:
        raise ConfigError(f"store.url: {error}") from None
