"""Finds what the rules describe, in time that grows with the text and with nothing else."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

import re2
from msgspec import Struct

from manymind.policy.redaction.rules import Rule

PIECE_BYTES = 64 * 1024
"""A text is searched in pieces, of which one pass says which rules have anything in it."""

AHEAD_BYTES = 4096
"""How far a pass looks beyond its piece. What a pattern, or its hint, finds may not be longer to
be found for sure where two pieces meet."""

_REREAD_BYTES_MAX = 64

_TOKEN = re.compile(rb"[A-Za-z0-9_-]*")
"""A pattern may stop before the end of a secret, of which nothing is to stay behind."""

_GLANCE_BYTES, _PATTERN_BYTES = 32 * 1024 * 1024, 4 * 1024 * 1024
"""What a state machine may use before it forgets and begins anew, which is slower and not wrong."""


class BadPattern(Exception):
    """RE2 does not take a pattern; the text says why."""


class Find(Struct, frozen=True):
    """A stretch of the UTF-8 of a text, by the number of the rule that it came under."""

    start: int
    end: int
    rule: int


class Scanner:
    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._patterns = tuple(_compiled(rule.pattern) for rule in self.rules)
        self._hints = {n: _compiled(rule.hint) for n, rule in enumerate(self.rules) if rule.hint}
        self._glance = re2.Set.SearchSet(_options(captures=False))
        for rule in self.rules:
            self._glance.Add(_first_look(rule))
        if self.rules:
            self._glance.Compile()

    def find(self, text: bytes) -> tuple[Find, ...]:
        """What was found, in the order of the text, no two of it at the same place."""
        if not self.rules:
            return ()
        regions: dict[int, list[tuple[int, int]]] = {}
        for start in range(0, len(text), PIECE_BYTES):
            end = min(start + PIECE_BYTES, len(text))
            seen = text if len(text) <= PIECE_BYTES else text[start : end + AHEAD_BYTES]
            for rule in self._glance.Match(seen) or ():
                _add(regions.setdefault(rule, []), start, end)
        found: list[Find] = []
        for rule in sorted(regions):
            finds = [find for a, b in regions[rule] for find in self._within(rule, text, a, b)]
            found = _merged(found, finds, self.rules)
        return tuple(found)

    def _within(self, number: int, text: bytes, first: int, end: int) -> Iterator[Find]:
        """What a rule finds that begins between these places."""
        pattern, rule = self._patterns[number], self.rules[number]
        begins = self._hints.get(number, pattern)
        keyword = rule.keyword.lower().encode()
        if keyword and keyword not in text.lower():
            return
        position, ahead = first, min(end + AHEAD_BYTES, len(text))
        while position < end:
            match = begins.search(text, position, ahead)
            if match is None or match.start() >= end:
                return
            start = match.start()
            if begins is not pattern or match.end() == ahead < len(text):
                match = pattern.match(text, start)
            begin, last = (start, start) if match is None else _span(pattern, match)
            if match is None or begin == last:
                position = start + 1
                continue
            value = text[begin:last].decode("utf-8", "surrogatepass")
            good = rule.check(value)
            if good:
                last = begin + len(value[:good].encode("utf-8", "surrogatepass"))
                token = _TOKEN.match(text, last) if rule.token else None
                last = last if token is None else token.end()
                yield Find(begin, last, number)
            position = last if good else _behind(text, match.span(), begin)
            position = max(position, start + 1)


def _span(pattern: "re2.Pattern", match: "re2.Match[bytes]") -> tuple[int, int]:
    """Where the first group lies, if it found anything, else all of it."""
    within = match.span(1) if pattern.groups else (-1, -1)
    return match.span() if within == (-1, -1) else within


def _compiled(pattern: str) -> "re2.Pattern":
    try:
        return re2.compile(pattern, _options(captures=True))
    except re2.error as error:
        said = error.args[0] if error.args else "it is no pattern"
        told = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise BadPattern(told) from None


def _options(*, captures: bool) -> re2.Options:
    options = re2.Options()
    options.max_mem = _PATTERN_BYTES if captures else _GLANCE_BYTES
    options.log_errors = False
    options.never_capture = not captures
    return options


def _first_look(rule: Rule) -> str:
    """What of a rule is looked for in a pass that looks for all at once."""
    return rule.hint or rule.pattern


def _behind(text: bytes, refused: tuple[int, int], value: int) -> int:
    """Where to go on after a check refused what was found. Something good may begin within it,
    behind the run of letters and digits that it began with; but if it is long, only within its
    value, and if that is all of it, not at all: nobody is to make us read a text again and again.
    """
    start, end = refused
    if end - start > _REREAD_BYTES_MAX:
        return value if value > start else end
    at = start + 1
    while at < end and text[at : at + 1].isalnum():
        at += 1
    return at


def _add(regions: list[tuple[int, int]], start: int, end: int) -> None:
    """Neighbouring pieces are one region."""
    if regions and regions[-1][1] == start:
        regions[-1] = (regions[-1][0], end)
    else:
        regions.append((start, end))


def _merged(found: list[Find], finds: Iterable[Find], rules: Sequence[Rule]) -> list[Find]:
    """What several rules find at one place belongs to the first of them; but a longer stretch of
    the same kind that holds it whole is taken instead, so that no end of it stays behind."""
    starts = [find.start for find in found]
    kept, swallowed = list[Find](), set[int]()
    for find in finds:
        low = bisect_left(starts, find.start)
        if low > 0 and found[low - 1].end > find.start:
            low -= 1
        high = low
        while high < len(found) and found[high].start < find.end:
            high += 1
        if low == high:
            kept.append(find)
        elif all(_holds(find, found[n], rules) for n in range(low, high)):
            kept.append(find)
            swallowed.update(range(low, high))
    rest = (find for n, find in enumerate(found) if n not in swallowed)
    return sorted((*rest, *kept), key=lambda find: find.start)


def _holds(outer: Find, inner: Find, rules: Sequence[Rule]) -> bool:
    same = rules[outer.rule].kind == rules[inner.rule].kind
    longer = outer.end - outer.start > inner.end - inner.start
    return same and longer and outer.start <= inner.start and inner.end <= outer.end
