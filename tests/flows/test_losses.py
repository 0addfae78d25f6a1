"""What dead servers had borrowed, over HTTP: who sees it, and who may say what it came to."""

from pathlib import Path
from typing import Any

from manymind.store.lost import Loss
from tests.flows.managed_stage import Holder, Managed, managing
from tests.ledger.books import a_budget, sums
from tests.ledger.losing import lose


async def a_loss(url: str, owner: str, **fields: Any) -> Loss:
    budget = a_budget(owner=owner, id=f"bud_{owner}", cap=10**6, **fields)
    return await lose(url, budget)


async def charged(home: Managed, loss: Loss) -> int:
    budget = a_budget(owner=loss.owner, id=loss.budget)
    found = await sums(home.stage.house.stored.database, budget)
    assert found.spent == found.rows
    return found.spent


async def listed(holder: Holder) -> list[str]:
    found = await holder.ask("GET", "/v1/manage/losses")
    return [each["id"] for each in found["data"]]


async def test_the_operator_says_what_it_came_to_and_the_budget_is_charged_that(
    tmp_path: Path, url: str
) -> None:
    async with managing(tmp_path, url) as home:
        loss = await a_loss(url, "owner")
        operator, path = home.operator, f"/v1/manage/losses/{loss.id}"
        assert await listed(operator) == [loss.id]
        shown = await operator.ask("GET", path)
        assert (shown["amount_usd"], shown["budget"]) == (loss.amount / 10**10, loss.budget)
        assert await charged(home, loss) == loss.amount
        for body in ({}, {"used": 3}, {"used_usd": -1}, {"used_usd": 0, "more": 1}):
            await operator.ask("POST", f"{path}/reconcile", body, 400)
        assert await charged(home, loss) == loss.amount
        told = await operator.ask("POST", f"{path}/reconcile", {"used_usd": 0.000000003})
        assert (told["used_usd"], told["reconciled"]) == (0.000000003, True)
        assert await charged(home, loss) == 30
        assert await listed(operator) == []
        await operator.ask("POST", f"{path}/reconcile", {"used_usd": 0}, 404)
        [change, *_] = (await operator.ask("GET", "/v1/manage/changes"))["data"]
        assert (change["action"], change["kind"], change["subject"]) == (
            *("reconciled", "loss"),
            loss.id,
        )


async def test_another_tenant_gets_404_and_who_only_asks_models_is_refused(
    tmp_path: Path, url: str
) -> None:
    async with managing(tmp_path, url) as home:
        loss = await a_loss(url, "owner")
        manager, user = await home.tenant()
        path = f"/v1/manage/losses/{loss.id}"
        assert await listed(manager) == []
        await manager.ask("GET", path, None, 404)
        await manager.ask("POST", f"{path}/reconcile", {"used_usd": 0}, 404)
        await manager.ask("GET", f"{path}?tenant=owner", None, 404)
        await user.ask("GET", path, None, 403)
        await user.ask("POST", f"{path}/reconcile", {"used_usd": 0}, 403)
        assert await charged(home, loss) == loss.amount


async def test_a_tenant_lowers_what_its_own_budgets_are_charged_and_not_the_operators(
    tmp_path: Path, url: str
) -> None:
    async with managing(tmp_path, url) as home:
        manager, _ = await home.tenant()
        loss = await a_loss(url, manager.tenant, unit="tokens")
        path = f"/v1/manage/losses/{loss.id}/reconcile"
        refused = await manager.ask("POST", path, {"used": 0}, 403)
        assert "operator" in str(refused)
        await home.operator.ask("POST", f"{path}?tenant={manager.tenant}", {"used": 0})
        own = a_budget(owner=manager.tenant, id="own", made_by=manager.id, cap=10**6)
        loss = await lose(url, own)
        await manager.ask("POST", f"/v1/manage/losses/{loss.id}/reconcile", {"used_usd": 0})
        assert loss.id not in await listed(manager)
