"""A team whose every model lies, on real sockets, and what its caller reads in any dialect."""

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct

from manymind.canon.items import Called, Returned, Said
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.providers.acts import Line
from manymind.server.simulated import Simulated
from tests.adversary.stage import Json
from tests.flows.stage import KEY, on_stage

SETTINGS = """
[team]
leader = "vllm/leader"
agent = "vllm/agent"
"""
FRONTS = ("responses", "chat", "messages")


class Lie(Struct, frozen=True):
    """A claim as a model makes it: what it says, and the quotes, each with a document's id."""

    text: str
    quotes: tuple[tuple[str, str], ...]


class Script(Struct):
    """What the team's models say next. The agents share their claims out among them."""

    claims: Sequence[Lie] = ()
    report: str = "Done."
    answer: str = "Nothing."
    agents: int = 2

    def lead(self, request: Request) -> Sequence[Line]:
        if "Plan the work" in _last(request):
            work = [{"objective": f"Part {n}.", "boundaries": ""} for n in range(self.agents)]
            plan = {"mode": "research", "reason": "parts", "work": work}
            return (json.dumps(plan),)
        return (self.answer,)

    def work(self, request: Request) -> Sequence[Line]:
        results = [item for item in request.items if isinstance(item, Returned)]
        if results or not request.tools:
            return (self.report,)
        number = int(re.findall(r"You are agent-(\d+)", str(request.items))[-1]) - 1
        mine = list(self.claims)[number :: self.agents]
        return tuple(_call(n, lie) for n, lie in enumerate(mine)) or (self.report,)


class Reply(Struct, frozen=True):
    """An answer, whatever dialect it came in: its text, its citations, and what was proved."""

    text: str
    notes: list[Json]
    verification: Json


def body(front: str, text: str, *, stream: bool, **more: object) -> tuple[str, Json]:
    turns = [{"role": "user", "content": text}]
    asked: Json = {"model": "manymind/multi-agent", "stream": stream, **more}
    match front:
        case "responses":
            return "/v1/responses", {**asked, "input": text}
        case "chat":
            return "/v1/chat/completions", {**asked, "messages": turns}
        case _:
            return "/v1/messages", {**asked, "max_tokens": 4_000, "messages": turns}


def read(front: str, said: bytes, *, stream: bool) -> Reply:
    told = [_decoded(line) for line in said.splitlines() if line.startswith(b"data: {")]
    match front, stream:
        case "responses", False:
            return _response(json.loads(said))
        case "responses", True:
            return _streamed_response(told)
        case "chat", False:
            reply = json.loads(said)
            message = reply["choices"][0]["message"]
            return _chat(message["content"], message.get("annotations"), reply)
        case "chat", True:
            deltas = [choice["delta"] for chunk in told for choice in chunk["choices"]]
            text = "".join(delta.get("content") or "" for delta in deltas)
            notes = [note for delta in deltas for note in delta.get("annotations") or ()]
            return _chat(text, notes, next(chunk for chunk in told if "verification" in chunk))
        case "messages", False:
            reply = json.loads(said)
            blocks = [block for block in reply["content"] if block["type"] == "text"]
            notes = [note for block in blocks for note in block.get("citations") or ()]
            return _message("".join(block["text"] for block in blocks), notes, reply)
        case _:
            deltas = [event["delta"] for event in told if event["type"] == "content_block_delta"]
            text = "".join(delta.get("text", "") for delta in deltas)
            notes = [delta["citation"] for delta in deltas if "citation" in delta]
            last = next(event for event in told if event["type"] == "message_delta")
            return _message(text, notes, last)


def _response(reply: Json) -> Reply:
    parts = [
        part for item in reply["output"] if item["type"] == "message" for part in item["content"]
    ]
    notes = [note for part in parts for note in part["annotations"]]
    return Reply("".join(part["text"] for part in parts), notes, reply["verification"])


def _streamed_response(told: list[Json]) -> Reply:
    """The pieces and the whole at the end must say the same."""
    last = _response(told[-1]["response"])
    deltas = (event["delta"] for event in told if event["type"] == "response.output_text.delta")
    assert "".join(deltas) == last.text
    added = "response.output_text.annotation.added"
    assert [event["annotation"] for event in told if event["type"] == added] == last.notes
    return last


def _chat(text: str, notes: list[Json] | None, reply: Json) -> Reply:
    return Reply(text, [note["url_citation"] for note in notes or ()], reply["verification"])


def _message(text: str, notes: list[Json], reply: Json) -> Reply:
    named = [
        {"start_index": 0, "end_index": len(text), **note, "quote": note["cited_text"]}
        for note in notes
    ]
    return Reply(text, named, reply["verification"])


def _decoded(line: bytes) -> Any:
    return msgspec.json.decode(line.removeprefix(b"data: "))


def _call(number: int, lie: Lie) -> Called:
    evidence = [{"document_id": document, "quote": quote} for document, quote in lie.quotes]
    arguments = json.dumps({"text": lie.text, "evidence": evidence})
    return Called(call_id=f"call-{number}", name="note_claim", arguments=arguments)


def _last(request: Request) -> str:
    said = [item for item in request.items if isinstance(item, Said)]
    return "".join(part.text for part in said[-1].parts if isinstance(part, Text))


class Theatre:
    """One house for many examples, and a script that each of them writes anew."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self.script = Script()
        acts = {"leader": self.script.lead, "agent": self.script.work}
        played = Simulated(key=KEY, acts=acts)
        self._runner = runner
        self._opened = on_stage(folder, settings=SETTINGS, simulated=played)
        self._url = runner.run(self._opened.__aenter__()).url

    def ask(self, path: str, asked: Json) -> bytes:
        return self._runner.run(self._ask(path, asked))

    def close(self) -> None:
        self._runner.run(self._opened.__aexit__(None, None, None))

    async def _ask(self, path: str, asked: Json) -> bytes:
        async with (
            aiohttp.ClientSession() as session,
            session.post(self._url + path, json=asked) as reply,
        ):
            said = await reply.read()
        assert reply.status == 200, said
        return said
