"""The scripted provider says what it is told, in the grammar of events."""

import json
from collections.abc import Sequence

import anyio
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.events import Began, Ended, Event, Opened, Spent, Stopped, Wrote
from manymind.canon.faults import CutShort, Overloaded
from manymind.canon.items import Called, Item, Returned, Said, Thought
from manymind.canon.parts import Citation, Image, Refusal, Text
from manymind.canon.requests import Function, OutputFormat, Request, ToolChoice
from manymind.canon.usage import Usage
from manymind.providers import acts
from manymind.providers.forms import fill
from manymind.providers.scripted import Pause, Scripted, tokens
from tests.world import FakeClock, Heard, a_desk, a_request, listener, settle


async def heard_from(provider: Scripted, request: Request | None = None) -> Heard:
    heard, say = listener()
    await provider.run(request or a_request(), say, a_desk())
    return heard


WEATHER = Function(
    name="weather",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
    },
)


async def test_a_text_is_one_message_between_its_beginning_and_its_end() -> None:
    heard = await heard_from(Scripted("x", "Hello, dear world."), a_request(model="x/y"))
    kinds = [type(event) for event in heard.events]
    assert kinds[0] is Began and kinds[-1] is Ended
    assert kinds.count(Wrote) == 3
    assert heard.answer.text == "Hello, dear world."
    assert heard.answer.model == "x/y"
    assert heard.answer.status == "completed"
    assert [stop.reason for stop in heard.answer.stops] == ["stop"]


async def test_usage_counts_words_and_says_that_it_is_estimated() -> None:
    heard = await heard_from(Scripted("x", "one two three"), a_request("four words are here"))
    assert heard.answer.usage == Usage(input_tokens=4, output_tokens=3, estimated=True)


async def test_usage_that_is_told_is_reported() -> None:
    told = Usage(input_tokens=7, cached_tokens=5, output_tokens=1)
    assert (await heard_from(Scripted("x", "hi", usage=told))).answer.usage == told


async def test_each_run_takes_the_next_entry_and_a_missing_one_is_an_error() -> None:
    provider = Scripted("x", "first", "second")
    assert (await heard_from(provider)).answer.text == "first"
    assert (await heard_from(provider)).answer.text == "second"
    with pytest.raises(LookupError, match="x has 2 entries and was run 3 times"):
        await heard_from(provider)
    assert provider.calls == 3


async def test_a_single_entry_serves_every_run() -> None:
    provider = Scripted("x", "again")
    assert {(await heard_from(provider)).answer.text for _ in range(3)} == {"again"}


async def test_it_remembers_what_it_was_asked() -> None:
    provider = Scripted("x")
    await heard_from(provider, a_request("remember me"))
    assert [acts.last_words(request) for request in provider.requests] == ["remember me"]
    assert [desk.key for desk in provider.desks] == ["test"]


async def test_a_fault_is_raised_after_the_words_before_it_and_closes_nothing() -> None:
    heard, say = listener()
    with pytest.raises(CutShort):
        await Scripted("x", ["The ans", CutShort("cut")]).run(a_request(), say, a_desk())
    assert heard.answer.text == "The ans"
    assert heard.answer.status == "in_progress"
    assert not any(isinstance(event, Ended) for event in heard.events)


async def test_a_fault_alone_is_raised_before_any_word() -> None:
    heard, say = listener()
    with pytest.raises(Overloaded):
        await Scripted("x", Overloaded("full")).run(a_request(), say, a_desk())
    assert heard == []


async def test_every_kind_of_item_folds_to_what_was_scripted() -> None:
    items: list[Item] = [
        Thought(summary=(Text(text="short"),), content=(Text(text="in full"),), signature="s"),
        Said(
            role="assistant",
            parts=(
                Text(text="See [1].", citations=(Citation(url="https://a.example/", end=8),)),
                Refusal(text="No more."),
                Image(url="https://a.example/i.png"),
            ),
        ),
        Called(call_id="c1", name="f", arguments='{"a": 1}'),
    ]
    heard = await heard_from(Scripted("x", items))
    folded = heard.answer.items
    assert [type(item) for item in folded] == [Thought, Said, Called]
    assert folded[0] == Thought(
        summary=(Text(text="short"),),
        content=(Text(text="in full"),),
        signature="s",
        status="completed",
    )
    assert isinstance(folded[1], Said) and isinstance(items[1], Said)
    assert folded[1].parts == items[1].parts
    assert folded[2] == Called(call_id="c1", name="f", arguments='{"a": 1}', status="completed")
    assert [stop.reason for stop in heard.answer.stops] == ["tool_calls"]


async def test_events_of_the_script_stand_as_they_are() -> None:
    spent = Spent(usage=Usage(input_tokens=1))
    script = [Began(id="own", model="m"), "hi", Stopped(reason="other"), spent, Ended()]
    events: list[Event] = list((await heard_from(Scripted("x", script))).events)
    frame = [e for e in events if isinstance(e, Began | Stopped | Spent | Ended)]
    assert frame == [Began(id="own", model="m"), Stopped(reason="other"), spent, Ended()]


async def test_the_output_never_exceeds_what_the_request_allows() -> None:
    request = a_request(max_output_tokens=2)
    heard = await heard_from(Scripted("x", "one two three four"), request)
    assert heard.answer.text == "one two"
    assert (heard.answer.status, heard.answer.reason) == ("incomplete", "max_output_tokens")
    assert heard.answer.items[0] == Said(
        role="assistant", parts=(Text(text="one two"),), status="incomplete"
    )
    assert heard.answer.usage is not None and heard.answer.usage.output_tokens == 2


async def test_item_keys_are_unique_among_the_calls_of_a_run() -> None:
    provider, desk = Scripted("x", ["a", Called(call_id="c", name="f")]), a_desk()
    keys: list[str] = []
    for step in ("one", "two"):
        heard, say = listener()
        await provider.run(a_request(), say, desk.at(step))
        keys += [event.item for event in heard.events if isinstance(event, Opened)]
    assert len(set(keys)) == len(keys) == 4


async def test_latency_pauses_and_pace_run_on_the_clock_of_the_desk() -> None:
    clock = FakeClock()
    heard, say = listener()
    provider = Scripted("x", ["a b", Pause(5), " c"], latency=1, tokens_per_second=2)
    async with anyio.create_task_group() as group:
        group.start_soon(provider.run, a_request(), say, a_desk(clock=clock))
        await settle()
        assert heard == []
        await clock.advance(2)
        assert heard.answer.text == "a b"
        await clock.advance(5.5)
        assert heard.answer.text == "a b c"
    assert clock.slept == [1, 0.5, 0.5, 5, 0.5]


@given(text=st.text(max_size=60), size=st.integers(1, 7))
@settings(max_examples=60, deadline=None)
async def test_any_chunking_says_the_same_text(text: str, size: int) -> None:
    assert "".join(tokens(text)) == text
    heard = await heard_from(Scripted("x", text, chunk_tokens=size))
    assert heard.answer.text == text


async def test_the_adder_adds_what_it_reads() -> None:
    heard = await heard_from(Scripted("x", acts.adder), a_request("2, 40 and -0.5"))
    assert heard.answer.text == "2 + 40 + -0.5 = 41.5"


async def test_the_caller_calls_the_first_tool_and_then_tells_its_result() -> None:
    asked = a_request("city: Bergen, 3 days", tools=(WEATHER,))
    provider = Scripted("x", acts.caller)
    called = (await heard_from(provider, asked)).answer.items[0]
    assert isinstance(called, Called)
    assert json.loads(called.arguments) == {"city": "Bergen", "days": 3}
    returned = Returned(call_id=called.call_id, parts=(Text(text="rain"),))
    again = a_request("", items=(*asked.items, called, returned), tools=(WEATHER,))
    assert (await heard_from(provider, again)).answer.text == "rain"


def calls_of(request: Request) -> list[str]:
    return [line.name for line in acts.caller(request) if isinstance(line, Called)]


def test_the_caller_obeys_the_tool_choice() -> None:
    tools = (WEATHER, Function(name="other"))
    assert calls_of(a_request(tools=tools)) == ["weather"]
    named = ToolChoice(mode="named", name="other")
    assert calls_of(a_request(tools=tools, tool_choice=named)) == ["other"]
    assert calls_of(a_request(tools=tools, tool_choice=ToolChoice(mode="none"))) == []


def test_the_jsonist_fills_the_schema_it_is_given() -> None:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 12},
            "pages": {"type": "integer", "minimum": 1},
            "price": {"type": "number"},
            "genre": {"enum": ["novel", "poetry"]},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "author": {"$ref": "#/$defs/person"},
            "sold": {"type": ["boolean", "null"]},
            "note": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        },
        "required": ["title", "pages", "price", "genre", "tags", "author", "sold", "note"],
        "additionalProperties": False,
        "$defs": {"person": {"type": "object", "properties": {"name": {"type": "string"}}}},
    }
    output = OutputFormat(form="json_schema", name="book", schema=schema)
    request = a_request("A book of poetry, title: Hunger, 213 pages, 9.50", output=output)
    value = json.loads("".join(line for line in acts.jsonist(request) if isinstance(line, str)))
    jsonschema_rs.validate(schema, value)
    assert (value["title"], value["pages"], value["price"]) == ("Hunger", 213, 9.5)
    assert value["genre"] == "poetry"


KEYS = st.sampled_from(
    [
        "type",
        "properties",
        "items",
        "enum",
        "anyOf",
        "$ref",
        "required",
        "minItems",
        "minimum",
        "maximum",
        "maxLength",
        "minLength",
        "format",
        "const",
        "#",
        "a",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)


@given(schema=JSON)
@settings(max_examples=300, deadline=None)
def test_no_schema_however_odd_breaks_the_form(schema: object) -> None:
    fill(schema, "some text 12")


def test_a_schema_that_refers_to_itself_is_filled_within_bounds() -> None:
    names: Sequence[str] = [f"p{n}" for n in range(20)]
    schema = {
        "type": "object",
        "properties": {name: {"$ref": "#"} for name in names},
        "required": names,
    }
    assert len(json.dumps(fill(schema, "x"))) < 100_000
