"""One question to the reader, from top to bottom."""

import re

from anyio import to_thread
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.events import Say
from manymind.canon.faults import Unsupported
from manymind.canon.items import Called, Item, Returned, Said
from manymind.canon.parts import Text
from manymind.canon.ports import Desk, Library, Shelves
from manymind.canon.requests import Request
from manymind.corpus.intake import Intake, Turn, take_in
from manymind.corpus.joined import Joined
from manymind.providers.reader import remarks
from manymind.providers.reader.asking import Asked, core, leans, understood
from manymind.providers.reader.draft import Draft
from manymind.providers.reader.evidence import CLAIM
from manymind.providers.reader.mending import mended
from manymind.providers.reader.planning import is_plan, plan
from manymind.providers.reader.policy import Policy, Work
from manymind.providers.reader.prose import Told, answer, tell_skipped
from manymind.providers.reader.returned import gather
from manymind.providers.reader.speaking import Voice
from manymind.providers.reader.structured import fill_schema, quotes_as_json
from manymind.providers.reader.values import names

MODEL = "manymind/reader"

_MARKERS = re.compile(r"\{\{E\d+\}\}")
_LINK = re.compile(r"\[\[?\d+\]?\]\([^)]*\)")
_ANSWER_HEAD, _NAMES_LENT = 600, 2
_STYLE = re.compile(
    r"\b(?:answer|respond|reply|speak|write|talk) (?:only |always )?in [A-Z]\w+"
    r"|\b(?:translate|pretend|role-?play|persona|rhyme|haiku|poem|pirate|emojis?)\b"
    r"|\b(?:act|speak|talk|write|respond) (?:as|like) an?\b"
)


class _Talk(Struct, frozen=True):
    """The conversation as the reader sees it."""

    intake: Intake
    text: str
    earlier: str
    asked: Asked
    read: dict[str, str]
    work: Work
    first: bool
    images: bool
    markers: bool


class Reader:
    """The provider. `shelves` says which documents a request is answered from."""

    def __init__(self, shelves: Shelves, *, model: str = MODEL) -> None:
        self._shelves = shelves
        self._model = model

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        _refuse_unsupported(request)
        talk = await to_thread.run_sync(_listen, request)
        library = await self._shelves.library(request)
        asked, read = await mended(library, talk.text, talk.earlier)
        talk = replace(talk, asked=asked, read=read)
        seen = await gather(talk.work.seen) if talk.work.returned else None
        seen = seen if seen is not None and seen.cards() else None
        calls = await Policy(request, talk.asked, talk.work).calls(library, seen)
        voice = Voice(self._model, request, say, desk)
        if calls:
            await voice.begin()
            await voice.call(calls)
            return
        shelf = _shelf(library, seen, request)
        output = request.output
        if output is not None and is_plan(output):
            await voice.begin()
            await voice.tell([plan(talk.asked)])
            return
        if output is not None and output.form == "json_schema":
            filled = await fill_schema(shelf, talk.asked, output, request.dialect)
            await voice.begin()
            await (voice.tell([filled.text]) if filled.ok else voice.refuse(filled.text))
            return
        await voice.begin()
        if output is not None and output.form == "json_object":
            await voice.tell([await quotes_as_json(shelf, talk.asked)])
            return
        draft = Draft(curly=talk.markers)
        if talk.read:
            draft.paragraph(remarks.mended(talk.read))
        told = Told(tuple(talk.work.told), screened=_is_evidence(talk, shelf))
        await answer(shelf, talk.asked, draft, told)
        _add_remarks(draft, talk, request, desk)
        await voice.tell(draft.segments)


def _shelf(library: Library, seen: Library | None, request: Request) -> Library:
    """Tool results first; beside them the caller's documents, unless these are all tool work."""
    if seen is None:
        return library
    return seen if request.tools else Joined((seen, library))


def _is_evidence(talk: _Talk, shelf: Library) -> bool:
    """Whether a brief brought its documents as evidence, each to be named by its marker."""
    cards = shelf.cards()
    return talk.markers and bool(cards) and all(CLAIM.fullmatch(card.id) for card in cards)


def _listen(request: Request) -> _Talk:
    intake = take_in(request)
    at, work = _work(request.items)
    spoken = [turn for turn in intake.turns if turn.role == "user"]
    number = sum(isinstance(item, Said) and item.role == "user" for item in request.items[: at + 1])
    text = spoken[number - 1].text if 0 < number <= len(spoken) else ""
    earlier = _earlier(intake, spoken[: max(0, number - 1)], text)
    return _Talk(
        intake=intake,
        text=text,
        earlier=earlier,
        asked=understood(text, earlier),
        read={},
        work=work,
        first=not any(
            isinstance(item, Said) and item.role == "assistant" for item in request.items
        ),
        images=bool(spoken) and spoken[-1].images > 0,
        markers=_asks_for_markers(request.items),
    )


def _earlier(intake: Intake, before: list[Turn], text: str) -> str:
    """What a question may lean on: the question before it, what that one leans on itself, and
    the names in the last answer. A brief repeats a question that stands before it."""
    plain = core(text)
    asked = [said for turn in before if (said := core(turn.text)) and said != plain]
    if not asked:
        return ""
    found = asked[-2:] if len(asked) > 1 and leans(asked[-1]) else asked[-1:]
    answers = [turn.text for turn in intake.turns if turn.role == "assistant"]
    told = _LINK.sub("", answers[-1][:_ANSWER_HEAD]) if answers else ""
    called = [name.text for name in names(told) if " " in name.text][:_NAMES_LENT]
    return " ".join((*reversed(found), *called))


def _asks_for_markers(items: tuple[Item, ...]) -> bool:
    """Whether the user's last message, documents and all, speaks of evidence by its markers."""
    for item in reversed(items):
        if isinstance(item, Said) and item.role == "user":
            texts = (part.text for part in item.parts if isinstance(part, Text))
            return any("{{E" in text and _MARKERS.search(text) for text in texts)
    return False


def _work(items: tuple[Item, ...]) -> tuple[int, Work]:
    """Where the question stands, and the calls and results since then.

    A word of the user's right behind a tool's result ("report now") is no new question.
    """
    calls: list[Called] = []
    returned: list[Returned] = []
    at = len(items) - 1
    while at >= 0:
        item = items[at]
        if isinstance(item, Called):
            calls.insert(0, item)
        elif isinstance(item, Returned):
            returned.insert(0, item)
        elif isinstance(item, Said) and item.role == "user" and not _interjected(items, at):
            break
        at -= 1
    return max(at, 0), Work(tuple(calls), tuple(returned))


def _interjected(items: tuple[Item, ...], at: int) -> bool:
    before = [item for item in items[:at] if not (isinstance(item, Said) and item.role == "user")]
    between = items[at - 1] if at else None
    if isinstance(between, Said) and between.role == "user":
        return bool(before) and isinstance(before[-1], Returned) and _interjected(items, at - 1)
    return isinstance(between, Returned)


def _add_remarks(draft: Draft, talk: _Talk, request: Request, desk: Desk) -> None:
    """What a person should know beside the answer; the calls of a team need none of it."""
    if talk.images:
        draft.paragraph(remarks.NO_IMAGES)
    if not talk.first or request.tools or desk.depth:
        return
    tell_skipped(talk.intake.skipped, draft)
    system = " ".join(turn.text for turn in talk.intake.turns if turn.role != "user")
    if _STYLE.search(system[:20_000]):
        draft.paragraph(remarks.NO_STYLE)
    if draft.sources and talk.asked.about == "question" and not talk.markers:
        draft.paragraph(remarks.FOOTNOTE)


def _refuse_unsupported(request: Request) -> None:
    if request.n is not None and request.n > 1:
        raise Unsupported(
            "The reader gives one answer: it would say the same again.",
            advice="Leave n out, or set it to 1.",
            field="n",
        )
    if request.logprobs:
        raise Unsupported(
            "The reader has no probabilities to give.",
            advice="Leave logprobs out.",
            field="logprobs",
        )
