"""Which of the caller's functions to call, by fixed rules. Each call is made once.

- A search (a function with a query) is called with the question's words, when the documents at
  hand do not answer or when claims are to be noted.
- A function that notes claims (`quote` and `document_id`) is called with the best sentences of
  what the searches returned, word for word.
- Another function is called when the question speaks of it by name and its arguments stand there.
"""

from collections.abc import Collection, Iterable
from hashlib import blake2b
from typing import cast

import msgspec
from msgspec import Struct

from manymind.canon.faults import BadRequest
from manymind.canon.items import Called, Returned
from manymind.canon.parts import Text
from manymind.canon.ports import Library
from manymind.canon.requests import Function, Request
from manymind.canon.values import Json
from manymind.corpus.words import terms
from manymind.providers.reader.arguments import arguments
from manymind.providers.reader.asking import Asked, Question
from manymind.providers.reader.evidence import Evidence, find
from manymind.providers.reader.loose import as_object
from manymind.providers.reader.returned import Seen, read_returned
from manymind.providers.reader.summary import gist

QUERY_NAMES = ("query", "q", "question", "search_query", "search", "keywords", "term", "terms")
CLAIMS_MAX = 16


class Work(Struct, frozen=True):
    """What has been called and returned since the user's last word."""

    calls: tuple[Called, ...]
    returned: tuple[Returned, ...]

    @property
    def seen(self) -> list[Seen]:
        """The passages that tools gave back, but for answers to noted claims."""
        tools = {called.call_id: called for called in self.calls}
        found: list[Seen] = []
        for returned in self.returned:
            called = tools.get(returned.call_id)
            if called is None or not _notes(called):
                found += read_returned(returned, called.name if called else "tool")
        return found

    @property
    def told(self) -> list[tuple[str, str]]:
        """The texts that tools gave back, with the tools' names; not the passages of a search,
        which are read and not repeated."""
        tools = {called.call_id: called for called in self.calls}
        found: list[tuple[str, str]] = []
        for returned in self.returned:
            called = tools.get(returned.call_id)
            if called is not None and _notes(called):
                continue
            if _is_search(returned, called):
                continue
            texts = [part.text for part in returned.parts if isinstance(part, Text)]
            found.append((called.name if called else "The tool", " ".join(texts)))
        return found

    def made(self, tool: Function) -> bool:
        return any(called.name == tool.name for called in self.calls)


class Policy:
    """Decides on the next calls for one request."""

    def __init__(self, request: Request, asked: Asked, work: Work) -> None:
        self._request = request
        self._asked = asked
        self._work = work
        tools = tuple(tool for tool in request.tools or () if isinstance(tool, Function))
        choice = request.tool_choice
        mode = choice.mode if choice is not None else "auto"
        if mode == "named" and choice is not None:
            named = tuple(tool for tool in tools if tool.name == choice.name)
            if not named:
                raise BadRequest(
                    "The function to call is not among the tools.",
                    advice="Name one of the declared functions.",
                    field="tool_choice",
                )
            tools = named
        self.tools = () if mode == "none" else tools
        self._forced = mode in ("required", "named")

    async def calls(self, library: Library, seen: Library | None) -> tuple[Called, ...]:
        """What to call now; nothing when it is time to answer."""
        made = await self._wanted(library, seen)
        if not made and self._forced:
            made = self._any()
        if self._request.parallel_tool_calls is False:
            made = made[:1]
        return tuple(
            Called(call_id=_call_id(tool.name, text, number), name=tool.name, arguments=text)
            for number, (tool, text) in enumerate(self._fresh(made))
        )

    async def _wanted(self, library: Library, seen: Library | None) -> list[tuple[Function, str]]:
        noting = next((tool for tool in self.tools if takes_claims(tool)), None)
        searching = next((tool for tool in self.tools if query_field(tool)), None)
        searched = searching is not None and self._work.made(searching)
        if noting is not None and seen is not None and not self._work.made(noting):
            return await self._claims(noting, seen)
        if searching is not None and not searched and self._asked.parts:
            if noting is not None or not await self._answered(library):
                return self._searches(searching)
            return []
        return [] if noting is not None or self._work.calls else self._spoken_of()

    async def _answered(self, library: Library) -> bool:
        if not library.cards():
            return False
        findings = [await find(library, question) for question in self._asked.parts]
        return all(finding.certainty == "answer" for finding in findings)

    def _searches(self, tool: Function) -> list[tuple[Function, str]]:
        field = query_field(tool)
        made: list[tuple[Function, str]] = []
        for question in self._asked.parts[:4]:
            query = question.keywords or question.text[:300]
            made.append((tool, arguments(tool, question, {field: query} if field else {})))
        return made

    async def _claims(self, tool: Function, seen: Library) -> list[tuple[Function, str]]:
        """The best sentences for each part, each once."""
        noted: dict[str, tuple[Function, str]] = {}
        for question in self._asked.parts:
            for evidence in await self._telling(seen, question):
                claim: Json = {
                    "text": evidence.text,
                    "quote": evidence.wide or evidence.found.text,
                    "document_id": evidence.found.document_id,
                }
                text = arguments(tool, question, _renamed(claim, tool))
                noted.setdefault(evidence.text, (tool, text))
        return list(noted.values())[:CLAIMS_MAX]

    async def _telling(self, seen: Library, question: Question) -> tuple[Evidence, ...]:
        if question.kind == "summary":
            return await gist(seen, question)
        finding = await find(seen, question)
        wanted = self._asked.about != "making" or finding.certainty == "answer"
        return finding.evidence if wanted else ()

    def _spoken_of(self) -> list[tuple[Function, str]]:
        """A function whose name the question speaks of, if its arguments can be filled."""
        for tool in self.tools:
            for question in self._asked.parts[:1]:
                if not self._names(tool, question):
                    continue
                try:
                    return [(tool, arguments(tool, question, {}, strictly=True))]
                except BadRequest:
                    continue
        return []

    def _any(self) -> list[tuple[Function, str]]:
        """The caller insists: the function that the question speaks of most, filled as well as
        can be."""
        if not self.tools:
            return []
        question = self._asked.parts[0] if self._asked.parts else Question("", "fact", "", ())
        held = set(question.terms)
        tool = max(self.tools, key=lambda tool: len(held & set(terms(_about(tool)))))
        field = query_field(tool)
        given: Json = {field: question.keywords or question.text} if field else {}
        return [(tool, arguments(tool, question, given))]

    def _names(self, tool: Function, question: Question) -> bool:
        own = set(terms(" ".join(tool.name.replace("-", " ").split("_")))) - {"get", "fetch", "do"}
        return bool(own & set(terms(question.text)))

    def _fresh(self, made: Iterable[tuple[Function, str]]) -> list[tuple[Function, str]]:
        done = {(called.name, called.arguments) for called in self._work.calls}
        return [(tool, text) for tool, text in made if (tool.name, text) not in done]


def takes_claims(tool: Function) -> bool:
    """Whether a function takes a quote with its document's id, or a list of such."""
    properties = _properties(tool)
    return _quotes(properties) or any(map(_quotes, _lists(properties).values()))


def _quotes(names: Collection[str]) -> bool:
    return "quote" in names and any(name in names for name in ("document_id", "doc_id"))


def _lists(properties: Json) -> dict[str, Json]:
    """The parameters that are lists of objects, with the fields of one of these."""
    shapes = {name: as_object(shape) or {} for name, shape in properties.items()}
    items = {name: as_object(shape.get("items")) or {} for name, shape in shapes.items()}
    return {
        name: fields
        for name, item in items.items()
        if (fields := as_object(item.get("properties"))) is not None
    }


def query_field(tool: Function) -> str | None:
    """The parameter that takes the words of a search, if the function has one."""
    if takes_claims(tool):
        return None
    properties = _properties(tool)
    for name in QUERY_NAMES:
        kind = (as_object(properties.get(name)) or {}).get("type")
        if kind == "string" or kind == ["string", "null"]:
            return name
    return None


def _properties(tool: Function) -> Json:
    return as_object((tool.parameters or {}).get("properties")) or {}


def _renamed(claim: Json, tool: Function) -> Json:
    """A claim under the names that the function has for its parts, in a list where it has one."""
    properties = _properties(tool)
    made = _under(claim, properties)
    for name, fields in _lists(properties).items():
        if _quotes(fields) and name not in made:
            made[name] = [_under(claim, fields)]
    return made


def _under(claim: Json, names: Collection[str]) -> Json:
    other = {"text": ("claim", "statement", "fact"), "document_id": ("doc_id",)}
    made: Json = {}
    for name, value in claim.items():
        known = next((own for own in (name, *other.get(name, ())) if own in names), None)
        if known is not None:
            made[known] = value
    return made


def _notes(called: Called) -> bool:
    """Whether a call noted a claim, by what it was called with."""
    try:
        given = as_object(msgspec.json.decode(called.arguments or "{}"))
    except (msgspec.DecodeError, RecursionError):
        return False
    values = (given or {}).values()
    lists = [cast("list[object]", value) for value in values if isinstance(value, list)]
    entries = (as_object(entry) for entries in lists for entry in entries)
    return any(each is not None and "quote" in each for each in (given, *entries))


def _is_search(returned: Returned, called: Called | None) -> bool:
    name = called.name if called else "tool"
    return any(seen.passage.document_id != name for seen in read_returned(returned, name))


def _about(tool: Function) -> str:
    return f"{tool.name.replace('_', ' ')} {tool.description or ''}"


def _call_id(name: str, text: str, number: int) -> str:
    """The same call has the same id wherever it is made again."""
    data = f"{number}:{name}:{text}".encode("utf-8", "replace")
    return "call_" + blake2b(data, digest_size=12).hexdigest()
