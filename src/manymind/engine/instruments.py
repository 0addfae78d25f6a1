"""The tools of an agent: the library's, `note_claim`, and whatever else the house offers.

A call never fails the agent: what cannot be done comes back as a result that says why, and how.
"""

from collections.abc import Sequence

import anyio
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Passage
from manymind.canon.events import LEADER, Happened, Noted
from manymind.canon.faults import Fault, OverBudget
from manymind.canon.items import Called, Returned
from manymind.canon.parts import Text
from manymind.canon.ports import Computing, Desk, Library, Toolbox
from manymind.canon.requests import Function
from manymind.canon.values import Json
from manymind.engine.blackboard import Answered, Coverage, Limits, Passages, Queries
from manymind.engine.calls import Calls
from manymind.engine.conversation import words
from manymind.engine.declared import (
    CORPUS_TOOLS,
    NOTE_CLAIM,
    READ_MAX,
    SHAPES,
    Claim,
    Grep,
    Read,
    Recall,
    Search,
)
from manymind.engine.evidence import Accepted, Evidence, Rejected
from manymind.engine.purse import Tally
from manymind.engine.settings import TeamSettings
from manymind.engine.speaking import searched
from manymind.engine.trace import Trace

_LIMIT_MAX = 20

FOUND, BAD, REFUSED, AGAIN = "found", "bad_calls", "claims_refused", "repeats"


class Outcome(Struct, frozen=True, kw_only=True):
    """What a call gave back. `fresh`: it brought something that this agent did not have. `kind`
    says what it was worth: found, bad_calls, claims_refused or repeats."""

    returned: Returned
    fresh: bool = False
    kind: str = FOUND
    facts: tuple[Happened, ...] = ()


_ASKED_BEFORE: Json = {
    "note": "You asked exactly this before, and its answer stands above. Ask something else, or "
    "report."
}


class Shared(Struct, frozen=True, kw_only=True):
    """What the instruments of all agents of a run share."""

    library: Library
    toolbox: Toolbox | None
    specs: tuple[Function, ...]
    evidence: Evidence
    queries: Queries
    coverage: Coverage
    limits: Limits
    calls: Calls
    settings: TeamSettings


def offered(stocked: bool, toolbox: Toolbox | None) -> tuple[Function, ...]:
    """The tools of every agent of a run: the library's if there is anything in it."""
    own = CORPUS_TOOLS if stocked else ()
    names = {tool.name for tool in own}
    more = toolbox.specs() if toolbox is not None else ()
    return (*own, *(tool for tool in more if tool.name not in names))


class Instruments:
    """One agent's hands. It remembers what it has seen and asked."""

    def __init__(
        self,
        voice: str,
        shared: Shared,
        tally: Tally,
        trace: Trace,
        within: tuple[str, ...] = (),
    ) -> None:
        self._voice = voice
        self._trace = trace
        self._within = within
        self._shared = shared
        self._tally = tally
        self._seen: set[tuple[str, int, int]] = set()
        self._asked: set[str] = set()

    async def use_all(self, calls: Sequence[Called], desk: Desk) -> list[Outcome]:
        """Several calls side by side; their outcomes in the order of the calls. Claims are taken
        in one after another, so that their order is the agent's and not that of the checks."""
        outcomes: dict[int, Outcome] = {}

        async def use(*numbers: int) -> None:
            for number in numbers:
                outcomes[number] = await self.use(calls[number], desk.at(f"call-{number + 1}"))

        claims = [number for number, called in enumerate(calls) if called.name == NOTE_CLAIM]
        async with anyio.create_task_group() as group:
            group.start_soon(use, *claims)
            for number in sorted(set(range(len(calls))).difference(claims)):
                group.start_soon(use, number)
        return [outcomes[number] for number in range(len(calls))]

    async def use(self, called: Called, desk: Desk) -> Outcome:
        names = {tool.name for tool in self._shared.specs}
        if called.name not in names:
            known = ", ".join(sorted(names))
            return _bad(called, "There is no such tool.", f"The tools are: {known}.")
        if not self._shared.limits.take_tool_call():
            return _refused(called, "No tool calls are left.", "Report what you have.")
        try:
            if called.name in SHAPES:
                return await self._look(called, desk)
            return await self._ask_house(called, desk)
        except OverBudget as fault:
            self._shared.limits.met("max_cost")
            return _refused(called, fault.message, "Report what you have.")
        except Fault as fault:
            return _refused(called, fault.message, fault.advice)

    async def _look(self, called: Called, desk: Desk) -> Outcome:
        shape = SHAPES[called.name]
        try:
            arguments = msgspec.json.decode(called.arguments or "{}", type=shape, strict=False)
        except (msgspec.DecodeError, RecursionError) as error:
            fields = ", ".join(field.name for field in msgspec.structs.fields(shape))
            return _bad(called, f"Bad arguments: {error}.", f"It takes JSON with: {fields}.")
        match arguments:
            case Claim():
                return await self._claim(called, arguments)
            case Recall():
                return self._recall(called, arguments)
            case _:
                pass
        return await self._passages(called, arguments, desk.key)

    async def _claim(self, called: Called, claim: Claim) -> Outcome:
        noting = await self._shared.evidence.note(self._voice, claim.text, *claim.quotes)
        match noting:
            case Accepted(note=note, new=new):
                places = [
                    {"document_id": found.document_id, "start": found.start, "end": found.end}
                    for found in note.evidence
                ]
                data: Json = {"id": note.name, **places[0], "evidence": places}
                result: Json = {"accepted": True, "evidence": note.name}
                return _returned(called, result, new, self._note("claim", data))
            case Rejected():
                named = next((each.document_id for each in claim.quotes), "")
                data = {"document_id": named[:200], "reason": noting.reason, "final": noting.final}
                result = {"accepted": False, "reason": noting.reason, "final": noting.final}
                result["nearest"] = [self._shown(passage) for passage in noting.nearest]
                outcome = _returned(called, result, False, self._note("rejected", data))
                return replace(outcome, kind=REFUSED)

    def _recall(self, called: Called, asked: Recall) -> Outcome:
        text = self._trace.recall(asked.handle)
        if text is None:
            return _bad(called, "There is no such handle.", "A handle is R and a number.")
        start = min(max(0, asked.start), len(text))
        end = min(start + READ_MAX, len(text))
        query = f"recall {asked.handle} {start}"
        fresh = query not in self._asked
        self._asked.add(query)
        result: Json = {"handle": asked.handle, "start": start, "end": end, "of": len(text)}
        return _returned(called, {**result, "text": text[start:end]}, fresh)

    async def _passages(self, called: Called, asked: Search | Grep | Read, key: str) -> Outcome:
        asked = _folded(asked, self._within)
        query = _key(called.name, asked)
        if query in self._asked:
            return replace(_returned(called, _ASKED_BEFORE, False), kind=AGAIN)
        self._asked.add(query)
        answered = await self._shared.queries.answer(self._voice, query, lambda: self._found(asked))
        spans = {(found.document_id, found.start, found.end) for found in answered.passages}
        fresh = bool(spans - self._seen)
        self._seen |= spans
        self._shared.coverage.saw(answered.passages)
        result: Json = {"passages": [self._shown(passage) for passage in answered.passages]}
        facts = self._searched(asked, answered, key)
        return _returned(called, result, fresh, *facts)

    def _searched(
        self, asked: Search | Grep | Read, answered: Answered, key: str
    ) -> tuple[Happened, ...]:
        """The leader's own searches are activity that the caller sees; an agent's are facts."""
        query = asked.document_id if isinstance(asked, Read) else _query(asked)
        sources = tuple(dict.fromkeys(found.document_id for found in answered.passages))
        if self._voice == LEADER:
            return searched(key, query, sources)
        data: Json = {"query": query, "sources": list(sources), "asked_by": answered.voice}
        return (self._note("search", data),)

    async def _found(self, asked: Search | Grep | Read) -> Passages:
        library = self._shared.library
        match asked:
            case Search():
                self._tally.count("document_search")
                found = await library.search(
                    asked.query, limit=self._limit(asked.limit), within=tuple(asked.document_ids)
                )
            case Grep():
                self._tally.count("document_search")
                found = await library.grep(
                    asked.pattern, limit=self._limit(asked.limit), within=tuple(asked.document_ids)
                )
            case Read():
                start = max(0, asked.start)
                end = start + READ_MAX if asked.end is None else asked.end
                end = max(start, min(end, start + READ_MAX))
                return (await library.slice(asked.document_id, start, end),)
        return tuple(self._cut(passage) for passage in found)

    async def _ask_house(self, called: Called, desk: Desk) -> Outcome:
        toolbox = self._shared.toolbox
        if toolbox is None:
            return _refused(called, "The house has no such tool.", "Use another.")
        query = f"{called.name} {called.arguments}"
        fresh = query not in self._asked
        self._asked.add(query)
        told = None if self._voice == LEADER else self._voice
        returned = await self._shared.calls.use(toolbox, called, desk, self._tally, told)
        if isinstance(toolbox, Computing) and toolbox.computes(called.name):
            self._shared.evidence.compute(words(returned.parts))
        return Outcome(returned=replace(returned, call_id=called.call_id), fresh=fresh)

    def _limit(self, asked: int) -> int:
        return min(asked, _LIMIT_MAX) if asked > 0 else self._shared.settings.passages

    def _cut(self, passage: Passage) -> Passage:
        room = self._shared.settings.passage_characters
        if len(passage.text) <= room:
            return passage
        return replace(passage, text=passage.text[:room], end=passage.start + room)

    def _shown(self, passage: Passage) -> Json:
        shown: Json = {
            "document_id": passage.document_id,
            "start": passage.start,
            "end": passage.end,
            "heading": passage.heading,
            "text": passage.text,
        }
        return shown

    def _note(self, what: str, data: Json) -> Noted:
        return Noted(voice=self._voice, what=what, data=data)


def _folded(asked: Search | Grep | Read, within: tuple[str, ...]) -> Search | Grep | Read:
    """The same question, however it was spelled; in the agent's own documents if it named none."""
    if isinstance(asked, Read):
        return asked
    documents = asked.document_ids or list(within)
    if isinstance(asked, Grep):
        return replace(asked, document_ids=documents)
    return replace(asked, query=" ".join(asked.query.split()), document_ids=documents)


def _key(tool: str, asked: Search | Grep | Read) -> str:
    """Under which a question is known to all. A search hears no capitals."""
    written = msgspec.json.encode(asked).decode()
    return f"{tool} {written.casefold() if isinstance(asked, Search) else written}"


def _query(asked: Search | Grep) -> str:
    return asked.query if isinstance(asked, Search) else asked.pattern


def _bad(called: Called, message: str, advice: str) -> Outcome:
    """A call that no tool could make sense of."""
    return replace(_refused(called, message, advice), kind=BAD)


def _refused(called: Called, message: str, advice: str) -> Outcome:
    return _returned(called, {"error": message, "advice": advice}, False)


def _returned(called: Called, result: Json, fresh: bool, *facts: Happened) -> Outcome:
    text = msgspec.json.encode(result).decode()
    failed = True if "error" in result else None
    returned = Returned(call_id=called.call_id, parts=(Text(text=text),), failed=failed)
    return Outcome(returned=returned, fresh=fresh, facts=facts)
