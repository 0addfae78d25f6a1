"""The whole program with an operator's key, two tenants, and callers who hold keys of theirs."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct

from tests.faults.fronts import Heard
from tests.flows.stage import Stage, on_stage
from tests.flows.stored_stage import settings

OPERATOR = "mm-the-operators-own"


class Holder(Struct, frozen=True):
    """Somebody who calls with a key. `id` is the key's, `tenant` whose it is."""

    url: str
    session: aiohttp.ClientSession
    key: str
    id: str = ""
    tenant: str = "owner"

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Heard:
        named = {"authorization": f"Bearer {self.key}", **headers}
        sent = None if body is None else msgspec.json.encode(body)
        if sent is not None:
            named = {"content-type": "application/json", **named}
        async with self.session.request(method, self.url + path, data=sent, headers=named) as reply:
            told = {name.lower(): value for name, value in reply.headers.items()}
            return Heard(status=reply.status, headers=told, body=await reply.read())

    async def ask(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        """The object of a reply that has this status."""
        heard = await self.call(method, path, body)
        assert heard.status == status, (method, path, heard.body)
        return msgspec.json.decode(heard.body)

    async def make(self, kind: str, tenant: str | None = None, **wish: object) -> Any:
        asked = "" if tenant is None else f"?tenant={tenant}"
        return await self.ask("POST", f"/v1/manage/{kind}{asked}", wish, 201)

    async def give(self, tenant: str | None = None, **wish: object) -> "Holder":
        """A new key, in somebody's hands."""
        made = await self.make("keys", tenant, **{"name": "a key", **wish})
        return Holder(self.url, self.session, made["key"], made["id"], made["tenant"])


class Managed(Struct, frozen=True):
    stage: Stage
    operator: Holder

    async def tenant(self) -> tuple[Holder, Holder]:
        """A new tenant: a management key of it, and one that asks models."""
        tenant = (await self.operator.make("tenants", name="Acme"))["id"]
        manager = await self.operator.give(tenant, rights={"manages": True})
        return manager, await manager.give()


@asynccontextmanager
async def managing(folder: Path, url: str) -> AsyncGenerator[Managed]:
    environment = {"MANYMIND_API_KEY": OPERATOR}
    skip = frozenset({"Content-Type", "User-Agent"})
    async with (
        on_stage(folder, settings=settings(url), environment=environment) as stage,
        aiohttp.ClientSession(skip_auto_headers=skip) as session,
    ):
        yield Managed(stage, Holder(stage.url, session, OPERATOR))
