"""Whatever schemathesis makes up, the pages of accounts answer it as they promise: to the operator,
and to a management key of a tenant."""

from collections.abc import Generator
from typing import Any, cast

import aiohttp
import anyio
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from msgspec import Struct
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

from manymind import __version__
from manymind.server.openapi import document
from tests.fuzz.stage import running_home

load_all_checks()

OPERATOR = "mm-the-operator"
TOLD = document(__version__)
PATHS = cast("dict[str, Any]", TOLD["paths"])
MANAGED = {
    path: operations
    for path, operations in PATHS.items()
    if path.startswith(("/v1/manage/", "/api/v1/key", "/api/v1/credits"))
}
SCHEMA = cast("Any", schemathesis.openapi.from_dict({**TOLD, "paths": MANAGED}))
"""Schemathesis leaves the types of what it makes open."""

RIGHTS_MATTER = [cast("Any", checks).positive_data_acceptance]
"""Whether a well-formed wish is granted depends on who has it, and on what there is."""

EXAMPLES = settings().max_examples // 20


class Home(Struct, frozen=True):
    """`there` has the id of one thing of each kind, in the manager's tenant."""

    url: str
    keys: dict[str, str]
    there: dict[str, str]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Generator[Home]:
    folder = tmp_path_factory.mktemp("managed")
    with running_home(folder, MANYMIND_API_KEY=OPERATOR) as url:
        yield anyio.run(_furnished, url)


async def _furnished(url: str) -> Home:
    async with aiohttp.ClientSession(headers={"authorization": f"Bearer {OPERATOR}"}) as session:

        async def make(kind: str, tenant: str = "owner", **wish: object) -> dict[str, str]:
            address = f"{url}/v1/manage/{kind}?tenant={tenant}"
            async with session.post(address, json=wish) as reply:
                assert reply.status == 201
                return await reply.json()

        tenant = (await make("tenants", name="Acme"))["id"]
        manager = await make("keys", tenant, name="manager", rights={"manages": True})
        budget = {"unit": "tokens", "period": "day", "cap": 5}
        there = {
            "tenants": tenant,
            "users": (await make("users", tenant, name="Ann"))["id"],
            "keys": (await make("keys", tenant, name="Ann's"))["id"],
            "budgets": (await make("budgets", tenant, scope="route", subject="r", **budget))["id"],
            "losses": "lost:srv_1:bud_1:0",  # No server died here: it asks in vain.
        }
    return Home(url, {"operator": OPERATOR, "manager": manager["key"]}, there)


@pytest.mark.parametrize("who", ["operator", "manager"])
@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_page_of_accounts_keeps_its_promises(case: Any, home: Home, who: str) -> None:
    _aim(case, home)
    headers = {"authorization": f"Bearer {home.keys[who]}"}
    case.call_and_validate(
        base_url=home.url, headers=headers, timeout=5, excluded_checks=RIGHTS_MATTER
    )


def _aim(case: Any, home: Home) -> None:
    """Half of what asks for something by its id shall find it; what is deleted is gone."""
    name = next(iter(case.path_parameters or {}), None)
    if name is not None and case.method != "DELETE" and len(case.path_parameters[name]) % 2:
        kind = next((each for each in home.there if f"/{each}/" in case.path), None)
        if kind is None:
            return
        case.path_parameters[name] = home.there[kind]
        case.query = {**(case.query or {}), "tenant": home.there["tenants"]}
