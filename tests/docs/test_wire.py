"""The reference of the wire says what the dialects do."""

from collections.abc import Callable, Iterator

import msgspec
import pytest

from manymind.canon import faults
from manymind.canon.answers import Answer, Output
from manymind.canon.events import Stopped
from manymind.canon.faults import Fault
from manymind.canon.items import Said
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.dialects import find
from manymind.dialects.mirror import View
from manymind.server.openapi import document
from tests.docs.conftest import OURS, Addresses
from tests.docs.curl import Curl, send
from tests.docs.pages import page, plain
from tests.docs.proof import is_object, objects

WIRE = page("docs/reference/wire.md")
DIALECTS = find()
FAULTS = WIRE.rows(
    "fault", "status", "code", "type in Chat and Responses", "type in Messages", "means"
)
ENDS = WIRE.rows("stopped", "Chat `finish_reason`", "Responses `status`", "Messages `stop_reason`")


def kinds(kind: type[Fault]) -> Iterator[type[Fault]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == faults.__name__:
            yield from kinds(below)


def test_every_fault_has_its_row() -> None:
    named = [plain(row[0]) for row in FAULTS]
    assert sorted(named) == sorted(kind.__name__ for kind in set(kinds(Fault)))


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: plain(row[0]))
def test_a_fault_is_written_as_its_row_says(row: list[str]) -> None:
    name, status, code, openai, anthropic, _ = map(plain, row)
    fault: Fault = getattr(faults, name)("Something happened.")
    assert (fault.status, fault.code) == (int(status), code)
    for dialect in ("openai_chat", "openai_responses"):
        assert written(fault, dialect) == {"type": openai, "code": code}
    assert written(fault, "anthropic_messages") == {"type": anthropic}


def written(fault: Fault, dialect: str) -> dict[str, object]:
    body: object = msgspec.json.decode(DIALECTS[dialect].write_fault(fault, "req_1"))
    assert is_object(body)
    assert [each["request_id"] for each in objects(body) if "request_id" in each] == ["req_1"]
    error = body["error"]
    assert is_object(error)
    return {name: error[name] for name in ("type", "code") if name in error}


@pytest.mark.parametrize("row", ENDS, ids=lambda row: row[0])
def test_an_answer_ends_as_its_row_says(row: list[str]) -> None:
    reason, *expected = map(plain, row)
    answer = Answer(
        id="1",
        model="m",
        created=1,
        outputs=(Output(item=Said(role="assistant", parts=(Text(text="Yes."),))),),
        stops=(Stopped(reason=reason),),
        status="completed",
    )
    wanted = {
        "openai_chat": "finish_reason",
        "openai_responses": "status",
        "anthropic_messages": "stop_reason",
    }
    found: list[object] = []
    for dialect, field in wanted.items():
        body: object = msgspec.json.decode(
            DIALECTS[dialect].write_reply(answer, Request(model="m"), View())
        )
        found.append(next(each[field] for each in objects(body) if field in each))
    assert found == expected


def test_every_path_of_the_description_is_told() -> None:
    paths = document("1")["paths"]
    assert is_object(paths)
    assert [path for path in paths if f"`{path}`" not in WIRE.text] == []


def test_a_citation_looks_as_it_is_shown(addresses: Callable[[str], Addresses]) -> None:
    [block] = WIRE.blocks("json")
    shown: object = msgspec.json.decode(block.text)
    body = '{"model": "manymind/reader", "input": "When was the lamp lit for the first time?"}'
    headers = {"content-type": "application/json"}
    url = f"{addresses(WIRE.name)[OURS]}/v1/responses"
    reply: object = msgspec.json.decode(
        send(Curl(url=url, method="POST", headers=headers, body=body)).body
    )
    assert [each for each in objects(reply) if "verified" in each] == [shown]
