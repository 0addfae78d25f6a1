"""The little assistant: it decides from the request alone what to call and what to say."""

import msgspec
import pytest
from msgspec.structs import replace

from manymind.canon.items import Called, Item, Returned, Said
from manymind.canon.parts import Image, Text
from manymind.canon.requests import Function, OutputFormat, Request, ToolChoice
from manymind.canon.values import Json
from manymind.providers.acts import Line
from manymind.providers.assistant import assistant
from tests.world import a_request, said

CITY: Json = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = Function(name="get_weather", description="The weather of a city", parameters=CITY)
BILLING = Function(name="transfer_to_billing", parameters={"type": "object"})
QUESTION = "city: Oslo. What is the weather?"


def one(request: Request) -> Line:
    (line,) = assistant(request)
    return line


def called(request: Request) -> Called:
    line = one(request)
    assert isinstance(line, Called)
    return line


def after(request: Request, *items: Item) -> Request:
    return replace(request, items=(*request.items, *items))


@pytest.mark.parametrize(("text", "name"), [(QUESTION, "get_weather"), ("Billing, please", None)])
def test_the_tool_that_the_question_speaks_of_is_called(text: str, name: str | None) -> None:
    call = called(a_request(text, tools=(BILLING, WEATHER)))
    assert call.name == (name or "transfer_to_billing")


def test_arguments_come_from_the_question() -> None:
    call = called(a_request(QUESTION, tools=(WEATHER,)))
    assert msgspec.json.decode(call.arguments) == {"city": "Oslo"}


def test_no_tool_is_called_where_none_is_meant() -> None:
    assert one(a_request("Good morning", tools=(BILLING, WEATHER))) == "Good morning"


@pytest.mark.parametrize("mode", ["required", "named"])
def test_a_demanded_call_is_made_whatever_the_question(mode: str) -> None:
    choice = ToolChoice(mode=mode, name="get_weather" if mode == "named" else None)
    request = a_request("Good morning", tools=(BILLING, WEATHER), tool_choice=choice)
    assert called(request).name == ("get_weather" if mode == "named" else "transfer_to_billing")


def test_what_came_back_is_told_and_the_call_not_repeated() -> None:
    request = a_request(QUESTION, tools=(WEATHER,))
    call = called(request)
    back = Returned(call_id=call.call_id, parts=(Text(text="Sunny"),))
    assert one(after(request, call, back)) == "Sunny"


def test_a_demanded_call_after_another_takes_the_tool_that_is_left() -> None:
    request = a_request(QUESTION, tools=(WEATHER, BILLING), tool_choice=ToolChoice(mode="required"))
    call = called(request)
    back = Returned(call_id=call.call_id, parts=(Text(text="Sunny"),))
    assert called(after(request, call, back)).name == "transfer_to_billing"


def test_a_picture_is_described_by_what_can_be_measured() -> None:
    picture = Image(data="aGVsbG8=", media_type="image/png")
    asked = Said(role="user", parts=(Text(text="What is this?"), picture))
    line = one(a_request(items=(asked,)))
    assert isinstance(line, str)
    assert line.startswith("image: image/png, 5 bytes")
    assert one(a_request(items=(asked, said("A dot.", "assistant"), said("Thanks")))) == "Thanks"


@pytest.mark.parametrize("form", [None, "json_object"])
def test_keys_that_are_asked_for_by_name_are_given(form: str | None) -> None:
    output = None if form is None else OutputFormat(form=form)
    question = "Answer in JSON with the keys 'name' and 'count'. name: lamp"
    line = one(a_request(question, output=output))
    assert isinstance(line, str)
    filled = msgspec.json.decode(line)
    assert list(filled) == ["name", "count"]
    assert filled["name"] == "lamp"
