"""JSON that lies in a text: the arguments of a call, what a tool gave back."""

import re
from collections.abc import Callable

import msgspec

STRING = re.compile(r'"((?:[^"\\]++|\\.)*+)("|\\?\Z)', re.DOTALL)
"""A string as it is written in JSON. One without an end goes on to the end of the text, so that no
part of it is looked at twice."""


def looks_like(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[", '"')


def escaped(value: str) -> str:
    """A text as it stands between the quotes of a JSON string."""
    return msgspec.json.encode(value).decode()[1:-1]


def read(inner: str) -> str | None:
    """What a string says whose inside this is; None if it is none."""
    try:
        return msgspec.json.decode(f'"{inner}"', type=str)
    except (msgspec.MsgspecError, UnicodeError):
        return None


def within(text: str, change: Callable[[str, str], str]) -> str:
    """The text with the inside of each string that is written with escapes changed, of which
    `change` is told both what is written and what it says. Other strings read as they are."""

    def changed(match: re.Match[str]) -> str:
        inner = match[1]
        said = read(inner) if "\\" in inner and match[2] == '"' else None
        return match[0] if said is None else f'"{change(inner, said)}"'

    return STRING.sub(changed, text)
