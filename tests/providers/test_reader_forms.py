"""The reader fills schemas with what it found and calls functions by fixed rules."""

import json
from pathlib import Path
from typing import Any, TypeAlias

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.answers import Answer
from manymind.canon.faults import BadRequest, Fault, Unsupported
from manymind.canon.items import Called, Item, Returned, Said
from manymind.canon.parts import Refusal, Text
from manymind.canon.requests import Function, OutputFormat, ToolChoice
from manymind.corpus.standing import open_folders, shelves
from manymind.providers.reader import Reader
from tests.world import a_desk, a_request, listener, said

DEMO = shelves(open_folders([Path(__file__).parents[2] / "demo" / "corpus"]))
STRING = {"type": "string"}
SEARCH = Function(
    name="search",
    parameters={
        "type": "object",
        "properties": {"query": STRING, "limit": {"type": "integer"}},
        "required": ["query"],
    },
)
CLAIM = Function(
    name="note_claim",
    parameters={
        "type": "object",
        "properties": {"text": STRING, "document_id": STRING, "quote": STRING},
        "required": ["text", "document_id", "quote"],
        "additionalProperties": False,
    },
)
WEATHER = Function(
    name="get_weather",
    parameters={"type": "object", "properties": {"location": STRING}, "required": ["location"]},
)


async def ask(*items: Item, **fields: Any) -> Answer:
    ear, say = listener()
    await Reader(DEMO).run(a_request(items=items, **fields), say, a_desk())
    return ear.answer


def strict(**properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


async def fill(question: str, schema: dict[str, object]) -> Any:
    output = OutputFormat(form="json_schema", name="x", schema=schema, strict=True)
    answer = await ask(said(question), output=output)
    assert answer.text, answer.items
    value = json.loads(answer.text)
    jsonschema_rs.validate(schema, value, validate_formats=True)
    return value


def calls(answer: Answer) -> list[tuple[str, dict[str, Any]]]:
    return [
        (item.name, json.loads(item.arguments)) for item in answer.items if isinstance(item, Called)
    ]


def returned(answer: Answer, value: object) -> tuple[Returned, ...]:
    text = value if isinstance(value, str) else json.dumps(value)
    return tuple(
        Returned(call_id=item.call_id, parts=(Text(text=text),))
        for item in answer.items
        if isinstance(item, Called)
    )


async def test_a_schema_is_filled_from_what_the_documents_say() -> None:
    schema = strict(
        first_lit={"type": "string", "format": "date"},
        coxswain=STRING,
        dogs_allowed={"type": "boolean"},
        mascot={"type": ["string", "null"]},
    )
    value = await fill("Facts about Skerrow Light", schema)
    assert value == {
        "first_lit": "1871-10-14",
        "coxswain": "Maren Hollis",
        "dogs_allowed": False,
        "mascot": None,
    }


async def test_a_table_becomes_objects() -> None:
    row = strict(
        work=STRING,
        deadline={"type": "string", "format": "date"},
        cost={"type": "integer"},
        responsible=STRING,
    )
    value = await fill(
        "Recommended work on the tower", strict(tasks={"type": "array", "items": row})
    )
    assert value["tasks"][0] == {
        "work": "Repoint courses 14 to 16",
        "deadline": "2022-09-30",
        "cost": 46000,
        "responsible": "Ilse Korrin",
    }
    assert len(value["tasks"]) == 4


async def test_a_value_that_has_to_be_there_and_is_not_is_refused_and_never_made_up() -> None:
    schema = strict(population={"type": "integer"})
    output = OutputFormat(form="json_schema", name="x", schema=schema)
    answer = await ask(said("How many people live in Ruritania?"), output=output)
    (item,) = answer.items
    assert isinstance(item, Said) and isinstance(item.parts[0], Refusal)
    assert "population" in item.parts[0].text
    assert answer.stops[0].reason == "refusal"


async def test_references_and_recursion_are_followed() -> None:
    node = strict(name=STRING, parts={"type": "array", "items": {"$ref": "#/$defs/node"}})
    schema = {**strict(root={"$ref": "#/$defs/node"}), "$defs": {"node": node}}
    assert "root" in await fill("Who is the coxswain?", schema)


@pytest.mark.parametrize(
    "keyword", ["allOf", "oneOf", "not", "if", "patternProperties", "minProperties", "contains"]
)
async def test_a_keyword_it_cannot_follow_is_refused_by_name(keyword: str) -> None:
    schema: dict[str, object] = {**strict(a=STRING), keyword: {}}
    with pytest.raises(Unsupported, match=keyword) as fault:
        await fill("x", schema)
    assert fault.value.field == f"response_format.json_schema.schema.{keyword}"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"type": "object", "properties": []},
        {"type": "object", "required": ["a"]},
        {"type": "array", "items": 3},
        {"enum": []},
        {"$ref": "#/nowhere"},
        {"type": "string", "pattern": "("},
        {"type": "number", "minimum": "1"},
    ],
)
async def test_a_broken_schema_is_a_bad_request(schema: dict[str, object]) -> None:
    with pytest.raises(BadRequest) as fault:
        await fill("x", schema)
    assert fault.value.field


_Shape: TypeAlias = dict[str, object]

LEAVES: list[_Shape] = [
    {"type": "string"},
    {"type": "string", "minLength": 3},
    {"type": "string", "format": "date"},
    {"type": "string", "pattern": "^[A-Z]+$"},
    {"type": "integer", "minimum": 3, "maximum": 40},
    {"type": "number", "multipleOf": 0.5},
    {"type": "boolean"},
    {"type": ["string", "null"]},
    {"enum": ["lamp", "boat", "unknown"]},
    {"const": "x"},
    {"type": "null"},
]


def a_list(items: _Shape) -> _Shape:
    return {"type": "array", "items": items, "maxItems": 3}


def or_nothing(shape: _Shape) -> _Shape:
    return {"anyOf": [shape, {"type": "null"}]}


def a_pair(one: _Shape, other: _Shape) -> _Shape:
    return strict(tower_height=one, boat_name=other)


def nested(inner: st.SearchStrategy[_Shape]) -> st.SearchStrategy[_Shape]:
    return st.one_of(
        st.builds(a_list, inner), st.builds(or_nothing, inner), st.builds(a_pair, inner, inner)
    )


SHAPES = st.recursive(st.sampled_from(LEAVES), nested, max_leaves=6)


@given(SHAPES)
@settings(max_examples=80, deadline=None)
async def test_what_is_spoken_as_json_is_always_valid(shape: dict[str, object]) -> None:
    schema = strict(answer=shape)
    output = OutputFormat(form="json_schema", name="x", schema=schema)
    answer = await ask(said("How high is the tower, and what are the boats called?"), output=output)
    if answer.text:
        jsonschema_rs.validate(schema, json.loads(answer.text), validate_formats=True)
    else:
        assert answer.stops[0].reason == "refusal"


async def test_a_plain_json_object_holds_the_answer_and_its_quotes() -> None:
    answer = await ask(said("Who is the coxswain?"), output=OutputFormat(form="json_object"))
    value = json.loads(answer.text)
    assert value["answer"] == "The coxswain is Maren Hollis."
    assert value["quotes"][0]["document_id"] == "boats.md"


async def test_a_search_is_called_once_when_the_documents_do_not_answer() -> None:
    question = said("Who won the election in Ruritania?")
    first = await ask(question, tools=(SEARCH,))
    ((name, arguments),) = calls(first)
    assert name == "search" and "Ruritania" in arguments["query"]
    found = {"passages": [{"document_id": "news", "start": 40, "end": 90, "heading": None,
                           "text": "Rudolf won the election in Ruritania."}]}  # fmt: skip
    second = await ask(question, *first.items, *returned(first, found), tools=(SEARCH,))
    assert calls(second) == []
    (item,) = [item for item in second.items if isinstance(item, Said)]
    (part,) = item.parts
    assert isinstance(part, Text) and part.citations[0].url == "document:news"
    assert part.citations[0].source_start == 40


async def test_no_search_is_called_when_the_documents_answer() -> None:
    answer = await ask(said("Who is the coxswain?"), tools=(SEARCH,))
    assert calls(answer) == [] and "Maren Hollis" in answer.text


async def test_an_agent_searches_notes_claims_and_reports_without_looping() -> None:
    brief = said("Note what you find.\n\nYour objective:\n\nWho is the coxswain of Skerrow?")
    tools = (SEARCH, CLAIM)
    first = await ask(brief, tools=tools)
    assert [name for name, _ in calls(first)] == ["search"]
    text = "The boats lie low.\nThe coxswain of Skerrow\nis Maren Hollis. She is able."
    found = {"passages": [{"document_id": "boats", "start": 7, "end": 70, "text": text}]}
    second = await ask(brief, *first.items, *returned(first, found), tools=tools)
    ((name, claim),) = calls(second)
    assert name == "note_claim"
    assert claim["document_id"] == "boats" and claim["quote"] in text
    history = (brief, *first.items, *returned(first, found), *second.items)
    history = (*history, *returned(second, {"accepted": True, "evidence": "E1"}))
    third = await ask(*history, tools=tools)
    assert calls(third) == [] and "Maren Hollis" in third.text
    last = await ask(*history, said("Stop here. Report now."), tools=tools,
                     tool_choice=ToolChoice(mode="none"))  # fmt: skip
    assert "Maren Hollis" in last.text


@pytest.mark.parametrize(
    "result",
    [
        '<passage document_id="news" start="40">Rudolf won the election in Ruritania.</passage>',
        '<document id="news">Rudolf won the election in Ruritania.</document>',
        '[{"url": "https://n.example", "snippet": "Rudolf won the election in Ruritania."}]',
        "Rudolf won the election in Ruritania.",
    ],
)
async def test_results_of_any_usual_form_are_read(result: str) -> None:
    question = said("Who won the election in Ruritania?")
    first = await ask(question, tools=(SEARCH,))
    second = await ask(question, *first.items, *returned(first, result), tools=(SEARCH,))
    assert "“Rudolf won the election in Ruritania.” [[1]](" in second.text


async def test_a_function_is_called_when_the_question_speaks_of_it() -> None:
    question = said("What is the weather in Paris?")
    first = await ask(question, tools=(WEATHER,))
    assert calls(first) == [("get_weather", {"location": "Paris"})]
    assert first.stops[0].reason == "tool_calls"
    second = await ask(question, *first.items, *returned(first, {"celsius": 21}), tools=(WEATHER,))
    assert "21" in second.text and calls(second) == []


async def test_a_function_is_left_alone_when_nobody_speaks_of_it() -> None:
    assert calls(await ask(said("Who is the coxswain?"), tools=(WEATHER,))) == []
    assert (
        calls(
            await ask(
                said("The weather in Paris?"), tools=(WEATHER,), tool_choice=ToolChoice(mode="none")
            )
        )
        == []
    )


@pytest.mark.parametrize(
    "choice", [ToolChoice(mode="required"), ToolChoice(mode="named", name="get_weather")]
)
async def test_who_insists_on_a_call_gets_one_and_only_one(choice: ToolChoice) -> None:
    question = said("Good day to you all, friends of the sea.")
    first = await ask(question, tools=(WEATHER,), tool_choice=choice)
    assert [name for name, _ in calls(first)] == ["get_weather"]
    second = await ask(
        question, *first.items, *returned(first, "sunny"), tools=(WEATHER,), tool_choice=choice
    )
    assert calls(second) == []


async def test_a_named_function_that_is_not_offered_is_a_bad_request() -> None:
    with pytest.raises(BadRequest):
        await ask(said("x"), tools=(WEATHER,), tool_choice=ToolChoice(mode="named", name="y"))


async def test_calls_come_one_at_a_time_where_that_is_asked() -> None:
    question = said("Your objective:\n\nWho is the king? When was the war?")
    many = await ask(question, tools=(SEARCH, CLAIM))
    one = await ask(question, tools=(SEARCH, CLAIM), parallel_tool_calls=False)
    assert (len(calls(many)), len(calls(one))) == (2, 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["type", "properties", "items", "enum", "anyOf", "$ref", "required", "x"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["type", "properties", "items", "$ref", "anyOf"]), JSON))
@settings(max_examples=100, deadline=None)
async def test_a_hostile_schema_is_a_fault_and_never_a_crash(schema: dict[str, object]) -> None:
    tool = Function(name="tool", parameters=schema)
    try:
        await ask(said("A question?"), output=OutputFormat(form="json_schema", schema=schema))
        await ask(said("A question?"), tools=(tool,), tool_choice=ToolChoice(mode="required"))
    except Fault as fault:
        assert fault.status == 400


@given(st.text(max_size=60) | JSON.map(json.dumps))
@settings(max_examples=60, deadline=None)
async def test_a_hostile_tool_result_is_read_as_text(result: str) -> None:
    first = await ask(said("Who rules Ruritania?"), tools=(SEARCH,))
    second = await ask(
        said("Who rules Ruritania?"), *first.items, *returned(first, result), tools=(SEARCH,)
    )
    assert second.status == "completed"
