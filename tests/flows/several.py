"""The whole program with several providers of one model behind it, each a simulation of its own
on its own port, which can be told to fail."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from msgspec import Struct

from manymind.app.house import House, open_house
from manymind.canon.values import Json
from manymind.config import Flags, load
from manymind.providers import acts
from manymind.server.simulated import Simulated
from manymind.server.simulated.delivery import Send
from tests.server.stage import Caller, Heard
from tests.world import serving

MODEL, OTHER, THIRD = "lab/one", "lab/two", "lab/three"
SPOKEN = {MODEL: acts.echo, OTHER: acts.echo, THIRD: acts.caller}

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
FRONTS: Mapping[str, Json] = {
    CHAT: {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]},
    RESPONSES: {"model": MODEL, "input": "hi"},
    MESSAGES: {
        "model": MODEL,
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "hi"}],
    },
}


class Upstream(Struct, frozen=True, kw_only=True):
    """A provider: its name, and what the settings say of it beside its address. `models` are by
    name, with the settings of their price."""

    name: str
    settings: str = ""
    models: Mapping[str, str]


class Failing:
    """A simulated provider that first answers with these failures, each a status, the headers
    that go with it, and a body."""

    def __init__(self, simulated: Simulated) -> None:
        self.simulated = simulated
        self.failures: list[tuple[int, Mapping[str, str], bytes]] = []
        self.always: tuple[int, Mapping[str, str], bytes] | None = None
        self.bodies: list[int] = []
        """The length of each body that was sent here."""

    @property
    def calls(self) -> int:
        return len(self.bodies)

    @property
    def asked(self) -> Json:
        """The last question that was answered."""
        return self.simulated.visits[-1].body

    def fail(self, *statuses: int, body: bytes = b"{}", **headers: str) -> None:
        dashed = {name.replace("_", "-"): value for name, value in headers.items()}
        self.failures += [(status, dashed, body) for status in statuses]

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        if scope["method"] != "POST":
            await self.simulated(scope, receive, send)
            return
        if self.failures or self.always:
            status, headers, body = self.failures.pop(0) if self.failures else self.always or ()
            self.bodies.append(await _length(receive))
            fields = [(name.encode(), value.encode()) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": status, "headers": fields})
            await send({"type": "http.response.body", "body": body})
            return
        self.bodies.append(0)
        await self.simulated(scope, receive, send)


async def _length(receive: Any) -> int:
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    return size


class Several(Struct, frozen=True, kw_only=True):
    """`call` speaks to our server."""

    caller: Caller
    house: House
    upstreams: Mapping[str, Failing]

    async def ask(self, path: str = CHAT, **more: object) -> Heard:
        """A question to the model; `headers` are the request's."""
        headers = more.pop("headers", {})
        assert isinstance(headers, dict)
        base = FRONTS["/v1" + path.removeprefix("/api/v1").removeprefix("/v1")]
        return await self.caller.post(path, {**base, **more}, **headers)

    def calls(self) -> dict[str, int]:
        return {name: each.calls for name, each in self.upstreams.items()}

    def __getitem__(self, name: str) -> Failing:
        return self.upstreams[name]


@asynccontextmanager
async def several(
    folder: Path, *houses: Upstream, settings: str = "", openrouter: bool = False
) -> AsyncGenerator[Several]:
    """Our server with these providers; with `openrouter` that one, too, as a simulation."""
    async with AsyncExitStack() as stack:
        upstreams: dict[str, Failing] = {}
        addresses: dict[str, str] = {}
        for name in (*(each.name for each in houses), *(["openrouter"] if openrouter else [])):
            served = next((each.models for each in houses if each.name == name), None)
            failing = Failing(Simulated(acts=_spoken(served)))
            upstreams[name] = failing
            addresses[name] = await stack.enter_async_context(serving(failing))
        config_file = folder / "manymind.toml"
        config_file.write_text(_settings(houses, addresses) + settings)
        seen = {"HOME": str(folder)}
        if openrouter:
            seen |= {
                "OPENROUTER_API_KEY": "sk-canary-9a1c",
                "OPENROUTER_BASE_URL": f"{addresses['openrouter']}/v1",
            }
        config = load(Flags(config=config_file, data=folder / "data"), seen)
        house = await stack.enter_async_context(open_house(config))
        url = await stack.enter_async_context(serving(house.application))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Several(caller=Caller(url, session), house=house, upstreams=upstreams)


def _spoken(served: Mapping[str, str] | None) -> Mapping[str, acts.Act]:
    """OpenRouter's simulation knows all models, and their names with a suffix."""
    if served is not None:
        return {model: act for model, act in SPOKEN.items() if model in served}
    suffixed = {f"{model}:{word}": act for model, act in SPOKEN.items() for word in SUFFIXES}
    return {**SPOKEN, **suffixed}


SUFFIXES = ("nitro", "floor", "exacto", "free")


def _settings(houses: Sequence[Upstream], addresses: Mapping[str, str]) -> str:
    lines: list[str] = []
    for each in houses:
        lines.append(f'[providers.{each.name}]\nbase_url = "{addresses[each.name]}/v1"')
        lines.append(each.settings)
        for model, price in each.models.items():
            lines.append(f'[providers.{each.name}.prices."{model}"]\n{price}')
    return "\n".join(lines) + "\n"


def priced(dollars: str, **more: object) -> str:
    """The settings of a price, the same for what goes in and what comes out."""
    lines = [f'input = "{dollars}"', f'output = "{dollars}"', "max_output = 1000"]
    return "\n".join([*lines, *(f"{name} = {value}" for name, value in more.items())])
