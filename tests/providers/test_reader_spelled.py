"""The reader takes the arguments that a question spells out as they stand there."""

import json
from typing import Any

import pytest

from manymind.canon.items import Called
from manymind.canon.requests import Function, ToolChoice
from manymind.canon.values import Json
from manymind.corpus.standing import open_folders, shelves
from manymind.providers.reader import Reader
from tests.world import a_desk, a_request, listener, said


def tool(name: str, **properties: str) -> Function:
    parameters: Json = {
        "type": "object",
        "properties": {each: {"type": kind} for each, kind in properties.items()},
        "required": list(properties),
    }
    return Function(name=name, parameters=parameters)


CONVERT = tool("convert", amount="number", unit="string", exact="boolean")
CUSTOMER = tool("add_customer", customer_name="string")


async def arguments(question: str, function: Function, **fields: Any) -> Json:
    ear, say = listener()
    request = a_request(
        items=(said(question),),
        tools=(function,),
        tool_choice=ToolChoice(mode="required"),
        **fields,
    )
    await Reader(shelves(open_folders([]))).run(request, say, a_desk())
    (called,) = ear.answer.items
    assert isinstance(called, Called)
    return json.loads(called.arguments)


@pytest.mark.parametrize(
    "written",
    [
        'convert(3, "miles", true)',
        "convert(3, 'miles', true)",
        "convert(unit='miles', amount=3, exact=true)",
        'convert(amount: 3, unit: "miles", exact: true)',
    ],
)
async def test_a_call_that_the_question_writes_is_made_as_written(written: str) -> None:
    heard = await arguments(f"What is the value of {written}? Use the tool.", CONVERT)
    assert heard == {"amount": 3, "unit": "miles", "exact": True}


@pytest.mark.parametrize(
    "written", ['convert("x", 5, 7)', "convert((((", "convert(,,,)", "convert('"]
)
async def test_values_of_the_wrong_kind_are_not_taken(written: str) -> None:
    heard = await arguments(f"What is {written}?", CONVERT)
    assert isinstance(heard["amount"], int | float)
    assert isinstance(heard["unit"], str)
    assert isinstance(heard["exact"], bool)


async def test_another_functions_arguments_are_not_taken() -> None:
    heard = await arguments("Is it reconvert(3, 'miles', true)?", CONVERT)
    assert heard["amount"] != 3


@pytest.mark.parametrize("name", ["你好啊集团", "Søren & Sons", "O Brien"])
@pytest.mark.parametrize("marks", ["''", '""', "“”"])
async def test_what_is_named_in_quotes_is_the_name(name: str, marks: str) -> None:
    quoted = f"{marks[0]}{name}{marks[1]}"
    heard = await arguments(f"Create a customer named {quoted} (Hello Group).", CUSTOMER)
    assert heard == {"customer_name": name}
