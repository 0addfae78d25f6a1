"""Puts something else in the place of what the rules find in a text."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from msgspec.structs import replace

from manymind.canon.parts import Part, Text
from manymind.policy.redaction import json_text
from manymind.policy.redaction.edits import Edit, Edits
from manymind.policy.redaction.remembering import Remembering
from manymind.policy.redaction.rules import Rule
from manymind.policy.redaction.walking import Walk

Instead = Callable[[Rule, str], str | None]
"""Gives what stands in the place of a value that a rule found; None leaves it there."""

_SHORTEST = 6
"""No rule finds anything in a shorter text."""


class Masking:
    """`exact` is for texts that must come back sign by sign: a string within JSON that needs
    escapes is then replaced whole, and otherwise read, masked and written anew."""

    def __init__(self, found: Remembering, instead: Instead, *, exact: bool = False) -> None:
        self._found = found
        self._instead = instead
        self._exact = exact
        self.walk = Walk(self.text, self.arguments, self.cited, joined=self.joined)

    def text(self, text: str) -> str:
        if len(text) < _SHORTEST:
            return text
        if "\\" in text and json_text.looks_like(text):
            text = json_text.within(text, self._string)
        return self._plain(text)

    def arguments(self, text: str) -> str:
        """JSON, which it stays: a bare number becomes a string."""
        if len(text) < _SHORTEST:
            return text
        if "\\" in text:
            text = json_text.within(text, self._string)
        return self._plain(text, quoting=not self._exact)

    def cited(self, text: Text) -> Text:
        """The text with its citations where they will be when it is masked."""
        edits, moved = Edits(), 0
        for start, end, new in self._replacements(text.text):
            edits.add(Edit(start, end, start + moved, start + moved + len(new)))
            moved += len(new) - (end - start)
        return replace(text, citations=tuple(map(edits.moved, text.citations)))

    def joined(self, parts: tuple[Any, ...]) -> tuple[Any, ...]:
        """Masks what begins in one of several texts and ends in another, as a model reads it."""
        new = list(parts)
        for start, end in _runs(parts):
            texts = _masked_over_seams([part.text for part in parts[start:end]], self)
            for n, text in enumerate(texts, start):
                if text is not new[n].text:
                    new[n] = replace(new[n], text=text)
        return tuple(new) if any(a is not b for a, b in zip(new, parts, strict=True)) else parts

    def replacements(self, text: str) -> list[tuple[int, int, str]]:
        return self._replacements(text)

    def _string(self, inner: str, said: str) -> str:
        masked = self._plain(said)
        if masked is said:
            return inner
        if not self._exact:
            return json_text.escaped(masked)
        rule = self._found.rules[self._found.find(_bytes(said))[0].rule]
        return self._instead(rule, inner) or inner

    def _plain(self, text: str, *, quoting: bool = False) -> str:
        pieces: list[str] = []
        done = 0
        strings: list[tuple[int, int]] | None = None
        for start, end, new in self._replacements(text):
            if quoting and text[start:end].isdigit():
                strings = strings or [match.span() for match in json_text.STRING.finditer(text)]
                if not any(a < start < b for a, b in strings):
                    new = f'"{new}"'
            pieces += (text[done:start], new)
            done = end
        return "".join((*pieces, text[done:])) if pieces else text

    def _replacements(self, text: str) -> list[tuple[int, int, str]]:
        """What is to be replaced, counted in code points."""
        raw = _bytes(text)
        found = self._found.find(raw)
        if not found:
            return []
        narrow = len(raw) == len(text)
        new: list[tuple[int, int, str]] = []
        seen_bytes = seen = 0
        for find in found:
            start, end = find.start, find.end
            if not narrow:
                start = seen + len(_text(raw[seen_bytes : find.start]))
                end = start + len(_text(raw[find.start : find.end]))
                seen_bytes, seen = find.end, end
            instead = self._instead(self._found.rules[find.rule], text[start:end])
            if instead is not None:
                new.append((start, end, instead))
        return new


def _masked_over_seams(texts: list[str], masking: Masking) -> list[str]:
    ends = list(accumulate(map(len, texts)))
    for start, end, new in reversed(masking.replacements("".join(texts))):
        first, last = bisect_right(ends, start), bisect_left(ends, end)
        if first == last:
            continue
        begin = ends[first - 1] if first else 0
        texts[first] = texts[first][: start - begin] + new
        for n in range(first + 1, last):
            texts[n] = ""
        texts[last] = texts[last][end - ends[last - 1] :]
    return texts


def _runs(parts: tuple[Part, ...]) -> Iterator[tuple[int, int]]:
    """Where two texts or more stand next to each other."""
    start = 0
    for n in range(len(parts) + 1):
        if n < len(parts) and isinstance(parts[n], Text):
            continue
        if n - start > 1:
            yield start, n
        start = n + 1


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")
