"""The one place where a team speaks.

Agents put their events in a short queue and one task says them: in order, each voice within its
grammar. So an agent can be cut in the middle of a word without cutting a chunk on the socket,
and a reader that stops holds up the agents, as it should.
"""

from collections.abc import Callable
from typing import TypeAlias

import anyio

from manymind.canon.events import Ended, Happened, Say, Spent, Stopped, spoken
from manymind.canon.usage import Usage
from manymind.engine.grammar import Grammar

_QUEUE_CHUNKS = 64

_Turn: TypeAlias = Callable[[Grammar], tuple[Happened, ...]]
"""What is to be said, once it is known what has been said before."""


class Mouth:
    """`opening` is how the leader begins, before anyone says a word."""

    def __init__(self, say: Say, opening: tuple[Happened, ...]) -> None:
        self._say = say
        self._opening = opening
        self._grammar = Grammar()
        self._send, self._receive = anyio.create_memory_object_stream[_Turn](_QUEUE_CHUNKS)

    async def pump(self) -> None:
        """Says what is queued, until `close`. The leader begins before any other word."""
        async for turn in self._receive:
            events = turn(self._grammar)
            if self._opening:
                events = (*self._grammar.admit(self._opening), *events)
                self._opening = ()
            if events:
                await self._say(spoken(*events))

    def close(self) -> None:
        """Nothing more will be said; what is queued still is."""
        self._send.close()

    def __enter__(self) -> "Mouth":
        return self

    def __exit__(self, *raised: object) -> None:
        """The queue goes when every task is gone. Any sooner, an agent that speaks into a queue
        without an ear would hide why the ear is gone."""
        self._send.close()
        self._receive.close()

    async def say(self, *events: Happened) -> None:
        """Queue these events. None at all still lets the leader begin: somebody has answered."""
        if events or self._opening:
            await self._queue(lambda grammar: grammar.admit(events))

    async def loose(self, step: str) -> None:
        """A call is over: close what it left open, and end the voices that spoke in it."""

        def turn(grammar: Grammar) -> tuple[Happened, ...]:
            ended = tuple(
                event
                for voice in grammar.below(step)
                for event in (*grammar.hush(voice), *_end(grammar, voice, "incomplete", None))
            )
            return (*ended, *grammar.loose(f"{step}:"))

        await self._queue(turn)

    async def hush(self, voice: str, status: str, reason: str | None, usage: Usage) -> None:
        """A voice has said its last word, or is cut short."""

        def turn(grammar: Grammar) -> tuple[Happened, ...]:
            below = tuple(
                event
                for name in grammar.below(voice)
                for event in (*grammar.hush(name), *_end(grammar, name, "incomplete", None))
            )
            facts = grammar.admit(
                (
                    Stopped(voice=voice, reason="stop" if status == "completed" else "other"),
                    Spent(voice=voice, usage=usage),
                )
            )
            rest = (*grammar.hush(voice), *facts, *_end(grammar, voice, status, reason))
            return (*below, *rest)

        await self._queue(turn)

    async def _queue(self, turn: _Turn) -> None:
        """Waits only where the queue is full: a checkpoint for every word would be most of what
        a team costs."""
        try:
            self._send.send_nowait(turn)
        except anyio.WouldBlock:
            await self._send.send(turn)


def _end(grammar: Grammar, voice: str, status: str, reason: str | None) -> tuple[Happened, ...]:
    return grammar.admit((Ended(voice=voice, status=status, reason=reason),))
