"""Google's Gemini (`generateContent`), both ways, streamed and whole.

The model and the wish for a stream stand in the URL: `read_request` leaves the model empty where
the body does not name it, and `write_request` writes neither.
"""

from manymind.canon.answers import Answer
from manymind.canon.events import Chunk
from manymind.canon.faults import Fault
from manymind.canon.requests import Request
from manymind.dialects.gemini.answers import write_reply
from manymind.dialects.gemini.faults import read_fault, write_fault
from manymind.dialects.gemini.flavour import Flavour
from manymind.dialects.gemini.replies import StreamReader, read_reply
from manymind.dialects.gemini.requests import read_request, write_request
from manymind.dialects.gemini.words import NAME
from manymind.dialects.gemini.writer import StreamWriter
from manymind.dialects.mirror import Dialect, Reader, View, Writer, Written


class Gemini:
    """The dialect as servers of one flavour speak it."""

    name = NAME

    def __init__(self, flavour: Flavour | None = None) -> None:
        self._flavour = flavour or Flavour()

    def read_request(self, body: bytes) -> Request:
        return read_request(body)

    def write_request(self, request: Request) -> Written:
        return write_request(request, self._flavour)

    def read_reply(self, body: bytes) -> Chunk:
        return read_reply(body)

    def write_reply(self, answer: Answer, request: Request, view: View) -> bytes:
        return write_reply(answer)

    def reader(self) -> Reader:
        return StreamReader()

    def writer(self, request: Request, view: View) -> Writer:
        return StreamWriter(view)

    def read_fault(self, status: int, body: bytes, retry_after: float | None) -> Fault:
        return read_fault(status, body, retry_after)

    def write_fault(self, fault: Fault, request_id: str, house: str = "openai") -> bytes:
        return write_fault(fault, request_id)


DIALECT: Dialect = Gemini()
