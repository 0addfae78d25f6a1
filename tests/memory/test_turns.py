"""What came before is recalled, what came is kept, and a provider is asked to keep nothing."""

from collections.abc import Collection, Mapping
from uuid import UUID

import pytest
from msgspec.structs import replace

from manymind.canon.events import Began, Chunk, Closed, Ended, Happened, Opened, PartOpened, Wrote
from manymind.canon.faults import BadRequest, NoSuchAnswer
from manymind.canon.items import Called, Item, Returned, Said, Thought, id_of
from manymind.canon.parts import Text
from manymind.canon.ports import Kept
from manymind.canon.requests import Reasoning, Request
from manymind.dialects.openai_responses.listed import identified, keepsakes
from manymind.dialects.openai_responses.outputs import named
from manymind.memory.turns import Turns
from tests.world import Heard, listener

RESPONSES, CHAT, MESSAGES = "openai_responses", "openai_chat", "anthropic_messages"

USER = Said(role="user", parts=(Text(text="Hello"),), id="msg_1", status="completed")
SEALED = Thought(encrypted="abc", id="rs_1")


class Notebook:
    """A memory, and conversations, in two dictionaries."""

    def __init__(self, *before: Item) -> None:
        self.before = before
        self.kept: list[Kept] = []
        self.added: dict[str, Item] = {}

    async def keep(self, kept: Kept) -> None:
        self.kept.append(kept)

    async def recall(self, owner: str, response_id: str) -> tuple[Item, ...]:
        if (owner, response_id) != ("ann", "resp_0"):
            raise NoSuchAnswer("No.", field="previous_response_id")
        return self.before

    async def items(self, owner: str, names: Collection[str]) -> Mapping[str, Item]:
        known = {id_of(item): item for item in self.before if owner == "ann"}
        return {name: known[name] for name in names if name in known}

    async def history(self, owner: str, conversation_id: str) -> tuple[Item, ...]:
        return self.before

    async def append(self, owner: str, conversation_id: str, items: Mapping[str, Item]) -> None:
        self.added |= items


def asked(**fields: object) -> Request:
    known = {"model": "acme/small", "dialect": RESPONSES, "items": (USER,), **fields}
    return Request(**known)  # pyright: ignore[reportArgumentType] # named by the tests


def turns(notebook: Notebook) -> Turns:
    return Turns(notebook, notebook, named, keepsakes, identified)


ANSWER: tuple[Happened, ...] = (
    Began(id="resp_theirs", model="acme/small"),
    Opened(item="1", value=Said(role="assistant")),
    PartOpened(item="1", part=0, value=Text(text="")),
    Wrote(item="1", text="Hi"),
    Closed(item="1"),
    Ended(),
)


async def heard(request: Request, notebook: Notebook) -> tuple[Heard, Request]:
    """What a caller hears of an answer, and what the provider was asked."""
    ear, say = listener()
    turn = await turns(notebook).begin("ann", request, say, "req_7")
    for event in ANSWER:
        await turn.say(Chunk((event,)))
    assert not request.store or not any(isinstance(e, Ended) for e in ear.events)
    await turn.end()
    return ear, turn.request


@pytest.mark.parametrize(
    ("dialect", "store", "kept"),
    [
        (RESPONSES, None, True),
        (RESPONSES, True, True),
        (RESPONSES, False, False),
        (CHAT, None, False),
        (CHAT, False, False),
        (CHAT, True, True),
        (MESSAGES, None, False),
        (MESSAGES, True, False),
        (None, True, False),
    ],
)
async def test_what_is_kept_depends_on_the_dialect_and_the_caller(
    dialect: str | None, store: bool | None, kept: bool
) -> None:
    notebook = Notebook()
    request = turns(notebook).readied(asked(dialect=dialect, store=store))
    ear, sent = await heard(request, notebook)
    assert bool(request.store) == kept
    assert bool(notebook.kept) == kept
    assert not sent.store
    assert ear.answer.text == "Hi"


async def test_what_is_kept_has_an_id_of_ours() -> None:
    notebook = Notebook()
    ear, _ = await heard(asked(store=True), notebook)
    (kept,) = notebook.kept
    assert ear.answer.id == kept.answer.id == "resp_7"
    assert kept.answer.items[0] == replace(ear.answer.items[0], id="msg_7")
    assert kept.request.items == (USER,)
    assert kept.events == ()


async def test_the_events_of_a_stream_are_kept_too() -> None:
    notebook = Notebook()
    await heard(asked(store=True, stream=True), notebook)
    assert notebook.kept[0].events == (replace(ANSWER[0], id="resp_7"), *ANSWER[1:])


async def test_history_is_sent_without_what_only_its_own_turn_knew() -> None:
    notebook = Notebook(USER, Thought(summary=(Text(text="Hm."),)), SEALED)
    _, sent = await heard(asked(previous_response_id="resp_0"), notebook)
    assert sent.items == (replace(USER, id=None, status=None), SEALED, USER)
    assert (sent.previous_response_id, sent.store) == (None, False)
    assert notebook.kept[0].request.previous_response_id == "resp_0"


async def test_a_turn_of_nobodys_answer_does_not_begin() -> None:
    _, say = listener()
    with pytest.raises(NoSuchAnswer):
        await turns(Notebook()).begin("bob", asked(previous_response_id="resp_0"), say, "req_7")


@pytest.mark.parametrize(
    ("model", "reasoning", "sealed"),
    [
        ("openai/gpt-5.2", None, True),
        ("openai/o3-mini", None, True),
        ("x-ai/grok-4.20", None, True),
        ("openai/gpt-5-chat-latest", None, False),
        ("x-ai/grok-4-fast-non-reasoning", None, False),
        ("openai/gpt-4o", None, False),
        ("acme/small", Reasoning(effort="high"), True),
        ("acme/small", Reasoning(effort="none"), False),
    ],
)
async def test_sealed_reasoning_is_asked_of_models_that_are_known_to_give_it(
    model: str, reasoning: Reasoning | None, sealed: bool
) -> None:
    _, sent = await heard(asked(model=model, reasoning=reasoning), Notebook())
    assert bool(sent.reasoning and sent.reasoning.encrypted) == sealed


async def test_nothing_more_is_asked_of_a_provider_where_nothing_is_kept() -> None:
    _, sent = await heard(asked(model="openai/gpt-5.2", store=False), Notebook())
    assert sent.reasoning is None


async def test_a_turn_is_added_to_its_conversation() -> None:
    notebook = Notebook(USER)
    _, sent = await heard(asked(conversation="conv_1"), notebook)
    assert len(sent.items) == 2
    assert [type(item) for item in notebook.added.values()] == [Said, Said]
    with pytest.raises(BadRequest):
        await heard(asked(conversation="conv_1", store=False), notebook)
    with pytest.raises(BadRequest):
        await heard(asked(conversation="conv_1", previous_response_id="resp_0"), notebook)


async def test_a_result_needs_its_call_also_where_history_is_recalled() -> None:
    call = Called(call_id="call_1", name="f", arguments="{}")
    _, say = listener()
    for call_id, known in (("call_1", True), ("call_2", False)):
        request = asked(
            previous_response_id="resp_0", items=(Returned(call_id=call_id), USER), store=False
        )
        begun = turns(Notebook(USER, call))
        if known:
            turn = await begun.begin("ann", request, say, "req_7")
            assert len(turn.request.items) == 4
            continue
        with pytest.raises(BadRequest) as refused:
            await begun.begin("ann", request, say, "req_7")
        assert refused.value.field == "input[0].call_id"


async def test_an_id_of_ours_has_the_form_of_openais() -> None:
    notebook = Notebook()
    _, say = listener()
    turn = await turns(notebook).begin("ann", asked(store=True), say, f"req_{UUID(int=7)}")
    for event in ANSWER:
        await turn.say(Chunk((event,)))
    await turn.end()
    assert notebook.kept[0].answer.id == f"resp_{UUID(int=7).hex}"
