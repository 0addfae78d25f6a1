"""The rows of one owner, of one request and of one model are found without reading the others."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from manymind.store.database import Database
from manymind.store.endpoint_figures import EndpointFigures
from manymind.store.facts import Wanted, Whose
from manymind.store.reports import Reports
from manymind.store.retention import Retention
from tests.store.rows import NOON, SECOND, row, write

TENANT, KEY, ALL = Whose(tenant="ann"), Whose(tenant="ann", key="k"), Whose()
ASKED: dict[str, Callable[[Database], Awaitable[object]]] = {
    "a request": lambda d: Reports(d).generation(TENANT, "req_1"),
    "a request, by the operator": lambda d: Reports(d).generation(ALL, "req_1"),
    "logs of a tenant": lambda d: Reports(d).logs(TENANT, Wanted()),
    "logs of a key": lambda d: Reports(d).logs(KEY, Wanted()),
    "logs of all": lambda d: Reports(d).logs(ALL, Wanted()),
    "a day of a tenant": lambda d: Reports(d).usage(TENANT, Wanted(since=NOON), by=("model",)),
    "a day of all": lambda d: Reports(d).usage(ALL, Wanted(since=NOON), by=("model",)),
    "how a model does": lambda d: EndpointFigures(d).of("acme/small", NOON / SECOND),
    "what is too old": lambda d: Retention(d).sweep(NOON / SECOND, 1),
}


@pytest.mark.parametrize("asked", ASKED)
async def test_no_question_about_some_rows_reads_them_all(tmp_path: Path, asked: str) -> None:
    database = Database.file(tmp_path / "x.db")
    await write(database, [row("req_1")])
    said: list[tuple[str, Any]] = []
    engine = (await database.open()).sync_engine

    def hear(_c: object, _k: object, statement: str, parameters: object, *_: object) -> None:
        if "attempts" in statement:
            said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    await ASKED[asked](database)
    event.remove(engine, "before_cursor_execute", hear)
    assert said
    async with database.reading() as connection:
        for statement, parameters in said:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            for step in (str(line["detail"]) for line in plan.mappings()):
                indexed = "USING" in step and "INDEX" in step
                assert indexed or not step.startswith("SCAN attempts"), (statement, step)
    await database.aclose()
