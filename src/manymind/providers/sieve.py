"""What an upstream may not say, taken out before anyone reads it.

Our key, should it echo it; and `verified` on a citation, which says that *this* server's code has
found the quote in the document, or `verification` of a whole answer, which says that for all of
it. A model that claims so proves nothing, and no reader could tell its claim from our word.
"""

import re
from typing import cast

import msgspec

from manymind.canon.values import Json

_BLOT = "[key]"
_FAULT_LENGTH_MIN = 6
_ANSWER_LENGTH_MIN = 16
"""Shorter keys of servers at home (`ollama`) are words that an answer may well hold."""

_CLAIM = re.compile(r"verifi|\\u00(?:6[134569ef]|7[246])", re.IGNORECASE)
"""The words, or one of its letters spelt as an escape, which no honest server does."""

_WORD, _ACCOUNT = "verifi", "verification"
_HOLDING = frozenset({"response", "message"})
"""Within which a message of a stream holds the answer whose account it may give."""

_CITING = frozenset({"annotation", "annotations", "citation", "citations"})


class Sieve:
    """`secrets` are our key, and whatever headers the operator has set."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = tuple(each for each in secrets if len(each) >= _FAULT_LENGTH_MIN)
        self._keys = tuple(filter(_key_like, secrets))
        self._marks = tuple(key.encode("utf-8", "surrogateescape") for key in self._keys)

    def blotted(self, words: str) -> str:
        """The words of a fault."""
        return _without(words, self._secrets)

    def answer(self, said: str) -> str:
        """One message of an answer, as JSON."""
        said = _without(said, self._keys)
        doubtful = _WORD in said or ("\\u00" in said and _CLAIM.search(said))
        return _unclaimed(said) if doubtful else said

    def body(self, said: bytes) -> bytes:
        """A whole answer, as JSON. Most hold nothing to be taken out, and stay as they are."""
        if _WORD.encode() not in said and b"\\u00" not in said:
            for key in self._marks:
                if key in said:
                    break
            else:
                return said
        return self.answer(said.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )


def _key_like(text: str) -> bool:
    return len(text) >= _ANSWER_LENGTH_MIN and any(sign.isdigit() for sign in text)


def _without(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, _BLOT)
    return text


def _unclaimed(said: str) -> str:
    """The message without the claim. What is no JSON is left to the dialect, which says so."""
    try:
        value: object = msgspec.json.decode(said)
        found = _strip(value, citing=False) | _stripped_of_account(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return said
    return msgspec.json.encode(value).decode() if found else said


def _stripped_of_account(value: object) -> bool:
    """Takes another server's account of its answer away; whether there was one."""
    if not isinstance(value, dict):
        return False
    fields = cast("Json", value)
    holders = [fields, *(fields[name] for name in _HOLDING & fields.keys())]
    found = False
    for holder in holders:
        if isinstance(holder, dict) and _ACCOUNT in holder:
            del cast("Json", holder)[_ACCOUNT]
            found = True
    return found


def _strip(value: object, *, citing: bool) -> bool:
    """Takes the mark from every citation inside; whether there was one."""
    found = False
    if isinstance(value, dict):
        fields = cast("Json", value)
        if citing and "verified" in fields:
            del fields["verified"]
            found = True
        for name, inner in fields.items():
            found |= _strip(inner, citing=citing or name in _CITING)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            found |= _strip(inner, citing=citing)
    return found
