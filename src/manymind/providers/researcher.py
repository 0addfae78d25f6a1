"""A little model that does research: it searches, notes what it can quote, and reports.

Like the other acts it computes from the request alone. It knows its tools by what their names
say (search, read, claim) and finds its question, its documents and the marks that it is to cite
with in the words it was given.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from manymind.canon.items import Called, Returned, Said
from manymind.canon.requests import Function, Request
from manymind.canon.values import Json
from manymind.providers.acts import Line, as_asked, call, offered, texts, words_of
from manymind.providers.forms import fill, is_list, is_object

CLAIMS_AT_ONCE = 2
CLAIMS_MAX = 4
SENTENCES_MAX = 5

_OPENING = re.compile(r'<document\b[^<>]{0,500}?\bid="([^"<>]{0,500})"[^<>]{0,500}>')
_CLOSING = "</document>"
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"\w{3,}")
_COMMON = frozenset(
    _WORD.findall(
        "the and for are was were what which who whom whose when where why how does did has have "
        "had that this these those with from into about there their your you can could would "
        "should will not but its them then than say says document documents"
    )
)


class Sentence(Struct, frozen=True):
    """A sentence as it stands in a document. `start` is that of the passage it came in."""

    document: str
    text: str
    start: int = 0


def researcher(request: Request) -> Sequence[Line]:
    """One turn: the next look-up, the next claims, or the report."""
    question = asked_for(request)
    tools = {tool.name: tool for tool in offered(request)}
    calls = [item for item in request.items if isinstance(item, Called)]
    found = ranked(_passages(request), question)
    for kind in ("search", "read"):
        tool = _named(kind, tools)
        if tool is not None and not any(kind in made.name for made in calls):
            known = _places(question, found)
            if kind == "search" or found:
                return (call(request, tool, _arguments(tool, question, known)),)
    claim = _named("claim", tools)
    if claim is not None:
        wanted = _unclaimed(found, calls, request)
        if wanted:
            return [call(request, claim, _evidence(claim, sentence)) for sentence in wanted]
    return (_report(request, question, found, cited=bool(request.tools)),)


def asked_for(request: Request) -> str:
    """The question: what the last message that announces one (a line that ends in a colon) has
    after it; else the last message of the caller, without its documents."""
    messages = [
        without_documents(words_of(item.parts)).strip()
        for item in request.items
        if isinstance(item, Said) and item.role == "user"
    ]
    for message in reversed(messages):
        announced = re.split(r":[ \t]*\n+", message)
        if len(announced) > 1 and announced[-1].strip():
            return announced[-1].strip()
    return messages[-1] if messages else ""


def without_documents(text: str) -> str:
    """The words around the documents of a prompt."""
    kept: list[str] = []
    place = 0
    for _, start, end in _documents(text):
        kept.append(text[place : text.rindex("<document", 0, start)])
        place = end + len(_CLOSING)
    return "".join((*kept, text[place:]))


def ranked(sentences: Iterator[Sentence], question: str) -> list[Sentence]:
    """Those that share words with the question, the best first, each once."""
    words = keywords(question)
    scores: dict[Sentence, int] = {}
    for sentence in sentences:
        score = len(words & keywords(sentence.text))
        if score and sentence not in scores:
            scores[sentence] = score
    return sorted(scores, key=lambda sentence: -scores[sentence])


def keywords(text: str) -> set[str]:
    """The words of a text that tell something, with plurals folded roughly."""
    words = {word.casefold() for word in _WORD.findall(text)} - _COMMON
    return {word.removesuffix("s") for word in words}


def _named(kind: str, tools: dict[str, Function]) -> Function | None:
    return next((tool for name, tool in tools.items() if kind in name), None)


def _passages(request: Request) -> Iterator[Sentence]:
    """The sentences of what came back from tools, and of the documents in the prompt."""
    for item in request.items:
        if isinstance(item, Returned):
            try:
                value: object = msgspec.json.decode(words_of(item.parts))
            except (msgspec.DecodeError, RecursionError):
                continue
            yield from _in_result(value, 0)
    for text in texts(request):
        for document, start, end in _documents(text):
            yield from _sentences(document, text[start:end], 0)


def _documents(text: str) -> Iterator[tuple[str, int, int]]:
    """The documents in a prompt: id, and where the body begins and ends."""
    place = 0
    while opening := _OPENING.search(text, place):
        end = text.find(_CLOSING, opening.end())
        if end < 0:
            return
        yield opening[1], opening.end(), end
        place = end + len(_CLOSING)


def _in_result(value: object, depth: int) -> Iterator[Sentence]:
    """Each object of a result that has a text and the id of a document."""
    if depth > 6:
        return
    if is_list(value):
        for inner in value:
            yield from _in_result(inner, depth + 1)
    if is_object(value):
        text, document, start = value.get("text"), value.get("document_id"), value.get("start")
        if isinstance(text, str) and isinstance(document, str):
            yield from _sentences(document, text, start if isinstance(start, int) else 0)
        else:
            for inner in value.values():
                yield from _in_result(inner, depth + 1)


def _sentences(document: str, text: str, start: int) -> Iterator[Sentence]:
    for piece in _SENTENCE_END.split(text):
        sentence = piece.strip()
        if len(sentence.split()) >= 3 and not sentence.startswith(("#", "<")):
            yield Sentence(document, sentence, start)


def _places(question: str, found: Sequence[Sentence]) -> Json:
    words = " ".join(word for word in _WORD.findall(question) if word.casefold() not in _COMMON)
    known: Json = {"query": words[:400] or question[:400]}
    if found:
        known |= {"document_id": found[0].document, "start": found[0].start}
    return known


def _arguments(tool: Function, question: str, known: Json) -> Json:
    """Values for what the tool requires, and for what is known beside it."""
    schema = tool.parameters or {}
    filled = fill(schema, question, known)
    required = schema.get("required")
    needed = required if is_list(required) else []
    if not is_object(filled):
        return {}
    return {name: value for name, value in filled.items() if name in needed or name in known}


def _evidence(tool: Function, sentence: Sentence) -> Json:
    known: Json = {"document_id": sentence.document, "quote": sentence.text}
    return _arguments(tool, sentence.text, {**known, "text": sentence.text})


def _unclaimed(
    found: Sequence[Sentence], calls: Sequence[Called], request: Request
) -> Sequence[Sentence]:
    """The next sentences to claim: the first ones, and others as long as all were refused."""
    made = [called for called in calls if "claim" in called.name]
    results = {item.call_id: item for item in request.items if isinstance(item, Returned)}
    if any(not _refused(results.get(called.call_id)) for called in made):
        return ()
    room = min(CLAIMS_AT_ONCE, CLAIMS_MAX - len(made))
    return found[len(made) : len(made) + room] if room > 0 else ()


def _refused(result: Returned | None) -> bool:
    if result is None or result.failed:
        return True
    return re.search(r'"(?:accepted"\s*:\s*false|error")', words_of(result.parts)) is not None


def _report(request: Request, question: str, found: Sequence[Sentence], *, cited: bool) -> str:
    """What was found, each sentence with its mark, in the form that is asked for."""
    kept = found[:CLAIMS_AT_ONCE] if cited else found[:SENTENCES_MAX]
    output = request.output
    if output is not None and output.form != "text":
        return as_asked(request, " ".join(sentence.text for sentence in kept) or question)
    if not kept:
        return f"I found nothing on this: {question[:500]}"
    curly = any("{{" in text for text in texts(request))
    return "\n".join(
        f"{sentence.text} {{{{{sentence.document}}}}}"
        if curly
        else f"{sentence.text} [{sentence.document}]"
        for sentence in kept
    )
