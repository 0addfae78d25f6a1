"""Where a team plays: an event loop in virtual time, a small exact library, and a router that
knows each model by its role and pays for every call from its allotment."""

import asyncio
import re
import selectors
from collections.abc import Callable, Mapping, Sequence

import anyio
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Card, Checked, Document, Found, Missing, Passage
from manymind.canon.events import Noted, Say
from manymind.canon.faults import NotFound
from manymind.canon.ports import (
    Allotment,
    Clock,
    Desk,
    Inbox,
    Library,
    Shelves,
    Steer,
    Toolbox,
)
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.canon.values import Json
from manymind.engine.settings import TeamSettings
from manymind.engine.team import Team
from manymind.ledger.allotments import Purse
from manymind.providers.scripted import Entry, Scripted
from tests.engine.roles import planner, researcher, writer
from tests.world import Heard, listener


class _Selector(selectors.SelectSelector):
    """Waits for nothing: where no socket is ready, the time of the next timer has come."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout is not None else 5)
        if timeout is None and not ready:
            raise RuntimeError("everyone waits, and nobody will ever wake them")
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._time = _Selector()
        super().__init__(self._time)

    def time(self) -> float:
        return self._time.now


class LoopClock(Clock):
    """The time of the event loop."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def today(self) -> float:
        return 1_800_000_000.0 + self.now()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Shelf(Library):
    """Documents in memory. A quote stands in one if it does so to the letter."""

    def __init__(self, *documents: Document) -> None:
        self._documents = {document.id: document for document in documents}
        self.searches = 0

    def cards(self) -> tuple[Card, ...]:
        return tuple(
            Card(id=each.id, size=len(each.text), title=each.title, url=each.url)
            for each in self._documents.values()
        )

    async def search(
        self, query: str, *, limit: int = 8, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        self.searches += 1
        words = set(re.findall(r"\w{3,}", query.lower()))
        passages = [
            (len(words & set(re.findall(r"\w{3,}", passage.text.lower()))), passage)
            for passage in self._sentences(within)
        ]
        ranked = sorted((found for found in passages if found[0]), key=lambda found: -found[0])
        return tuple(passage for _, passage in ranked[:limit])

    async def grep(
        self, pattern: str, *, limit: int = 20, within: tuple[str, ...] = ()
    ) -> tuple[Passage, ...]:
        found = (each for each in self._sentences(within) if re.search(pattern, each.text))
        return tuple(found)[:limit]

    async def slice(self, document_id: str, start: int, end: int) -> Passage:
        document = self._documents.get(document_id)
        if document is None:
            raise NotFound("There is no such document.", advice="Look at the list.")
        text = document.text[start:end]
        return Passage(document_id=document_id, start=start, end=start + len(text), text=text)

    async def check(self, document_id: str, quote: str) -> Checked:
        document = self._documents.get(document_id)
        start = document.text.find(quote) if document and quote else -1
        if document is None or start < 0:
            return Missing(reason="These words are not in the document.")
        end = start + len(quote)
        url = document.url or f"document:{document_id}"
        return Found(document_id=document_id, start=start, end=end, text=quote, url=url)

    def text(self, document_id: str) -> str:
        return self._documents[document_id].text

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(document.text for document in self._documents.values())

    def _sentences(self, within: tuple[str, ...]) -> Sequence[Passage]:
        return [
            Passage(document_id=each.id, start=found.start(), end=found.end(), text=found[0])
            for each in self._documents.values()
            if not within or each.id in within
            for found in re.finditer(r"[^.\n]+\.", each.text)
        ]


class OneShelf(Shelves):
    def __init__(self, library: Library) -> None:
        self._library = library

    async def library(self, request: Request) -> Library:
        return self._library


class Letterbox(Inbox):
    def __init__(self) -> None:
        self.letters: list[Steer] = []

    def drain(self) -> tuple[Steer, ...]:
        letters, self.letters = tuple(self.letters), []
        return letters


class Price(Struct, frozen=True):
    """What every call reserves, and what it then costs."""

    worst: int = 100
    used: int = 40


class Stage:
    """A router in small. `roles` gives the script of `plan`, `write` and each agent by name;
    `agent` speaks for the agents that are not named. Every call takes `latency` seconds."""

    def __init__(
        self,
        roles: Mapping[str, Entry] | None = None,
        *,
        latency: float = 1.0,
        chunk_tokens: int = 1_000,
        price: Callable[[str], Price] = lambda _: Price(),
    ) -> None:
        self._roles: dict[str, Entry] = {
            "plan": planner(3),
            "agent": researcher,
            "write": writer,
            **(roles or {}),
        }
        self.latency = latency
        self.chunk_tokens = chunk_tokens
        self._price = price
        self.requests: list[Request] = []
        self.desks: list[Desk] = []
        self.running = 0
        self.delays: dict[str, float] = {}

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        self.requests.append(request)
        self.desks.append(desk)
        role = role_of(desk)
        entry = self._roles.get(role, self._roles["agent"])
        price = self._price(role)
        hold = await desk.allotment.reserve(price.worst, final=desk.final)
        usage = Usage(input_tokens=10, output_tokens=5, cost=price.used)
        self.running += 1
        try:
            model = Scripted(
                role,
                entry,
                latency=self.delays.get(role, self.latency),
                usage=usage,
                chunk_tokens=self.chunk_tokens,
            )
            await model.run(request, say, desk)
        finally:
            self.running -= 1
            with anyio.CancelScope(shield=True):
                await hold.settle(price.used)

    def asked(self, role: str) -> list[Request]:
        """The requests that went to one role, in order."""
        pairs = zip(self.requests, self.desks, strict=True)
        return [request for request, desk in pairs if role_of(desk) == role]


def role_of(desk: Desk) -> str:
    """The part that a call plays, by its key."""
    part = desk.key.split("/")[1]
    known = ("plan", "write", "verify", "refute")
    return part if part in known or part.startswith(("agent-", "leader")) else "other"


def noted(heard: Heard, what: str) -> list[Json]:
    """The facts of this name, in order."""
    events = (event for event in heard.events if isinstance(event, Noted))
    return [event.data for event in events if event.what == what]


SETTINGS = TeamSettings(leader="a/leader", agent="an/agent")

LIBRARY = (
    Document(
        id="moon",
        title="The Moon",
        url="https://example.org/moon",
        text="The Moon orbits the Earth. Its mean distance is 384,400 kilometres from here. "
        "The far side was first seen in 1959 by Luna 3.",
    ),
    Document(
        id="tides",
        url="https://example.org/tides?a=(b)",
        text="Tides follow the Moon and the Sun together. A spring tide comes twice a month. "
        "The highest tides are 16 metres at the Bay of Fundy.",
    ),
    Document(id="sun", text="The Sun is a star of the main sequence. It is 4.6 billion years old."),
)


def team(
    stage: Stage,
    *documents: Document,
    toolbox: Toolbox | None = None,
    settings: TeamSettings = SETTINGS,
) -> Team:
    return Team(stage.run, OneShelf(Shelf(*documents)), toolbox, settings)


def a_desk(allotment: Allotment | None = None, **fields: object) -> Desk:
    desk = Desk(key="run", allotment=allotment or Purse(), clock=LoopClock())
    return replace(desk, **fields)


async def performed(
    stage: Stage,
    request: Request,
    *documents: Document,
    desk: Desk | None = None,
    settings: TeamSettings = SETTINGS,
    toolbox: Toolbox | None = None,
) -> Heard:
    """Everything that a team said to one request."""
    heard, say = listener()
    player = team(stage, *documents, settings=settings, toolbox=toolbox)
    await player.run(request, say, desk or a_desk())
    assert stage.running == 0, "no call outlives the team"
    return heard
