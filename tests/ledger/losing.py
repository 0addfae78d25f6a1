"""Servers that died with what they had borrowed."""

from manymind.canon.budgets import Budget
from manymind.canon.origins import Origin
from manymind.store.database import Database
from manymind.store.lost import Loss
from tests.ledger.books import server


async def lose(url: str, budget: Budget) -> Loss:
    """One with a call of a key on its way, held to be dead by another. The rest of its books is
    left as it was."""
    database = Database(url)
    try:
        one = server(database)
        await one.keeper.open()
        await one.budgets.define(budget)
        purse = await one.purse(Origin(tenant=budget.owner, key=budget.subject, request="r"))
        await purse.reserve(100, tokens=100)
        beats = (await one.keeper.beats())[one.bank.holder]
        lost = await one.lost.bury(one.bank.holder, beats)
        return next(each for each in lost if each.budget == budget.id)
    finally:
        await database.aclose()
