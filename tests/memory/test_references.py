"""A request may name an item instead of holding it."""

import pytest

from manymind.canon.faults import BadRequest, Fault, NotFound
from manymind.canon.items import Called, Item, Said, Thought, Unread
from manymind.canon.parts import Text
from manymind.memory.references import REFERENCES_MAX, filled, references

RESPONSES = "openai_responses"

USER = Said(role="user", parts=(Text(text="Hello"),))
REPLY = Said(role="assistant", parts=(Text(text="Hi"),), id="msg_1", status="completed")
BARE = Thought(summary=(Text(text="Hm."),), id="rs_1")
SEALED = Thought(encrypted="abc", id="rs_2")
CALL = Called(call_id="c", name="f", arguments="{}", id="fc_1", status="completed")
FOUND: dict[str, Item] = {"msg_1": REPLY, "rs_1": BARE, "rs_2": SEALED, "fc_1": CALL}


def reference(name: object, **more: object) -> Unread:
    return Unread(dialect=RESPONSES, data={"type": "item_reference", "id": name, **more})


def test_an_item_takes_the_place_of_its_name() -> None:
    items = (reference("rs_1"), reference("msg_1"), USER, reference("rs_2"), reference("fc_1"))
    news = filled(items, references(items), FOUND)
    assert news.kept == (BARE, REPLY, USER, SEALED, CALL)
    unnamed = Said(role="assistant", parts=REPLY.parts)
    assert news.sent == (unnamed, USER, SEALED, Called(call_id="c", name="f", arguments="{}"))


@pytest.mark.parametrize("kind", ["item_reference", None])
def test_the_type_may_be_left_out(kind: str | None) -> None:
    item = Unread(dialect=RESPONSES, data={"type": kind, "id": "msg_1"})
    assert references((USER, item)) == {1: "msg_1"}
    assert references((Unread(dialect=RESPONSES, data={"id": "msg_1"}),)) == {0: "msg_1"}


@pytest.mark.parametrize(
    "item",
    [
        USER,
        Unread(dialect=RESPONSES, data={"type": "compaction", "id": "cmp_1"}),
        Unread(dialect="gemini", data={"type": "item_reference", "id": "msg_1"}),
    ],
)
def test_other_items_are_left_alone(item: Item) -> None:
    assert references((item,)) == {}
    assert filled((item,), {}, {}).sent == (item,)


@pytest.mark.parametrize(
    ("second", "kind", "field"),
    [
        (reference("msg_2"), NotFound, "input[1].id"),
        (reference("msg_1"), BadRequest, "input[1].id"),
        (reference(None), BadRequest, "input[1].id"),
        (reference(7), BadRequest, "input[1].id"),
        (reference(["msg_1"]), BadRequest, "input[1].id"),
        (reference(""), NotFound, "input[1].id"),
        (reference("\ud800\0" * 100_000), NotFound, "input[1].id"),
    ],
)
def test_a_name_of_nothing_is_refused_where_it_stands(
    second: Item, kind: type[Fault], field: str
) -> None:
    items = (reference("msg_1"), second)
    with pytest.raises(kind) as refused:
        filled(items, references(items), FOUND)
    assert refused.value.field == field
    assert len(refused.value.full) < 300
    refused.value.full.encode()


def test_the_field_is_called_as_its_caller_does() -> None:
    with pytest.raises(NotFound) as refused:
        filled((reference("x"),), {0: "x"}, {}, field="items")
    assert refused.value.field == "items[0].id"


def test_there_is_an_end_to_what_is_looked_up() -> None:
    items = tuple(reference(f"msg_{n}") for n in range(REFERENCES_MAX + 1))
    assert len(references(items[1:])) == REFERENCES_MAX
    with pytest.raises(BadRequest, match="10,001 references"):
        references(items)
