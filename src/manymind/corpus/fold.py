"""One normal form for texts and quotes, and the way back to the original's offsets.

Folded are: NFKC, runs of white space to one space, dashes to "-", quotation marks to ' and ",
and soft hyphens and zero-width signs are dropped. Case stays. Superscripts, subscripts, fractions
and circled figures stay too, against NFKC, since 10² is not 102; so do accents that stand alone.

The fold works in blocks, so that no call into C holds the interpreter for long, and looks at the
distinct signs of a block rather than at each sign: 8 MB take a fraction of a second.
"""

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from functools import lru_cache

_BLOCK = 32_768
_MARKS_MAX = 30
"""A base sign keeps this many combining marks; normalising longer runs takes quadratic time."""

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_SINGLE = "\u2018\u2019\u201a\u201b\u2032\u2039\u203a\u02bc\u00b4\uff07"
_DOUBLE = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02\u301d\u301e\u301f"
_KEPT_FORMS = ("<super>", "<sub>", "<circle>", "<fraction>")
_JOINING = re.compile("[\u1160-\u11ff\ud7b0-\ud7fb\uff9e\uff9f]")


class _Folds(dict[str, str]):
    """What one sign becomes. The empty text means that it is dropped."""

    def __missing__(self, sign: str) -> str:
        made = self[sign] = _folded_sign(sign)
        return made


def _folded_sign(sign: str) -> str:
    if sign.isspace():
        return " "
    if sign in _DASHES:
        return "-"
    if sign in _SINGLE:
        return "'"
    if sign in _DOUBLE:
        return '"'
    if unicodedata.category(sign) == "Cf" or "\ufe00" <= sign <= "\ufe0f" or sign == "\u034f":
        return ""
    if unicodedata.decomposition(sign).startswith(_KEPT_FORMS) and _holds_digit(sign):
        return sign
    made = unicodedata.normalize("NFKC", sign)
    return sign if made[:1] == " " else made


def _holds_digit(sign: str) -> bool:
    return any(plain.isdigit() for plain in unicodedata.normalize("NFKC", sign))


_folds = _Folds()


def _joins(sign: str) -> bool:
    """Whether a sign may melt into the one before it."""
    return unicodedata.category(sign)[0] == "M" or _JOINING.match(sign) is not None


class Folded:
    """A folded text. Stretches of it that follow the original one to one need no map; the rest
    are pairs of marks: where something longer or shorter begins, and where it ends."""

    def __init__(self, text: str, folded_at: "array[int]", original_at: "array[int]") -> None:
        self.text = text
        self._folded_at = folded_at
        self._original_at = original_at

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The original's stretch behind this one, or None where it would cut a sign in two."""
        first = bisect_right(self._folded_at, start) - 1
        into = start - self._folded_at[first]
        if first % 2 and into:
            return None
        last = bisect_left(self._folded_at, end) - 1
        if last % 2 and end != self._folded_at[last + 1]:
            return None
        if last % 2:
            stop = self._original_at[last + 1]
        else:
            stop = self._original_at[last] + end - self._folded_at[last]
        return self._original_at[first] + into, stop


def fold(text: str) -> Folded:
    folding = _Folding()
    start = 0
    while start < len(text):
        end = _block_end(text, start + _BLOCK)
        folding.take(text[start:end], start)
        start = end
    return folding.done()


def fold_quote(quote: str) -> str:
    return fold(quote).text.strip(" ")


def _block_end(text: str, end: int) -> int:
    """A block ends before a sign that neither is white space nor melts into the one before."""
    while end < len(text):
        sign = text[end]
        if not (sign.isspace() or _folds[sign] == "" or _joins(sign)):
            return end
        end += 1
    return len(text)


class _Folding:
    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._size = 0
        self._folded_at = array("q", [0])
        self._original_at = array("q", [0])
        self._dropped: set[str] = set()
        self._longer: set[str] = set()
        self._marks: set[str] = set()

    def done(self) -> Folded:
        return Folded("".join(self._blocks), self._folded_at, self._original_at)

    def take(self, block: str, offset: int) -> None:
        block = self._one_to_one(block)
        pieces: list[str] = []
        done = 0
        for odd in self._pattern(block).finditer(block):
            start, end = odd.span()
            made = _made(odd)
            pieces += (block[done:start], made)
            self._size += start - done
            if made != odd.group():
                self._mark(offset + start, offset + end, len(made))
            self._size += len(made)
            done = end
        pieces.append(block[done:])
        self._size += len(block) - done
        self._blocks.append("".join(pieces))

    def _mark(self, start: int, end: int, size: int) -> None:
        self._folded_at.extend((self._size, self._size + size))
        self._original_at.extend((start, end))

    def _one_to_one(self, block: str) -> str:
        """Exchange the signs that become exactly one other, and remember the rest."""
        for sign in set(block):
            if sign.isascii() and not sign.isspace():
                continue
            made = _folds[sign]
            if len(made) == 1:
                if made != sign:
                    block = block.replace(sign, made)
            else:
                (self._longer if made else self._dropped).add(sign)
            if not sign.isascii() and _joins(sign):
                self._marks.add(made if len(made) == 1 else sign)
        return block

    def _pattern(self, block: str) -> re.Pattern[str]:
        if block.isascii():
            return _SPACES
        odd = self._dropped or self._longer
        settled = not odd and unicodedata.is_normalized("NFC", block)
        marks = "" if settled else _class_of(self._marks)
        return _odd(_class_of(self._dropped), _class_of(self._longer), marks)


_SPACES = re.compile("( {2,})")


def _class_of(signs: set[str]) -> str:
    return "".join(sorted(signs))


@lru_cache(maxsize=64)
def _odd(dropped: str, longer: str, marks: str) -> re.Pattern[str]:
    """What does not fold one to one: runs of space, bases with marks, and single signs."""
    away, more, over = (re.escape(signs) for signs in (dropped, longer, marks))
    between = f"[{away}]{{0,4}}" if dropped else ""
    forms = [f"( [ {away}]+)"]
    forms.append(f"(.{between}[{over}][{over}{away}]{{0,{_MARKS_MAX - 1}}})" if marks else "(?!)()")
    forms.append(f"([{away}{more}])" if dropped or longer else "(?!)()")
    return re.compile("|".join(forms), re.DOTALL)


def _made(odd: re.Match[str]) -> str:
    if odd.lastindex == 1:
        return " "
    made = "".join(map(_folds.__getitem__, odd.group()))
    return unicodedata.normalize("NFC", made) if odd.lastindex == 2 else made
