"""Anthropic's Messages, both ways, streamed and whole."""

from manymind.canon.answers import Answer
from manymind.canon.events import Chunk
from manymind.canon.faults import Fault
from manymind.canon.letters import Letter
from manymind.canon.requests import Request
from manymind.dialects.anthropic_messages.faults import read_fault, write_fault
from manymind.dialects.anthropic_messages.flavour import Flavour
from manymind.dialects.anthropic_messages.letters import read_letter, skim_reply, write_sealed
from manymind.dialects.anthropic_messages.reply_reader import read_reply
from manymind.dialects.anthropic_messages.reply_writer import write_reply
from manymind.dialects.anthropic_messages.request_reader import read_request
from manymind.dialects.anthropic_messages.request_writer import write_request
from manymind.dialects.anthropic_messages.stream_reader import StreamReader
from manymind.dialects.anthropic_messages.stream_writer import StreamWriter
from manymind.dialects.anthropic_messages.words import NAME
from manymind.dialects.mirror import Dialect, Reader, View, Writer, Written
from manymind.dialects.sealing import unsealed


class Messages:
    """The dialect as servers of one flavour speak it."""

    name = NAME

    def __init__(self, flavour: Flavour | None = None) -> None:
        self._flavour = flavour or Flavour()

    def read_request(self, body: bytes) -> Request:
        return read_request(body)

    def write_request(self, request: Request) -> Written:
        return write_request(request, self._flavour)

    def read_letter(self, body: bytes) -> Letter | None:
        return read_letter(body)

    def takes(self, letter: Letter) -> bool:
        return True

    def write_letter(self, letter: Letter, model: str) -> bytes:
        return unsealed(letter, model)

    def letter_writer(self, letter: Letter, view: View) -> Writer:
        return StreamWriter(view)

    def skim_reply(self, body: bytes) -> Answer | None:
        return skim_reply(body)

    def read_reply(self, body: bytes) -> Chunk:
        return read_reply(body)

    def write_reply(self, answer: Answer, request: Request, view: View) -> bytes:
        wire = answer.wire
        if wire is not None and wire.sealed and wire.dialect == NAME:
            return write_sealed(answer, wire)
        return write_reply(answer)

    def reader(self) -> Reader:
        return StreamReader()

    def writer(self, request: Request, view: View) -> Writer:
        return StreamWriter(view)

    def read_fault(self, status: int, body: bytes, retry_after: float | None) -> Fault:
        return read_fault(status, body, retry_after)

    def write_fault(self, fault: Fault, request_id: str, house: str = "openai") -> bytes:
        return write_fault(fault, request_id)


DIALECT: Dialect = Messages()
