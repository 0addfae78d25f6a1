"""The words that the team's models are given. The texts stand in `prompts/`, with their version.

All calls of a run begin with the same instructions and the same conversation, to the byte, so
that a provider's cache of prompts serves them all; what differs comes last.
"""

from functools import cache
from importlib.resources import files
from string import Template

from msgspec import Struct

from manymind.canon.documents import Card
from manymind.canon.items import Said
from manymind.canon.parts import Text
from manymind.canon.requests import Request

_FOOLED = str.maketrans({"<": "‹", ">": "›"})


class Prefix(Struct, frozen=True):
    """What every call of a run begins with."""

    instructions: tuple[Text, ...]
    items: tuple[Said, ...]


@cache
def prompt(name: str) -> str:
    """A prompt's text, without its version."""
    return _read(name).partition("-->\n")[2].strip()


@cache
def version(name: str) -> str:
    head = _read(name).partition("-->")[0]
    return f"{name} {head.removeprefix('<!--').removeprefix(' version').strip()}"


@cache
def versions() -> tuple[str, ...]:
    """Every prompt with its version."""
    folder = files("manymind.engine") / "prompts"
    names = sorted(each.name.removesuffix(".md") for each in folder.iterdir())
    return tuple(version(name) for name in names)


def filled(name: str, **words: str) -> str:
    """The prompt with these words in it; what they hold is not looked at again."""
    return Template(prompt(name)).substitute(words)


def prefix(
    request: Request, conversation: tuple[Said, ...], cards: tuple[Card, ...], listed: int
) -> Prefix:
    """The shared beginning: the team's rules, the list of documents, the caller's own words."""
    parts = [Text(text=prompt("team"))]
    if cards:
        parts.append(Text(text=manifest(cards, listed)))
    parts.extend(request.instructions or ())
    return Prefix(tuple(parts), conversation)


def manifest(cards: tuple[Card, ...], listed: int) -> str:
    """The documents by id, with their size; the first `listed` of them."""
    lines = ["The documents (id, size in code points, title):", ""]
    for card in cards[:listed]:
        title = f", {inert(card.title)}" if card.title else ""
        lines.append(f"- {inert(card.id)}, {card.size}{title}")
    if len(cards) > listed:
        lines.append(f"- and {len(cards) - listed} more, which search finds")
    return "\n".join(lines)


def inert(text: str) -> str:
    """Text that cannot close or open a block of ours, on one line."""
    return " ".join(text.translate(_FOOLED).split())


def defused(text: str) -> str:
    """Text that cannot close or open a block of ours, with its lines."""
    return text.translate(_FOOLED)


def asked(text: str) -> Said:
    return Said(role="user", parts=(Text(text=text),))


def _read(name: str) -> str:
    return (files("manymind.engine") / "prompts" / f"{name}.md").read_text("utf-8")
