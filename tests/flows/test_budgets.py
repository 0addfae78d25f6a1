"""Budgets, as callers of the whole program meet them."""

from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import text

from manymind.canon.budgets import Budget, Unit
from manymind.canon.events import Chunk
from manymind.canon.faults import KeyStopped, OverBudget
from manymind.policy.keys import Caller
from manymind.server.simulated import Simulated
from tests.flows.seed_shapes import EXAMPLES, MODEL, Json, reply
from tests.flows.stage import KEY, Stage, on_stage
from tests.ledger.books import a_budget, sums
from tests.world import a_request

PLAIN = EXAMPLES[0]
BUYER = Caller(id="owner", key="k1")
PRICED = '[providers.openai.prices]\n"sim-embed" = { input = "0.02", output = "0" }\n'
CEILING = f'[ceilings]\n"xai/{MODEL}" = "0.001"\n'


def limit(cap: int, unit: Unit = "ticks") -> Budget:
    return a_budget(
        owner="owner", id="all", scope="tenant", subject="owner", unit=unit, cap=cap, period="day"
    )


async def deaf(chunk: Chunk) -> None:
    """Hears nothing."""


async def ask_the_seed(stage: Stage, number: int) -> None:
    request = a_request(str(PLAIN.request["input"]), model=f"xai/{MODEL}")
    await stage.house.gateway.answer(BUYER, request, deaf, key=f"req_{number}")


async def rows(stage: Stage) -> list[tuple[object, ...]]:
    await stage.house.money.keeper.write()
    async with stage.house.stored.database.reading() as connection:
        query = "SELECT ticks, flagged, basis, lines FROM attempts ORDER BY at"
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_who_hides_agents_is_refused_under_a_hard_budget_without_a_ceiling(
    tmp_path: Path,
) -> None:
    simulated = Simulated(key=KEY, replies={MODEL: reply(PLAIN)})
    async with on_stage(tmp_path, simulated=simulated) as stage:
        await stage.house.money.budgets.define(a_budget(owner="owner", cap=10**12))
        before = simulated.visited
        with pytest.raises(OverBudget, match="its hidden agents are billed too"):
            await ask_the_seed(stage, 1)
        assert simulated.visited == before
        assert await rows(stage) == []


async def test_above_its_ceiling_it_is_booked_and_flagged_and_no_further_call_leaves(
    tmp_path: Path,
) -> None:
    simulated = Simulated(key=KEY, replies={MODEL: reply(PLAIN)})
    async with on_stage(tmp_path, simulated=simulated, settings=CEILING) as stage:
        budget = a_budget(owner="owner", cap=10**12)
        await stage.house.money.budgets.define(budget)
        before = simulated.visited
        await ask_the_seed(stage, 1)
        for number in (2, 3):
            with pytest.raises(KeyStopped, match="charged more than was reserved") as refused:
                await ask_the_seed(stage, number)
            assert (refused.value.status, refused.value.code) == (403, "key_stopped")
        assert simulated.visited == before + 1
        [(ticks, flagged, basis, _)] = await rows(stage)
        assert (ticks, bool(flagged), basis) == (PLAIN.ticks, True, "usage")
        spent = await sums(stage.house.stored.database, budget)
        assert spent.spent == spent.rows == PLAIN.ticks


async def post(url: str, path: str, body: Json) -> tuple[int, Json]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + path, json=body) as answered,
    ):
        return answered.status, await answered.json()


def chat(model: str = "openai/gpt-5-mini;input_tokens=20;output_tokens=5") -> Json:
    return {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "Hello."}]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", chat("vllm/sim-echo")),
        ("/v1/responses", {"model": "vllm/sim-echo", "input": "Hello.", "max_output_tokens": 50}),
        ("/v1/messages", chat("vllm/sim-echo")),
        ("/v1/embeddings", {"model": "openai/sim-embed", "input": "Hello."}),
    ],
)
async def test_a_budget_in_tokens_holds_on_every_path_and_is_named_where_it_refuses(
    tmp_path: Path, path: str, body: Json
) -> None:
    async with on_stage(tmp_path, settings=PRICED) as stage:
        await stage.house.money.budgets.define(limit(5000, "tokens"))
        status, told = await post(stage.url, path, body)
        assert status == 200, told
        await stage.house.money.keeper.write()
        first = await sums(stage.house.stored.database, limit(5000, "tokens"))
        assert first.spent == first.rows > 0
        await stage.house.money.budgets.amend("owner", "all", cap=first.spent)
        visited = stage.simulated.visited
        status, told = await post(stage.url, path, body)
        assert status == 402
        assert "tenant's budget all of this day" in str(told)
        assert "UTC" in str(told)
        assert stage.simulated.visited == visited


async def test_a_budget_of_requests_counts_what_callers_ask(tmp_path: Path) -> None:
    async with on_stage(tmp_path) as stage:
        await stage.house.money.budgets.define(limit(2, "requests"))
        heard = [
            await post(stage.url, "/v1/chat/completions", chat("vllm/sim-echo")) for _ in range(3)
        ]
        assert [status for status, _ in heard] == [200, 200, 402]
        assert "2 requests" in str(heard[2][1])


async def test_a_call_without_budgets_is_in_the_ledger_with_its_arithmetic(tmp_path: Path) -> None:
    async with on_stage(tmp_path, settings=PRICED) as stage:
        status, told = await post(
            stage.url, "/v1/embeddings", {"model": "openai/sim-embed", "input": "Hi."}
        )
        assert status == 200, told
        [(ticks, flagged, basis, lines)] = await rows(stage)
        assert (bool(flagged), basis) == (False, "usage")
        assert isinstance(ticks, int)
        assert isinstance(lines, bytes)
        assert b'"input"' in lines


ROUTED = '[routes.support]\nmodels = ["vllm/sim-echo"]\n'


async def test_a_budget_of_a_route_holds_on_that_route_alone(tmp_path: Path) -> None:
    async with on_stage(tmp_path, settings=ROUTED) as stage:
        await stage.house.money.budgets.define(
            a_budget(owner="owner", scope="route", subject="support", unit="requests", cap=1)
        )
        heard = [
            await post(stage.url, "/v1/chat/completions", chat(model))
            for model in ("route/support", "route/support", "vllm/sim-echo")
        ]
        assert [status for status, _ in heard] == [200, 402, 200]
        assert "route's budget b1" in str(heard[1][1])


@pytest.mark.parametrize("how", ["header", "metadata"])
async def test_a_budget_of_a_feature_holds_for_what_is_marked_so(tmp_path: Path, how: str) -> None:
    headers = {"x-manymind-feature": "search"} if how == "header" else {}
    more: Json = {"metadata": {"feature": "search"}} if how == "metadata" else {}
    async with on_stage(tmp_path) as stage, aiohttp.ClientSession(stage.url) as client:
        await stage.house.money.budgets.define(
            a_budget(owner="owner", scope="feature", subject="search", unit="requests", cap=1)
        )

        async def ask(headers: dict[str, str], more: Json) -> int:
            body = {**chat("vllm/sim-echo"), **more}
            sent = client.post("/v1/chat/completions", json=body, headers=headers)
            async with sent as reply:
                return reply.status

        heard = [await ask(headers, more), await ask(headers, more), await ask({}, {})]
        assert heard == [200, 402, 200]
