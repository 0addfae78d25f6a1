"""Little models that compute. Each is a pure function of the request: it reads the messages, the
tools and the output format that it was given, and knows nothing else. They stand in for language
models wherever a test or a trial needs a whole conversation and no network.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, localcontext
from hashlib import sha256
from typing import TypeAlias

import msgspec

from manymind.canon.items import Called, Item, Returned, Said, Thought
from manymind.canon.parts import File, Part, Refusal, Text
from manymind.canon.requests import Function, Request
from manymind.providers.forms import fill, numbers

Line: TypeAlias = str | Item
"""What an act says: a text, or any item of an answer."""

Act: TypeAlias = Callable[[Request], Sequence[Line]]


def echo(request: Request) -> Sequence[Line]:
    """Says the caller's last words again."""
    return (last_words(request),)


def adder(request: Request) -> Sequence[Line]:
    """Adds the numbers in the caller's last words."""
    found = numbers(last_words(request))
    if not found:
        return ("There is no number to add.",)
    with localcontext(prec=60):
        total = sum((Decimal(number) for number in found), Decimal(0))
    return (f"{' + '.join(found)} = {total:f}",)


def caller(request: Request) -> Sequence[Line]:
    """Calls the first tool that it is offered, or the one it is told to; then tells what came
    back."""
    results = [item for item in this_turn(request) if isinstance(item, Returned)]
    if results:
        return ("\n".join(words_of(result.parts) for result in results),)
    tools = offered(request)
    if not tools:
        return ("I was offered no tool.",)
    schema = tools[0].parameters or {"type": "object"}
    return (call(request, tools[0], fill(schema, last_words(request))),)


def jsonist(request: Request) -> Sequence[Line]:
    """Fills in the JSON schema that is asked for from the caller's last words."""
    return (as_asked(request, last_words(request), plain=False),)


def refuser(request: Request) -> Sequence[Line]:
    """Declines, whatever it is asked."""
    return (Said(role="assistant", parts=(Refusal(text="I cannot help with that request."),)),)


def thinker(request: Request) -> Sequence[Line]:
    """Counts the words of the question, first in thought and then aloud."""
    words = last_words(request).split()
    longest = max(words, key=len, default="")
    thought = f"I count the words one by one and come to {len(words)}. The longest is {longest!r}."
    return (
        Thought(summary=(Text(text=thought),), content=(Text(text=thought),)),
        f"Your message has {len(words)} words; the longest is {longest!r}.",
    )


def texts(request: Request) -> Iterator[str]:
    """Every text of the request, in order: instructions, words, thoughts, calls and results."""
    yield from (part.text for part in request.instructions or ())
    for item in request.items:
        match item:
            case Said(parts=parts) | Returned(parts=parts):
                yield words_of(parts)
            case Called(name=name, arguments=arguments):
                yield f"{name} {arguments}"
            case Thought(summary=summary, content=content):
                yield words_of(content or summary)
            case _:
                pass


def words_of(parts: Sequence[Part]) -> str:
    """What can be read of these parts."""
    read: list[str] = []
    for part in parts:
        match part:
            case Text(text=text) | Refusal(text=text) | File(text=str(text)):
                read.append(text)
            case _:
                pass
    return "\n".join(read)


def last_words(request: Request) -> str:
    """The caller's last message that has words."""
    for item in reversed(request.items):
        if isinstance(item, Said) and item.role == "user":
            words = words_of(item.parts)
            if words:
                return words
    return ""


def this_turn(request: Request) -> tuple[Item, ...]:
    """What has happened since the caller last spoke."""
    for place in range(len(request.items) - 1, -1, -1):
        item = request.items[place]
        if isinstance(item, Said) and item.role == "user":
            return request.items[place + 1 :]
    return request.items


def offered(request: Request) -> list[Function]:
    """The functions that may be called now; the one that must be called comes alone."""
    tools = [tool for tool in request.tools or () if isinstance(tool, Function)]
    choice = request.tool_choice
    if choice is None or choice.mode not in ("none", "named"):
        return tools
    return [tool for tool in tools if choice.mode == "named" and tool.name == choice.name]


def call(request: Request, tool: Function, arguments: object) -> Called:
    """A call whose id follows from what was asked, so that the same request repeats it."""
    written = msgspec.json.encode(arguments).decode()
    seed = f"{len(request.items)}/{tool.name}/{written}"
    call_id = f"call_{sha256(seed.encode()).hexdigest()[:24]}"
    return Called(call_id=call_id, name=tool.name, arguments=written)


def as_asked(request: Request, text: str, *, plain: bool = True) -> str:
    """`text` in the output format that the request asks for. `plain` allows bare text."""
    output = request.output
    form = output.form if output is not None else "text"
    if output is not None and form == "json_schema":
        value = fill(output.schema or {}, text)
    elif form == "json_object" or not plain:
        value = {"text": text, "numbers": [float(number) for number in numbers(text)]}
    else:
        return text
    return msgspec.json.encode(value).decode()
