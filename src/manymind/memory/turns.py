"""One turn of a conversation: what came before it is recalled, what came of it is kept.

We are the memory. No provider is asked to keep anything, so that a conversation can go on with
another model, and what its owner deletes is gone. What a provider keeps to itself of a model's
reasoning is asked for in its sealed form, and sent back to it with the next turn.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from msgspec.structs import replace

from manymind.canon.answers import Answer, Folding
from manymind.canon.events import LEADER, Began, Chunk, Ended, Happened, Noted, Say
from manymind.canon.faults import BadRequest
from manymind.canon.items import Item
from manymind.canon.ports import Kept, Memory
from manymind.canon.requests import Reasoning, Request
from manymind.memory.compaction import opened
from manymind.memory.recalling import check_returns, recalled
from manymind.memory.references import Filled, filled, references

CHAT, RESPONSES = "openai_chat", "openai_responses"

_PREFIXES = {CHAT: "chatcmpl-", RESPONSES: "resp_"}

_THINKERS = re.compile(r"(o[134]|gpt-5|gpt-[6-9]|grok-[34])(?!.*(chat|non-reasoning)).*")
"""Models that are known to give their reasoning sealed. Any other may refuse to be asked."""

Named = Callable[[Answer], Answer]
"""Gives the items of an answer the ids under which its caller sees them."""

Keepsakes = Callable[[str, tuple[Item, ...]], tuple[Item, ...]]
"""Gives what a caller sent the ids by which it can be referred to, made from the word given."""

Listed = Callable[[str, tuple[Item, ...]], list[tuple[str, Item]]]
"""Gives each of some items an id of its own, which may be made from the word given."""


class Talks(Protocol):
    """Conversations that have a name of their own."""

    async def history(self, owner: str, conversation_id: str) -> tuple[Item, ...]: ...

    async def items(self, owner: str, names: Collection[str]) -> Mapping[str, Item]: ...

    async def append(
        self, owner: str, conversation_id: str, items: Mapping[str, Item]
    ) -> object: ...


class Turn:
    """`request` is what is asked of the model; `say` hears its answer. The end of an answer is
    held back until `end`, so that whoever hears it can rely on what was kept."""

    def __init__(self, request: Request, say: Say, keeping: "_Keeping | None" = None) -> None:
        self.request = request
        self.say = say
        self._keeping = keeping

    async def end(self) -> None:
        if self._keeping is not None:
            await self._keeping.end()


class Turns:
    def __init__(
        self, memory: Memory, talks: Talks, named: Named, keepsakes: Keepsakes, listed: Listed
    ) -> None:
        self._memory = memory
        self._talks = talks
        self._named = named
        self._keepsakes = keepsakes
        self._listed = listed

    def readied(self, request: Request) -> Request:
        """The request that says whether its answer will be kept: that of Responses is, unless
        its caller forbids it, as OpenAI has it."""
        if request.dialect == RESPONSES:
            return replace(request, store=request.store is not False)
        return request if request.dialect == CHAT else replace(request, store=False)

    async def begin(self, owner: str, request: Request, say: Say, key: str) -> Turn:
        news = await self.filled(owner, request.items)
        request = replace(self.readied(request), items=news.kept)
        asked = replace(
            request,
            items=await self._history(owner, request, news.sent),
            previous_response_id=None,
            conversation=None,
        )
        if not request.store:
            return Turn(asked, say)
        keeping = _Keeping(self, owner, request, say, key)
        return Turn(_unkept(asked), keeping.hear, keeping)

    async def history(self, owner: str, request: Request) -> tuple[Item, ...]:
        """All that a model is to see: what came before, and what this request adds."""
        news = await self.filled(owner, request.items)
        return await self._history(owner, replace(request, items=news.kept), news.sent)

    async def filled(
        self,
        owner: str,
        items: tuple[Item, ...],
        *,
        near: Callable[[], Mapping[str, Item]] = dict,
        field: str = "input",
    ) -> Filled:
        """The items, with what is kept in the place of each that is only named; `near` are those
        that are at hand already."""
        named = references(items, field)
        if not named:
            return Filled(items, items)
        found = dict(near())
        for kept in (self._memory, self._talks):
            missing = set(named.values()) - found.keys()
            if missing:
                found |= await kept.items(owner, missing)
        return filled(items, named, found, field)

    async def keep(
        self, owner: str, request: Request, answer: Answer, events: list[Happened]
    ) -> None:
        named = self._named(answer)
        stem = named.id.removeprefix("resp_")
        if request.dialect == RESPONSES:
            request = replace(request, items=self._keepsakes(f"{stem}_in", request.items))
        await self._memory.keep(
            Kept(owner=owner, request=request, answer=named, events=tuple(events))
        )
        if request.conversation is not None:
            items = dict(self._listed(stem, (*request.items, *named.items)))
            await self._talks.append(owner, request.conversation, items)

    async def _history(
        self, owner: str, request: Request, sent: tuple[Item, ...]
    ) -> tuple[Item, ...]:
        before = recalled(await self._before(owner, request))
        if before:
            check_returns(before, request.items)
        return opened((*before, *sent))

    async def _before(self, owner: str, request: Request) -> tuple[Item, ...]:
        before, talk = request.previous_response_id, request.conversation
        if before is not None and talk is not None:
            raise BadRequest(
                "previous_response_id and conversation exclude each other.",
                advice="Send one of them.",
                field="conversation",
            )
        if talk is not None and not request.store:
            raise BadRequest(
                "An answer that is not to be stored cannot be added to a conversation.",
                advice="Leave out store, or send the history yourself.",
                field="store",
            )
        if before is not None:
            return await self._memory.recall(owner, before)
        if talk is not None:
            return await self._talks.history(owner, talk)
        return ()


class _Keeping:
    """Hears one answer through, folds it, and has it kept when it is whole."""

    def __init__(self, turns: Turns, owner: str, request: Request, say: Say, key: str) -> None:
        self._turns = turns
        self._owner = owner
        self._request = request
        self._say = say
        self._id = _PREFIXES[request.dialect or ""] + key.removeprefix("req_").replace("-", "")
        self._folding = Folding()
        self._events: list[Happened] = []
        self._held: list[Chunk] = []

    async def hear(self, chunk: Chunk) -> None:
        chunk = self._renamed(chunk)
        self._folding.hear(chunk)
        if self._request.stream:
            self._events.extend(filter(_told_again, chunk.events))
        if self._held or any(map(_ends, chunk.events)):
            self._held.append(chunk)
        else:
            await self._say(chunk)

    async def end(self) -> None:
        answer = self._folding.answer()
        await self._turns.keep(self._owner, self._request, answer, self._events)
        held, self._held = self._held, []
        for chunk in held:
            await self._say(chunk)

    def _renamed(self, chunk: Chunk) -> Chunk:
        """What is kept here has an id of ours, in OpenAI's form, a prefix and hexadecimal digits:
        no provider can make it that of another answer.
        Messages of Chat have it on each of them, and are written anew."""
        events = chunk.events
        if any(isinstance(event, Began) for event in events):
            events = tuple(map(self._began, events))
        wire = None if self._request.dialect == CHAT else chunk.wire
        return Chunk(events, wire)

    def _began(self, event: Happened) -> Happened:
        if not isinstance(event, Began) or event.voice != LEADER:
            return event
        return replace(event, id=self._id)


def _unkept(request: Request) -> Request:
    """What a provider is asked: to keep nothing, and to seal its reasoning where it can."""
    if request.dialect == CHAT:  # Metadata is taken with what is kept alone.
        return replace(request, store=None, metadata=None)
    reasoning = request.reasoning
    thinks = _THINKERS.fullmatch(request.model.rpartition("/")[2]) is not None
    if thinks or (reasoning is not None and reasoning.effort not in (None, "none")):
        reasoning = replace(reasoning or Reasoning(), encrypted=True)
    return replace(request, store=False, reasoning=reasoning)


def _told_again(event: Happened) -> bool:
    return event.voice == LEADER and not isinstance(event, Noted)


def _ends(event: Happened) -> bool:
    return isinstance(event, Ended) and event.voice == LEADER
