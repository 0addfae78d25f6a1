"""OpenAI's Chat Completions, with the additions that OpenRouter, xAI and DeepSeek made to it."""

from manymind.canon.answers import Answer
from manymind.canon.events import Chunk
from manymind.canon.faults import Fault
from manymind.canon.letters import Letter
from manymind.canon.requests import Request
from manymind.dialects.mirror import Dialect, Reader, View, Writer, Written
from manymind.dialects.openai_chat.answers import write_reply
from manymind.dialects.openai_chat.flavour import Flavour
from manymind.dialects.openai_chat.letters import (
    read_letter,
    skim_reply,
    takes,
    write_letter,
)
from manymind.dialects.openai_chat.parts import NAME
from manymind.dialects.openai_chat.replies import StreamReader, read_reply
from manymind.dialects.openai_chat.requests import read_request, write_request
from manymind.dialects.openai_chat.writer import StreamWriter
from manymind.dialects.openai_faults import read_fault, write_fault


class OpenAIChat:
    """The dialect as one kind of server speaks it; see `Flavour`."""

    name: str = NAME

    def __init__(self, flavour: Flavour | None = None) -> None:
        self._flavour = flavour or Flavour()

    def read_request(self, body: bytes) -> Request:
        return read_request(body)

    def write_request(self, request: Request) -> Written:
        return write_request(request, self._flavour)

    def read_letter(self, body: bytes) -> Letter | None:
        return read_letter(body)

    def takes(self, letter: Letter) -> bool:
        return takes(self._flavour, letter)

    def write_letter(self, letter: Letter, model: str) -> bytes:
        return write_letter(self._flavour, letter, model)

    def letter_writer(self, letter: Letter, view: View) -> Writer:
        return StreamWriter(letter.outline, view)

    def skim_reply(self, body: bytes) -> Answer | None:
        return skim_reply(body)

    def read_reply(self, body: bytes) -> Chunk:
        return read_reply(body)

    def write_reply(self, answer: Answer, request: Request, view: View) -> bytes:
        return write_reply(answer, request, view)

    def reader(self) -> Reader:
        return StreamReader()

    def writer(self, request: Request, view: View) -> Writer:
        return StreamWriter(request, view)

    def read_fault(self, status: int, body: bytes, retry_after: float | None) -> Fault:
        return read_fault(status, body, retry_after)

    def write_fault(self, fault: Fault, request_id: str, house: str = "openai") -> bytes:
        return write_fault(fault, request_id, house)


DIALECT: Dialect = OpenAIChat()
