"""How the models of these tests behave. Each is a function of its request alone."""

import re
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from manymind.canon.items import Called, Returned, Said
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.providers.acts import texts
from manymind.providers.scripted import Line

Role = Callable[[Request], Sequence[Line]]


class _Shown(Struct):
    document_id: str
    text: str


class _Passages(Struct):
    passages: list[_Shown] = []


def planner(agents: int, mode: str = "research") -> Role:
    """Divides the question among so many agents."""

    def plan(request: Request) -> Sequence[Line]:
        subjects = ("the Moon and its distance", "the tides and their height", "the age of the Sun")
        work = [
            {
                "objective": f"Find out about {subjects[n % 3]}, part {n}.",
                "boundaries": "no guesses",
            }
            for n in range(agents)
        ]
        return (encoded({"mode": mode, "reason": "it has parts", "work": work}),)

    return plan


def researcher(request: Request) -> Sequence[Line]:
    """Searches once, notes the first passages word for word, and reports."""
    results = returned(request)
    if may_call(request) and not results:
        return (call("search", query=objective(request)),)
    if may_call(request) and len(results) == 1:
        shown = msgspec.json.decode(results[0], type=_Passages).passages[:2]
        if shown:
            return tuple(
                call("note_claim", n, text=each.text, document_id=each.document_id, quote=each.text)
                for n, each in enumerate(shown)
            )
    return (f"Found what there was, in {len(results)} results.",)


def writer(request: Request) -> Sequence[Line]:
    """A sentence and a marker for each piece of evidence."""
    names = evidence(request)
    if not names:
        return ("Nothing was found about it.",)
    return (" ".join(f"This is known {{{{{name}}}}}." for name in names),)


def noting(text: str, document_id: str, quote: str) -> Role:
    """Notes this claim, whatever it is asked, and then reports."""

    def note(request: Request) -> Sequence[Line]:
        if may_call(request) and not returned(request):
            return (call("note_claim", text=text, document_id=document_id, quote=quote),)
        return ("That is what I found.",)

    return note


def saying(*lines: Line) -> Role:
    def say(request: Request) -> Sequence[Line]:
        return lines

    return say


def call(tool: str, number: int = 0, /, **arguments: object) -> Called:
    return Called(call_id=f"call-{tool}-{number}", name=tool, arguments=encoded(arguments))


def encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()


def may_call(request: Request) -> bool:
    choice = request.tool_choice
    return bool(request.tools) and (choice is None or choice.mode != "none")


def returned(request: Request) -> list[str]:
    return [
        part.text
        for item in request.items
        if isinstance(item, Returned)
        for part in item.parts
        if isinstance(part, Text)
    ]


def objective(request: Request) -> str:
    """What the brief asks of this agent."""
    briefs = [text for text in texts(request) if "Your objective:" in text]
    return briefs[-1].partition("Your objective:")[2].strip()


def evidence(request: Request) -> list[str]:
    """The ids of the evidence that the leader is given."""
    last = [item for item in request.items if isinstance(item, Said)][-1]
    brief = "".join(part.text for part in last.parts if isinstance(part, Text))
    return re.findall(r'<document id="(E\d+)"', brief)
