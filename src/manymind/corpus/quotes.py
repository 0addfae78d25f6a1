"""Whether a quote stands word for word in a document.

Quote and document are folded alike (see `fold`) and then compared sign by sign: nothing is fuzzy.
A quote counts when it

- is long enough to mean something: three words, or a figure with a unit, or six signs of a
  script without spaces;
- begins and ends where words and numbers do: "is 12" is not a quote of "is 12.5";
- or, where it leaves something out by "…", "..." or "[...]", is a row of such stretches, in
  order, each within `GAP_MAX` code points of the one before.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from manymind.corpus.fold import Folded, fold_quote
from manymind.corpus.words import is_unspaced

GAP_MAX = 1_000
QUOTE_MAX = 20_000
_PARTS_MAX = 16
_PLACES_MAX = 10_000

_ELLIPSIS = re.compile(r" ?(?:\[ ?\.\.\. ?\]|\( ?\.\.\. ?\)|\.\.\.\.?) ?")
_WRAPPED = {'"': '"', "'": "'"}
_WORD = re.compile(r"\w+")
_UNIT = re.compile(r"\d\s?(?:[^\W\d_]|[%‰°€£¥$₹])|[€£¥$₹]\s?\d")


class Span(Struct, frozen=True):
    """Where a quote stands in the original text; `parts` are its stretches, where it left
    something out between them."""

    start: int
    end: int
    parts: tuple[tuple[int, int], ...] = ()


class Refused(Struct, frozen=True):
    """Why a quote is none."""

    reason: str


def find_quote(folded: Folded, quote: str) -> Span | Refused:
    if len(quote) > QUOTE_MAX:
        return Refused(f"The quote is longer than {QUOTE_MAX:,} characters.")
    wanted = fold_quote(quote)
    if not _long_enough(wanted):
        return Refused(
            "The quote is too short to prove anything: give at least three words,"
            " or a figure with its unit."
        )
    cut = False
    for candidate in _forms(wanted):
        for start, end in islice(_places(folded.text, candidate), _PLACES_MAX):
            span = _clean_span(folded, start, end)
            if span is not None:
                return span
            cut = True
        parts = [part for part in _ELLIPSIS.split(candidate) if part]
        if 1 < len(parts) <= _PARTS_MAX and all(_tells(part) for part in parts):
            span = _in_order(folded, parts)
            if span is not None:
                return span
    if cut:
        return Refused("The quote cuts a word or a number of the document in two.")
    return Refused("The quote does not stand in the document in these words.")


def _forms(wanted: str) -> Iterator[str]:
    """The quote as it is, and without the quotation marks or ellipses it is wrapped in."""
    yield wanted
    bare = wanted
    if len(bare) > 2 and _WRAPPED.get(bare[0]) == bare[-1]:
        bare = bare[1:-1].strip(" ")
    bare = bare.removeprefix("...").removesuffix("...").strip(" ")
    if bare != wanted and _long_enough(bare):
        yield bare


def _long_enough(quote: str) -> bool:
    if len(_WORD.findall(quote)) >= 3 or _UNIT.search(quote):
        return True
    return sum(is_unspaced(sign) for sign in quote[:200]) >= 6


def _tells(part: str) -> bool:
    """Whether a stretch between ellipses says anything by itself."""
    words = _WORD.findall(part)
    return len(words) >= 2 or _long_enough(part)


def _places(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    at = text.find(wanted)
    while at >= 0:
        yield at, at + len(wanted)
        at = text.find(wanted, at + 1)


def _clean_span(folded: Folded, start: int, end: int) -> Span | None:
    """The original span, unless it would cut a sign, a word or a number."""
    if _cuts(folded.text, start) or _cuts(folded.text, end) or _unsigned(folded.text, start):
        return None
    span = folded.span(start, end)
    return Span(*span) if span else None


def _cuts(text: str, at: int) -> bool:
    """Whether a cut at this place goes through a word or a number."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if _is_mark(after):
        return True
    if _is_wordy(before) and _is_wordy(after):
        spaced = not (is_unspaced(before) or is_unspaced(after))
        return spaced or (before.isdigit() and after.isdigit())
    if before.isdigit() and after in ".,:" and text[at + 1 : at + 2].isdigit():
        return True
    return after.isdigit() and before in ".,:" and at > 1 and text[at - 2].isdigit()


def _unsigned(text: str, at: int) -> bool:
    """Whether a number would lose the minus before it. In "3-5" the dash is none."""
    if not (0 < at < len(text) and text[at].isdigit() and text[at - 1] == "-"):
        return False
    return at == 1 or not _is_wordy(text[at - 2])


def _is_wordy(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def _is_mark(sign: str) -> bool:
    return "\u0300" <= sign <= "\u036f"


class _Reached(Struct, frozen=True):
    """A place of one stretch, and that of the one before it."""

    start: int
    end: int
    before: "_Reached | None" = None


def _in_order(folded: Folded, parts: list[str]) -> Span | None:
    """The stretches one after another: each may follow any earlier one that is near enough."""
    reached: list[_Reached] = []
    for number, part in enumerate(parts):
        ends = [place.end for place in reached]
        following: list[_Reached] = []
        for start, end in islice(_places(folded.text, part), _PLACES_MAX):
            if _clean_span(folded, start, end) is None:
                continue
            if number == 0:
                following.append(_Reached(start, end))
                continue
            nearest = bisect_right(ends, start) - 1
            if nearest >= 0 and start - ends[nearest] <= GAP_MAX:
                following.append(_Reached(start, end, reached[nearest]))
        if not following:
            return None
        reached = following
    return _row(folded, reached[0])


def _row(folded: Folded, last: _Reached) -> Span | None:
    """The stretches up to this one, in the original text."""
    spans: list[tuple[int, int]] = []
    place: _Reached | None = last
    while place is not None:
        span = folded.span(place.start, place.end)
        if span is None:
            return None
        spans.append(span)
        place = place.before
    spans.reverse()
    return Span(spans[0][0], spans[-1][1], tuple(spans))
