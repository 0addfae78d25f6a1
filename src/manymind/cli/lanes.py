"""What each voice of a run is doing, told in a few words."""

from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct

from manymind.canon.events import (
    Began,
    Chunk,
    Ended,
    Happened,
    Noted,
    Opened,
    Spent,
    Wrote,
)
from manymind.canon.items import Called, Hosted, Item, Returned, Thought
from manymind.canon.usage import Usage
from manymind.cli.harmless import one_line

WIDTH_MAX = 160
"""No line about a voice is longer."""

_FACTS: Mapping[str, str] = {
    "spawned": "{agents_used} agents of at most {agents_allowed}: {mode}",
    "brief": "is asked: {objective}",
    "search": "searches “{query}”",
    "claim": "quotes {document_id}",
    "rejected": "misquotes {document_id}, which is not taken",
    "plan_failed": "divides the work by code (no plan: {reason})",
    "dropped": "does without {parameters}",
    "quotation_refused": "takes back words that cannot be quoted",
    "figures_unproved": "writes figures that its evidence does not hold, unverified",
    "judged": "judges {items} claims",
    "agreement": "",
    "verification": "{verbatim} of {claimed} claims have quotes that stand",
    "prompts": "",
    "report": "",
    "failed": "",
    "budget": "",
}
"""What a team notes, in words. What ends a voice is told by its end."""


class Change(Struct, frozen=True):
    """Something new about a voice, as a line of its own would say it."""

    voice: str
    said: str


class Lane:
    """One voice: what it does now, what it has used, and when it began and ended."""

    def __init__(self, name: str, began: float) -> None:
        self.name = one_line(name)[:WIDTH_MAX]
        self.doing = "waits"
        self.outcome = ""
        self.usage = Usage()
        self.quotes = 0
        self.began = began
        self.ended: float | None = None

    @property
    def tokens(self) -> int:
        return self.usage.input_tokens + self.usage.output_tokens

    def do(self, what: str) -> bool:
        """Whether that is something new."""
        what = one_line(what)[:WIDTH_MAX]
        new = bool(what) and what != self.doing
        self.doing = what or self.doing
        return new

    def end(self, status: str, reason: str | None, now: float) -> bool:
        self.ended = now
        self.outcome = status
        done = "done" if status == "completed" else status
        found = f", {self.quotes} quote{'' if self.quotes == 1 else 's'}" if self.quotes else ""
        return self.do(f"{done}{found}" if reason is None else f"{done} ({reason}){found}")


class Board:
    """The lanes of a run, in the order in which their voices were first heard."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return tuple(self._lanes.values())

    def hear(self, chunk: Chunk, now: float) -> tuple[Change, ...]:
        """Takes a chunk in and says what is new."""
        changes: list[Change] = []
        for event in chunk.events:
            lane = self._lane(_subject(event), now)
            if _heard(lane, event, now):
                changes.append(Change(lane.name, lane.doing))
        return tuple(changes)

    def _lane(self, voice: str, now: float) -> Lane:
        if voice not in self._lanes:
            self._lanes[voice] = Lane(voice, now)
        return self._lanes[voice]


def _subject(event: Happened) -> str:
    """Whom an event is about: the leader briefs, but the brief is the agent's."""
    if isinstance(event, Noted) and event.what == "brief":
        agent = event.data.get("agent")
        return agent if isinstance(agent, str) else event.voice
    return event.voice


def _heard(lane: Lane, event: Happened, now: float) -> bool:
    """Enters an event in its lane; whether it changes what the voice is doing."""
    match event:
        case Began():
            return lane.do(f"begins on {event.model}")
        case Opened():
            return lane.do(_beginning(event.value))
        case Wrote() if event.where == "content" and lane.doing.startswith("begins"):
            return lane.do("writes")
        case Noted():
            lane.quotes += event.what == "claim"
            return lane.do(fact(event))
        case Spent():
            lane.usage = event.usage
            return False
        case Ended():
            return lane.end(event.status, event.reason, now)
        case _:
            return False


def _beginning(item: Item) -> str:
    match item:
        case Called():
            return f"calls {item.name}"
        case Hosted():
            return f"uses {item.tool}"
        case Thought():
            return "thinks"
        case Returned():
            return ""
        case _:
            return "writes"


def fact(event: Noted) -> str:
    """A team's fact in words; nothing for one that says nothing to a person."""
    told = _FACTS.get(event.what, event.what.replace("_", " "))
    return told.format_map(_Told({name: _words(value) for name, value in event.data.items()}))


class _Told(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "?"


def _words(value: object) -> str:
    if isinstance(value, list | tuple):
        several = cast("Sequence[object]", value)
        return ", ".join(map(_words, several))
    return str(value) if isinstance(value, str | int) else "?"
