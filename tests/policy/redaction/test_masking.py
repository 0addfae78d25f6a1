"""What leaves in a request, field by field, and that JSON stays JSON."""

import json
import time
from itertools import pairwise
from random import Random
from typing import Any, cast, get_type_hints

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import fields

from manymind.canon import items, parts, requests
from manymind.canon.faults import Blocked
from manymind.canon.items import Called, Item, Returned, Said, Thought
from manymind.canon.parts import Citation, Image, Text
from manymind.canon.requests import Request
from manymind.canon.values import Aside
from manymind.policy.redaction.conversation import Conversation
from manymind.policy.redaction.remembering import Remembering
from manymind.policy.redaction.rules import Action
from manymind.policy.redaction.scanner import Scanner
from manymind.policy.redaction.vault import PLACEHOLDER
from tests.policy.redaction import samples
from tests.policy.redaction.test_rules import RULES
from tests.world import a_request, said

MADE = samples.examples(Random(11))
MAIL, KEY, CARD = MADE["email"][1], MADE["openai_key"][1], MADE["card"][1]

FINDING = Remembering(Scanner([msgspec.structs.replace(rule, action="redact") for rule in RULES]))

SEALED = {"encrypted", "signature", "dialect"}
KINDS = [
    kind
    for room in (items, parts, requests)
    for kind in vars(room).values()
    if isinstance(kind, type) and issubclass(kind, Struct) and kind.__module__ == room.__name__
]


def talk(
    *begun: Item, finding: Remembering = FINDING, seed: bytes = b"a tenant"
) -> tuple[Conversation, list[tuple[str, str]]]:
    noted: list[tuple[str, str]] = []
    begin = begun or (said("How it began."),)

    def note(rule: str, action: str) -> None:
        noted.append((rule, action))

    return Conversation(finding, seed, begin, note), noted


async def masked(request: Request) -> Request:
    return await talk()[0].outgoing(request)


def filled(kind: type[Struct], value: str) -> Struct:
    """One of these, with the value in every field that can hold a text."""
    hints = get_type_hints(kind)
    return kind(
        **{
            field.name: made
            for field in fields(kind)
            if (made := _made(hints[field.name], field.name, value)) is not None
        }
    )


def _made(hint: Any, name: str, value: str) -> Any:
    said_of = str(hint)
    for known, made in (
        ("values.Aside", Aside("openai_chat", {"deep": [{"er": value}]})),
        ("Citation", (Citation(url=value, title=value, quote=value),)),
        ("OutputFormat", requests.OutputFormat(form="json_schema", description=value)),
        ("ToolChoice", requests.ToolChoice(mode="named", name=value, unread={"a": value})),
        ("Reasoning", requests.Reasoning(effort=value)),
        ("UnreadTool", (requests.Function(name="f", description=value, parameters={"x": value}),)),
        ("parts.Image", (Text(text=value),)),
        ("items.Said", (said(value),)),
        ("parts.Text", (Text(text=value),)),
        ("Caps", requests.Caps()),
        ("tuple[dict", ({"token": value},)),
        ("tuple[str", (value,)),
        ("dict", {"key": value, value: ["x"]}),
    ):
        if known in said_of:
            return made
    return value if "str" in said_of else None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_every_field_that_holds_a_text_is_looked_through(kind: type[Struct]) -> None:
    value = filled(kind, MAIL)
    exits, _ = talk()
    as_request = value if isinstance(value, Request) else None
    out = (
        await exits.outgoing(as_request)
        if as_request is not None
        else (await exits.outgoing(a_request(metadata={"here": value}))).metadata
    )
    left = _places(msgspec.to_builtins(out))
    packed = {"data"} if kind in (parts.Image, parts.File, parts.Audio) else set[str]()
    assert {place for place in left if place not in SEALED | packed} == set()


def _places(value: Any, name: str = "") -> set[str]:
    """The names of the fields that still hold the value."""
    match value:
        case str():
            return {name} if MAIL in value else set()
        case dict():
            held = cast("dict[str, Any]", value)
            keys = {place for key in held for place in _places(key, "a key")}
            return keys | {p for key, inner in held.items() for p in _places(inner, key)}
        case list() | tuple():
            return {p for inner in cast("list[Any]", value) for p in _places(inner, name)}
        case _:
            return set()


async def test_what_holds_nothing_is_the_same_value() -> None:
    request = a_request("Nothing to see", metadata={"a": "b"}, stop=("x",))
    assert await masked(request) is request


async def test_arguments_stay_json() -> None:
    pem = MADE["private_key"][1]
    given = json.dumps({"to": MAIL, "card": int(CARD.replace(" ", "")), "key": pem, "n": [1.50]})
    request = a_request(items=(Called(call_id="c", name="send", arguments=given),))
    [item] = (await masked(request)).items
    assert isinstance(item, Called)
    read = json.loads(item.arguments)
    assert read["n"] == [1.5]
    assert [PLACEHOLDER.fullmatch(read[name]) is not None for name in ("to", "card", "key")] == [
        True,
        True,
        True,
    ]
    _, same = (await masked(a_request(pem))).items[0], read["key"]
    assert same.startswith("[PRIVATE_KEY_")


@pytest.mark.parametrize("piece", ['\\"', '"', "\\", '{"', '\\\\"', '["\\'])
async def test_hostile_json_takes_time_by_its_length(piece: str) -> None:
    seconds: list[float] = []
    for size in (20_000, 200_000):
        text = '{"' + piece * (size // len(piece))
        begun = time.thread_time()
        request = a_request(text, items=(Called(call_id="c", name="f", arguments=text),))
        talk()[0].mask(request)
        seconds.append(time.thread_time() - begun)
    assert seconds[1] < 40 * seconds[0] + 0.2


async def test_a_value_has_one_placeholder_in_prose_and_in_json() -> None:
    pem = MADE["private_key"][1]
    tool = Returned(call_id="c", parts=(Text(text=json.dumps({"found": pem})),))
    out = await masked(a_request(items=(said(pem), tool)))
    assert len(set(PLACEHOLDER.findall(msgspec.json.encode(out.items).decode()))) == 1


async def test_arguments_that_are_no_json_are_masked_too() -> None:
    broken = f'{{"to": "{MAIL}", "key": "{KEY}'
    request = a_request(items=(Called(call_id="c", name="f", arguments=broken),))
    [item] = (await masked(request)).items
    assert isinstance(item, Called)
    assert MAIL not in item.arguments
    assert KEY not in item.arguments


@pytest.mark.parametrize("places", [(10,), (3, 30), (5, 6, 7, 50)])
async def test_a_secret_split_over_parts_is_found(places: tuple[int, ...]) -> None:
    whole = f"See {KEY} and {MAIL}."
    ends = (0, *places, len(whole))
    pieces = tuple(Text(text=whole[a:b]) for a, b in pairwise(ends))
    [item] = (await masked(a_request(items=(Said(role="user", parts=pieces),)))).items
    assert isinstance(item, Said)
    assert len(item.parts) == len(pieces)
    together = "".join(part.text for part in item.parts if isinstance(part, Text))
    assert PLACEHOLDER.sub("…", together) == "See … and …."


async def test_a_picture_between_texts_keeps_them_apart() -> None:
    half = len(KEY) // 2
    pieces = (Text(text=KEY[:half]), Image(url="https://a.example/b"), Text(text=KEY[half:]))
    request = a_request(items=(Said(role="user", parts=pieces),))
    [item] = (await masked(request)).items
    assert isinstance(item, Said)
    assert item.parts[1] == pieces[1]


async def test_citations_in_the_history_keep_their_words() -> None:
    text = f"Ask {MAIL} about it [[1]](u)."
    at = text.index("[[")
    cited = Text(text=text, citations=(Citation(start=at, end=at + 8, title="1"),))
    [item] = (await masked(a_request(items=(Said(role="assistant", parts=(cited,)),)))).items
    assert isinstance(item, Said)
    [part] = item.parts
    assert isinstance(part, Text)
    [moved] = part.citations
    assert part.text[moved.start : moved.end] == "[[1]](u)"


async def test_what_is_sealed_by_its_maker_is_left_alone() -> None:
    thought = Thought(encrypted=f"x{MAIL}", signature=f"y{MAIL}", content=(Text(text=MAIL),))
    picture = Image(data=MAIL, url=f"data:image/png;base64,{'QUtJQQ' * 60}")
    request = a_request(items=(thought, Said(role="user", parts=(picture,))))
    first, second = (await masked(request)).items
    assert isinstance(first, Thought)
    assert (first.encrypted, first.signature) == (thought.encrypted, thought.signature)
    assert MAIL not in first.content[0].text
    assert second == request.items[1]


async def test_ten_turns_keep_their_placeholders() -> None:
    history: tuple[Item, ...] = (said(f"I am {MAIL}"),)
    seen: list[str] = []
    for n in range(10):
        exits, _ = talk(*history)
        out = await exits.outgoing(a_request(items=history))
        texts = [msgspec.json.encode(item).decode() for item in out.items]
        assert texts[: len(seen)] == seen
        seen = texts
        history = (*history, said(f"Yes, {MAIL}", "assistant"), said(f"{n}: {MAIL}, {KEY}"))
    assert len({mark for text in seen for mark in PLACEHOLDER.findall(text)}) == 2


async def test_a_system_prompt_that_changes_is_not_how_a_conversation_began() -> None:
    marks: set[str] = set()
    for day in ("Monday", "Tuesday"):
        begun = (said(f"It is {day}", "system"), said(f"I am {MAIL}"))
        exits, _ = talk(*begun)
        marks.update(PLACEHOLDER.findall(str((await exits.outgoing(a_request(items=begun))).items)))
    assert len(marks) == 1


async def test_conversations_and_tenants_are_told_apart() -> None:
    marks: set[str] = set()
    for begun, seed in (("One", b"a"), ("Two", b"a"), ("One", b"b")):
        exits, _ = talk(said(begun), seed=seed)
        marks.update(PLACEHOLDER.findall(str((await exits.outgoing(a_request(MAIL))).items)))
    assert len(marks) == 3


async def test_an_attempt_after_the_first_is_not_masked_anew() -> None:
    exits, noted = talk()
    request = a_request(MAIL)
    assert await exits.outgoing(request) is await exits.outgoing(request)
    assert noted == [("email", "redact")]


def finding_with(**actions: Action) -> Remembering:
    rules = [
        msgspec.structs.replace(rule, action=actions.get(rule.name, "redact")) for rule in RULES
    ]
    return Remembering(Scanner(rules))


async def test_blocking_names_rules_and_counts_and_never_the_value() -> None:
    exits, _ = talk(finding=finding_with(email="block", card="block"))
    with pytest.raises(Blocked) as caught:
        await exits.outgoing(a_request(f"{MAIL}, {MAIL}, {CARD} and {KEY}"))
    assert "card (1), email (1)" in caught.value.message
    assert caught.value.status == 400
    assert caught.value.advice
    assert not any(value in caught.value.full for value in (MAIL, CARD, KEY))


async def test_a_block_holds_for_what_is_sent_and_not_for_what_comes_after() -> None:
    exits, _ = talk(finding=finding_with(email="block"))
    with pytest.raises(Blocked):
        await exits.outgoing(a_request(MAIL))
    clean = a_request("Nothing to see")
    assert await exits.outgoing(clean) is clean


async def test_flagging_only_notes() -> None:
    exits, noted = talk(finding=finding_with(email="flag"))
    request = a_request(MAIL)
    assert await exits.outgoing(request) is request
    assert exits.counts == {"email": 1}
    assert noted == [("email", "flag")]


async def test_tools_are_an_exit_too() -> None:
    exits, _ = talk()
    called = Called(
        call_id="c", name="web_search", arguments=json.dumps({"query": f"who is {MAIL}"})
    )
    out = await exits.calling(called)
    assert MAIL not in out.arguments
    [mark] = PLACEHOLDER.findall(out.arguments)
    back = await exits.returning(Returned(call_id="c", parts=(Text(text=f"No {mark} here"),)))
    assert back.parts == (Text(text=f"No {MAIL} here"),)


async def test_a_large_request_is_masked_beside_the_loop() -> None:
    text = f"{'word ' * 200_000}{MAIL}"
    [item] = (await masked(a_request(text))).items
    assert isinstance(item, Said)
    assert MAIL not in str(item.parts[0])


async def test_a_callers_own_placeholder_is_no_key_to_anything() -> None:
    exits, _ = talk()
    made_up = "[EMAIL_abcdefghij]"
    out = await exits.outgoing(a_request(f"{made_up} {MAIL}"))
    assert made_up in str(out.items)
    back = await exits.returning(Returned(call_id="c", parts=(Text(text=made_up),)))
    assert back.parts == (Text(text=made_up),)
