"""A caller hangs up on a stream: the key is charged for what had arrived, until the provider tells
what it booked."""

from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest
from sqlalchemy import text

from manymind.canon.budgets import Budget
from tests.flows.managed_stage import Holder
from tests.flows.stage import Stage, on_stage
from tests.ledger.books import a_budget, sums

OPERATOR = "mm-the-operators-own"
SLOW = "sim-echo;tps=20"
BROKEN = "sim-echo;cut=6"
PRICED = "".join(
    f'[providers.{name}.prices."{model}"]\n'
    'input = "1"\noutput = "1"\ncontext = 200000\nmax_output = 1000\n'
    for name in ("openrouter", "openai")
    for model in (SLOW, BROKEN)
)
QUESTION = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"


async def hang_up(holder: Holder, path: str, body: dict[str, Any], model: str) -> None:
    """Go after the first words."""
    headers = {"authorization": f"Bearer {holder.key}", "content-type": "application/json"}
    sent = {"model": model, "stream": True, **body}
    async with holder.session.post(holder.url + path, json=sent, headers=headers) as reply:
        assert reply.status == 200
        heard = b""
        while b"two" not in heard:
            heard += await reply.content.readany()
        reply.close()


async def rows(stage: Stage) -> list[Any]:
    await stage.house.money.keeper.write()
    async with stage.house.stored.database.reading() as connection:
        return list(await connection.execute(text("SELECT * FROM attempts ORDER BY at")))


async def the_row(stage: Stage, basis: str) -> Any:
    """The one row, once it is charged on this ground."""
    with anyio.fail_after(15):
        while True:
            found = await rows(stage)
            if found and found[0].basis == basis:
                assert len(found) == 1
                return found[0]
            await anyio.sleep(0.05)


def budgets(holder: Holder) -> tuple[Budget, ...]:
    owner, cap = "owner", 10**11
    return (
        a_budget(owner=owner, subject=holder.id, cap=cap),
        a_budget(owner=owner, id="b2", subject=holder.id, unit="tokens", cap=cap),
        a_budget(owner=owner, id="b3", scope="tenant", subject=owner, period="day", cap=cap),
    )


MESSAGES = {"messages": [{"role": "user", "content": QUESTION}], "max_tokens": 500}
ASKED = [
    ("/v1/chat/completions", MESSAGES),
    ("/v1/messages", MESSAGES),
    ("/v1/responses", {"input": QUESTION, "max_output_tokens": 500, "store": False}),
]


@pytest.mark.parametrize(("path", "body"), ASKED)
async def test_a_cut_stream_is_charged_what_the_provider_tells_afterwards(
    tmp_path: Path, path: str, body: dict[str, Any]
) -> None:
    environment = {"MANYMIND_API_KEY": OPERATOR}
    async with (
        on_stage(tmp_path, settings=PRICED, environment=environment) as stage,
        aiohttp.ClientSession() as session,
    ):
        holder = await Holder(stage.url, session, OPERATOR).give()
        for each in budgets(holder):
            await stage.house.money.budgets.define(each)
        await hang_up(holder, path, body, f"openrouter/{SLOW}")
        first = await the_row(stage, "arrived")
        assert first.outcome == "cancelled"
        told = await the_row(stage, "late")
        assert told.tokens == told.input_tokens + told.output_tokens
        assert told.output_tokens >= 14
        assert told.ticks == told.tokens * 10_000 != first.ticks
        assert (told.outcome, bool(told.estimated), bool(told.flagged)) == (
            "cancelled",
            *(False,) * 2,
        )
        assert b'"input"' in told.lines
        for each in budgets(holder):
            counted = await sums(stage.house.stored.database, each)
            assert counted.spent == counted.rows
        generation = await holder.call("GET", f"/api/v1/generation?id={told.reply}")
        assert generation.status == 200
        shown = await holder.ask("GET", "/api/v1/key")
        assert shown["data"]["usage"] == pytest.approx(told.tokens / 1_000_000)


async def test_of_a_provider_that_does_not_tell_what_had_arrived_stays(tmp_path: Path) -> None:
    environment = {"MANYMIND_API_KEY": OPERATOR}
    async with (
        on_stage(tmp_path, settings=PRICED, environment=environment) as stage,
        aiohttp.ClientSession() as session,
    ):
        holder = await Holder(stage.url, session, OPERATOR).give()
        path, body = ASKED[0]
        await hang_up(holder, path, body, f"openai/{SLOW}")
        await the_row(stage, "arrived")
        assert stage.house.late.asking == 0


async def test_so_it_is_where_the_provider_itself_breaks_off(tmp_path: Path) -> None:
    environment = {"MANYMIND_API_KEY": OPERATOR}
    async with (
        on_stage(tmp_path, settings=PRICED, environment=environment) as stage,
        aiohttp.ClientSession() as session,
    ):
        holder = await Holder(stage.url, session, OPERATOR).give()
        body = {"model": f"openrouter/{BROKEN}", "stream": True, **MESSAGES}
        heard = await holder.call("POST", "/v1/chat/completions", body)
        assert heard.status == 200
        first = await the_row(stage, "arrived")
        assert first.outcome not in ("completed", "cancelled")
        told = await the_row(stage, "late")
        assert told.ticks == told.tokens * 10_000
        assert told.outcome == first.outcome
