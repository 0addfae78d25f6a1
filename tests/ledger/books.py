"""Servers that share budgets, as far as money goes: no models, and no HTTP."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import text

from manymind.canon.attempts import Attempt, Bill
from manymind.canon.budgets import Budget
from manymind.canon.notices import Notice
from manymind.canon.origins import Origin
from manymind.canon.ports import Clock
from manymind.canon.usage import Usage
from manymind.ledger.accounts import Accounts, Defaults
from manymind.ledger.allotments import Purse
from manymind.ledger.bank import Bank
from manymind.ledger.gate import Gate
from manymind.ledger.keeper import Keeper
from manymind.store.budgets import Budgets
from manymind.store.database import Database
from manymind.store.leases import Leases
from manymind.store.ledger_rows import LedgerRows
from manymind.store.lost import Lost
from manymind.store.stops import Stops
from tests.world import WallClock, a_request

ANN = Origin(tenant="ann", user="u1", key="k1", request="r")

_NAMES, _CALLS = count(), count()


class Server(Struct, frozen=True):
    """One process's half of the gate."""

    database: Database
    bank: Bank
    keeper: Keeper
    budgets: Budgets
    stops: Stops
    lost: Lost
    accounts: Accounts
    notices: list[Notice]

    async def purse(self, origin: Origin = ANN, cap: int | None = None) -> Purse:
        return await self.accounts.allot(origin, a_request(), cap)


def server(database: Database, clock: Clock | None = None, **fields: Any) -> Server:
    clock = clock or WallClock()
    notices: list[Notice] = []
    leases, lost = Leases(database), Lost(database, clock)
    budgets, stops = Budgets(database, clock), Stops(database, clock)
    bank = Bank(
        leases,
        LedgerRows(database),
        clock,
        lambda: f"srv_{next(_NAMES)}",
        reckon=lambda attempt: None,
        tell=notices.append,
    )
    keeper = Keeper(bank, Gate(bank, budgets, stops), leases, lost, clock, **fields)
    accounts = Accounts(Defaults(), lambda model: False, keeper)
    return Server(database, bank, keeper, budgets, stops, lost, accounts, notices)


@asynccontextmanager
async def serving(
    url: str, many: int = 1, clock: Clock | None = None, **fields: Any
) -> AsyncGenerator[list[Server]]:
    """So many servers over one database."""
    async with AsyncExitStack() as stack:
        servers: list[Server] = []
        for _ in range(many):
            database = Database(url)
            stack.push_async_callback(database.aclose)
            each = server(database, clock, **fields)
            await each.keeper.open()
            stack.push_async_callback(each.keeper.aclose)
            servers.append(each)
        yield servers


def a_budget(**fields: Any) -> Budget:
    plain = Budget(
        owner="ann", id="b1", scope="key", subject="k1", unit="ticks", period="total", cap=100
    )
    return replace(plain, **fields)


def an_attempt(ticks: int, origin: Origin = ANN, **fields: Any) -> Attempt:
    """One that used so many ticks, and as many tokens."""
    number = next(_CALLS)
    plain = Attempt(
        key=f"{origin.request}/attempt-{number}",
        origin=origin,
        requested="acme/small",
        offer="acme/small",
        provider="acme",
        served="small",
        outcome="completed",
        seconds=0.1,
        first_word_seconds=None,
        bill=Bill(ticks=ticks, basis="usage", usage=Usage(input_tokens=ticks)),
    )
    return replace(plain, **fields)


async def call(purse: Purse, worst: int, used: int, origin: Origin = ANN) -> None:
    """Reserve and settle."""
    hold = await purse.reserve(worst, tokens=worst)
    await hold.settle(used, an_attempt(used, origin))


class Sums(Struct, frozen=True):
    """Of a budget in the database: what it says is spent, what the rows come to, what is lent."""

    spent: int
    rows: int
    leased: int
    lent: int


async def sums(database: Database, budget: Budget) -> Sums:
    """Over all its windows."""
    column = {"key": "api_key", "user": '"user"', "route": "route", "feature": "feature"}
    subject = column.get(budget.scope, "owner")
    unit = "ticks" if budget.unit == "ticks" else "tokens"
    if budget.unit == "requests":
        unit = "0"
    given = {"o": budget.owner, "b": budget.id, "s": budget.subject}

    async def one(query: str) -> int:
        async with database.reading() as connection:
            return int((await connection.execute(text(query), given)).scalar() or 0)

    windows = "FROM budget_windows WHERE owner = :o AND budget = :b"
    attempts = "FROM attempts WHERE owner = :o AND"
    rows = await one(f"SELECT SUM({unit}) {attempts} {subject} = :s AND budget IS NULL")
    if budget.unit == "requests":
        rows = await one(f"SELECT COUNT(DISTINCT request) {attempts} {subject} = :s")
    lost = await one(f"SELECT SUM(reserved) {attempts} budget = :b")
    return Sums(
        spent=await one(f"SELECT SUM(spent) {windows}"),
        rows=rows + lost,
        leased=await one(f"SELECT SUM(leased) {windows}"),
        lent=await one("SELECT SUM(amount) FROM budget_leases WHERE owner = :o AND budget = :b"),
    )
