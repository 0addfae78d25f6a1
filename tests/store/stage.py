"""A store on a database of the tests' own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from msgspec import Struct

from manymind.canon.answers import Answer, Output
from manymind.canon.items import Item, Said
from manymind.canon.parts import Text
from manymind.canon.ports import Kept
from manymind.canon.requests import Request
from manymind.store.answers import Answers
from manymind.store.conversations import Conversations
from manymind.store.database import Database
from tests.world import FakeClock

RESPONSES = "openai_responses"


class Store(Struct, frozen=True):
    answers: Answers
    conversations: Conversations
    clock: FakeClock


@asynccontextmanager
async def opened(url: str, *, days: int = 30) -> AsyncGenerator[Store]:
    database = Database(url)
    clock = FakeClock()
    try:
        yield Store(Answers(database, clock, days=days), Conversations(database, clock), clock)
    finally:
        await database.aclose()


def said(text: str, role: str = "user") -> Item:
    return Said(role=role, parts=(Text(text=text),))


def kept(
    answer_id: str,
    text: str = "What?",
    *,
    owner: str = "ann",
    before: str | None = None,
    reply: str = "That.",
    dialect: str = RESPONSES,
) -> Kept:
    """One turn: what was asked, and what was answered."""
    return Kept(
        owner=owner,
        request=Request(
            model="acme/small",
            dialect=dialect,
            items=(said(text),),
            previous_response_id=before,
            store=True,
        ),
        answer=Answer(
            id=answer_id,
            model="acme/small",
            created=1_700_000_000,
            outputs=(Output(item=said(reply, "assistant")),),
            status="completed",
        ),
    )


def texts(items: tuple[Item, ...]) -> list[str]:
    """The words of a history, in order."""
    return [
        part.text
        for item in items
        if isinstance(item, Said)
        for part in item.parts
        if isinstance(part, Text)
    ]
