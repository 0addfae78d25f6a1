"""What the description tells is there, and what is there is told."""

import re
from pathlib import Path

import msgspec
from msgspec import Struct

from manymind.app.house import open_house
from manymind.server.handshake import SOCKET
from manymind.server.openapi import document
from tests.app.stage import configured


class Parameter(Struct, rename={"where": "in"}):
    name: str
    where: str


class Operation(Struct):
    summary: str
    parameters: list[Parameter]


def described() -> dict[tuple[str, str], Operation]:
    paths = msgspec.convert(document("1")["paths"], dict[str, dict[str, Operation]])
    return {
        (method.upper(), path): operation
        for path, operations in paths.items()
        for method, operation in operations.items()
    }


async def test_every_route_is_described_and_nothing_else_is(tmp_path: Path) -> None:
    async with open_house(configured(tmp_path)) as house:
        routes = {
            (route.method, route.path.replace("...}", "}")) for route in house.application.routes
        }
    assert {route for route in routes if route[0] != SOCKET} == described().keys()


def test_every_word_in_braces_is_described_once() -> None:
    for (_, path), operation in described().items():
        named = [each.name for each in operation.parameters if each.where == "path"]
        assert named == re.findall(r"{(\w+)}", path), path
