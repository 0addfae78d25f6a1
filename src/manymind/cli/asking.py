"""How `ask` is carried out: the request, the listening, and what is printed at the end."""

import sys
import time
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console

from manymind.app.house import open_house
from manymind.canon.answers import Answer, Folding
from manymind.canon.events import LEADER, Chunk, Wrote
from manymind.canon.faults import BadRequest, Fault, NotFound
from manymind.canon.items import Said
from manymind.canon.parts import Citation, File, Part, Text
from manymind.canon.requests import Caps, OutputFormat, Reasoning, Request
from manymind.canon.values import Json
from manymind.catalog.money import dollars, ticks
from manymind.cli import exits
from manymind.cli.display import Display, Lanes, Lines, Silent, harmless, money
from manymind.config import Config
from manymind.policy.keys import Caller


class Question(Struct, frozen=True, kw_only=True):
    """What the command line asked. `look` is quiet, plain or live."""

    text: str
    model: str
    files: tuple[Path, ...] = ()
    effort: str | None = None
    agents: int | None = None
    budget: str | None = None
    seconds: float | None = None
    schema: Path | None = None
    output: Path | None = None
    json: bool = False
    look: str = "plain"


async def run(question: Question, config: Config) -> int:
    """Ask it; the exit code says how it went."""
    request = _request(question)
    display = _display(question)
    listener = _Listener(display, question)
    started = time.monotonic()
    try:
        tell = None if question.look == "quiet" else _tell
        async with open_house(config, progress=tell) as house:
            caller = Caller(id="owner")
            await house.gateway.answer(caller, request, listener.say, key="ask")
    except Fault as fault:
        display.close()
        _tell(f"manymind: {fault.full}")
        if listener.answer().text:
            _finish(question, listener, time.monotonic() - started, "failed")
        return exits.of_fault(fault)
    display.close()
    answer = listener.answer()
    _finish(question, listener, time.monotonic() - started, answer.status)
    return exits.of_answer(answer.status, answer.reason)


class _Listener:
    """Hears the run: shows it, streams the answer's words, keeps the answer."""

    def __init__(self, display: Display, question: Question) -> None:
        self._display = display
        self._folding = Folding()
        # A live display and words on the same terminal would overwrite each other.
        both = question.look == "live" and sys.stdout.isatty()
        self.streamed = not question.json and not both

    async def say(self, chunk: Chunk) -> None:
        self._folding.hear(chunk)
        self._display.hear(chunk)
        if not self.streamed:
            return
        for event in chunk.events:
            if isinstance(event, Wrote) and event.voice == LEADER and event.where == "content":
                sys.stdout.write(_shown(event.text))
                sys.stdout.flush()

    def answer(self) -> Answer:
        return self._folding.answer()


def _request(question: Question) -> Request:
    parts: list[Part] = [Text(text=question.text)]
    if not question.model.startswith("manymind/"):
        parts.extend(_inline(path) for path in question.files)
    cost = None
    if question.budget is not None:
        try:
            cost = ticks(question.budget)
        except ValueError as error:
            raise BadRequest(f"--budget: {error}.", advice="Write it as 0.50.") from None
    for path in question.files:
        if not path.exists():
            raise NotFound(f"There is no file or folder {path}.")
    return Request(
        model=question.model,
        items=(Said(role="user", parts=tuple(parts)),),
        reasoning=Reasoning(effort=question.effort) if question.effort else None,
        output=_schema(question.schema),
        caps=Caps(cost=cost, agents=question.agents, seconds=question.seconds),
        include=("agents",),
        stream=True,
    )


def _inline(path: Path) -> File:
    """A file's text in the prompt, for models that cannot reach our shelves."""
    if not path.is_file():
        raise BadRequest(
            f"{path} is not a file.",
            advice="Only the models manymind/… take folders; give this one single files.",
        )
    text = path.read_text(encoding="utf-8", errors="replace")
    return File(name=path.name, media_type="text/plain", text=text)


def _schema(path: Path | None) -> OutputFormat | None:
    if path is None:
        return None
    try:
        schema = msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    except OSError as error:
        raise NotFound(f"The schema {path} cannot be read: {error.strerror}.") from None
    except msgspec.MsgspecError as error:
        raise BadRequest(f"The schema {path} is not a JSON object: {error}.") from None
    return OutputFormat(form="json_schema", name="answer", schema=schema, strict=True)


def _display(question: Question) -> Display:
    if question.look == "quiet":
        return Silent()
    if question.look == "live":
        limit = f" · budget ${question.budget}" if question.budget else ""
        return Lanes(Console(stderr=True), f"{question.model}{limit}")
    return Lines()


def _finish(question: Question, listener: _Listener, seconds: float, status: str) -> None:
    answer = listener.answer()
    if question.output is not None:
        question.output.write_text(answer.text + "\n", encoding="utf-8")
    if question.json:
        print(msgspec.json.encode(_report(answer, status, seconds)).decode())
    elif listener.streamed:
        print()
    else:
        print(_shown(answer.text))
    if question.look != "quiet":
        _tell(_summary(answer, status, seconds))


def _report(answer: Answer, status: str, seconds: float) -> Json:
    usage = answer.usage
    return {
        "schema_version": 1,
        "model": answer.model,
        "status": status,
        "reason": answer.reason,
        "answer": answer.text,
        "citations": [_cited(citation) for citation in _citations(answer)],
        "usage": usage
        and {
            "input_tokens": usage.input_tokens,
            "cached_tokens": usage.cached_tokens,
            "output_tokens": usage.output_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "tools": usage.tools,
            "estimated": usage.estimated,
            "cost_in_usd_ticks": usage.cost,
            "cost_usd": None if usage.cost is None else dollars(usage.cost),
        },
        "seconds": round(seconds, 3),
    }


def _citations(answer: Answer) -> list[Citation]:
    return [
        citation
        for item in answer.items
        if isinstance(item, Said)
        for part in item.parts
        if isinstance(part, Text)
        for citation in part.citations
    ]


def _cited(citation: Citation) -> Json:
    return {
        "number": citation.title,
        "url": citation.url,
        "document_id": citation.document_id,
        "quote": citation.quote,
        "verified": citation.verified,
        "start": citation.start,
        "end": citation.end,
    }


def _summary(answer: Answer, status: str, seconds: float) -> str:
    citations = _citations(answer)
    verified = sum(1 for citation in citations if citation.verified)
    sources = len({citation.url for citation in citations})
    how = status if answer.reason is None else f"{status} ({answer.reason})"
    return (
        f"{how} in {seconds:.1f} s · {money(answer.usage)} · {sources} sources, "
        f"{verified} of {len(citations)} quotes verified"
    )


def _shown(text: str) -> str:
    """On a terminal a model's text must not steer it; in a pipe it passes as it is."""
    return harmless(text) if sys.stdout.isatty() else text


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
