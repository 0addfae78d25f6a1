"""The dialect of OpenAI's Responses, with the extensions of xAI and of our own team."""

from functools import partial

from manymind.canon.answers import Answer
from manymind.canon.events import Chunk
from manymind.canon.faults import Fault
from manymind.canon.letters import Letter
from manymind.canon.requests import Request
from manymind.dialects import openai_faults
from manymind.dialects.mirror import Dialect, Reader, View, Writer, Written
from manymind.dialects.openai_responses import (
    letters,
    request_reader,
    request_writer,
    response_reader,
    response_writer,
)
from manymind.dialects.openai_responses.flavour import Flavour
from manymind.dialects.openai_responses.stream_reader import StreamReader
from manymind.dialects.openai_responses.stream_writer import StreamWriter
from manymind.dialects.openai_responses.words import NAME
from manymind.dialects.sealing import asked


class Responses:
    name = NAME

    def __init__(self, flavour: Flavour | None = None) -> None:
        self._flavour = flavour or Flavour()

    def read_request(self, body: bytes) -> Request:
        return request_reader.read_request(body)

    def write_request(self, request: Request) -> Written:
        return request_writer.write_request(request, self._flavour)

    def read_letter(self, body: bytes) -> Letter | None:
        return letters.read_letter(body)

    def takes(self, letter: Letter) -> bool:
        return True

    def write_letter(self, letter: Letter, model: str) -> bytes:
        return letters.write_letter(letter, model)

    def letter_writer(self, letter: Letter, view: View) -> Writer:
        return StreamWriter(letter.outline, view, partial(asked, letter))

    def skim_reply(self, body: bytes) -> Answer | None:
        return letters.skim_reply(body)

    def read_reply(self, body: bytes) -> Chunk:
        return response_reader.read_reply(body)

    def write_reply(self, answer: Answer, request: Request, view: View) -> bytes:
        wire = answer.wire
        if wire is not None and wire.sealed and wire.dialect == NAME:
            return letters.write_sealed(answer, wire, request, view)
        return response_writer.write_reply(answer, request, view)

    def reader(self) -> Reader:
        return StreamReader()

    def writer(self, request: Request, view: View) -> Writer:
        return StreamWriter(request, view)

    def read_fault(self, status: int, body: bytes, retry_after: float | None) -> Fault:
        return openai_faults.read_fault(status, body, retry_after)

    def write_fault(self, fault: Fault, request_id: str, house: str = "openai") -> bytes:
        return openai_faults.write_fault(fault, request_id, house)


DIALECT: Dialect = Responses()
