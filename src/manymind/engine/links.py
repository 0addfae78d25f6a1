"""Links that a model wrote itself. Those that could pass for a citation of ours go.

A link passes for one if what one sees of it is a number or a sign and no word, however it is
written: with brackets, by reference, in HTML, with raised, wide or invisible signs. A link that has
one of our markers in it loses its address and keeps its words: where such a link led would not be
where the marker leads. What stands in code is code, and no marker there is a citation.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

_FENCE = re.compile(
    r"^[ \t]*+(?P<fence>`{3,}+|~{3,}+)[^\n]*+\n.*?(?:^[ \t]*+(?P=fence)[`~]*+[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_TICKS = re.compile(r"`+")
_BLANK = re.compile(r"\n[ \t]*\n")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_ANCHOR = re.compile(r"</?(?:a|area)\b[^<>]*>", re.IGNORECASE)
_DEFINITION = re.compile(r"^[ \t>]*\[(?P<name>[^\[\]\n]{1,200})\]:[ \t]*\S[^\n]*\n?", re.MULTILINE)
_MARKER = re.compile(r"\{\{\s*E\d[^{}\n]*\}\}")
_BEFORE_MARKER = re.compile(r"[!\\]+(?=\{\{\s*E\d)")
_IN_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_HIDDEN = r"[\s\u200b-\u200f\u2060]"
_LIKE_LINK = re.compile(
    rf"[\[［〔【⟦❲⁅]{{1,2}}{_HIDDEN}*\d+{_HIDDEN}*[\]］〕】⟧❳⁆]{{1,2}}{_HIDDEN}?"
    r"[(（❨⦅](?P<address>[^()（）\s]*)[)）❩⦆]"
)
_LIKE_MARK = re.compile(r"[［⟦❲⁅]{1,2}\s*\d+\s*[］⟧❳⁆]{1,2}")
_DOUBLE = re.compile(r"\[\[\s*\d+\s*\]\](?:\((?:[^()\n]|\([^()\n]*\))*\)?)?")
_ADDRESS = re.compile(r"://|^(?:document|data|mailto|javascript):|^www\.", re.IGNORECASE)
_LIKE_MARKER = re.compile(
    r"[{｛❴][\u200b-\u200f\u2060]*[{｛❴][^{}｛｝❴❵\n]{1,80}[}｝❵]\S{0,2}[}｝❵]"
)
_LIKE_E = str.maketrans(dict.fromkeys("ЕΕꓰᎬⴹℰ", "E"))
_BRACES = str.maketrans({"❴": "{", "❵": "}"})
_SIGNS = re.compile(r"\\.|[\[\]]|\n[ \t]*\n")
_PARENTHESES = re.compile(r"\\.|[()]|\n[ \t]*\n")
_ADDRESS_MAX, _NAME_MAX, _ROUNDS_MAX = 2_000, 1_000, 50
_NESTED_MAX = 32
"""More brackets than these make no address for anyone."""


class Link(Struct, frozen=True):
    """`[words](address)` or `[words][name]`: where it begins, where its words begin and end, and
    where it ends. An image shows none of its words."""

    start: int
    words_start: int
    words_end: int
    end: int
    image: bool = False


def bare(text: str) -> str:
    """The text without links that could pass for ours, and without markers in code. Readers of
    Markdown do not agree on where code ends, so that what leads to an address goes there, too;
    `handlers[0](event)` stays."""
    pieces: list[str] = []
    start = 0
    for begin, end in code(text):
        pieces += (_bare_prose(text[start:begin]), _bare_code(text[begin:end]))
        start = end
    pieces.append(_bare_prose(text[start:]))
    return "".join(pieces)


def code(text: str) -> list[tuple[int, int]]:
    """Where code stands: between fences, and between ticks within a paragraph."""
    spans: list[tuple[int, int]] = []
    start = 0
    for found in _FENCE.finditer(text):
        spans += (*_ticked(text, start, found.start()), found.span())
        start = found.end()
    return [*spans, *_ticked(text, start, len(text))]


def links(text: str) -> Iterator[Link]:
    """Every link, an inner one before the one that it stands in."""
    opened: list[int] = []
    for found in _SIGNS.finditer(text):
        sign = found[0]
        if sign == "[":
            opened.append(found.start())
        elif sign == "]" and opened:
            start = opened.pop()
            end = _address(text, found.end())
            if end is not None:
                image = text[max(0, start - 1) : start] == "!"
                yield Link(start - image, start + 1, found.start(), end, image)
        elif sign[0] == "\n":
            opened.clear()


def wordless(words: str) -> bool:
    """Whether one sees no word: a number, a sign, or nothing at all."""
    return not any(unicodedata.category(sign)[0] == "L" for sign in words)


def _ticked(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Code between two rows of equally many ticks, in this stretch of a text."""
    rows = list(_TICKS.finditer(text, start, stop))
    by_length: defaultdict[int, list[int]] = defaultdict(list)
    for number in range(len(rows) - 1, -1, -1):
        by_length[len(rows[number][0])].append(number)
    at = 0
    while at < len(rows):
        row = rows[at]
        same = by_length[len(row[0])]
        while same and same[-1] <= at:
            same.pop()
        if same and _BLANK.search(text, row.end(), rows[same[-1]].start()) is None:
            at = same[-1]
            yield row.start(), rows[at].end()
        at += 1


def _bare_prose(text: str) -> str:
    text = _ANCHOR.sub("", _COMMENT.sub("", text))
    text = _IN_TAG.sub(_only_markers, text)
    text = _LIKE_MARKER.sub(_own_marker, text)
    text = _DEFINITION.sub(lambda found: "" if wordless(found["name"]) else found[0], text)
    text = _BEFORE_MARKER.sub("", text)
    for _ in range(_ROUNDS_MAX):
        cut = _cut(text)
        if cut == text:
            break
        text = cut
    else:
        text = text.replace("](", "] (").replace("][", "] [")
    return _DOUBLE.sub("", _LIKE_MARK.sub("", _LIKE_LINK.sub("", text)))


def _bare_code(text: str) -> str:
    text = _MARKER.sub("", text)
    text = _LIKE_LINK.sub(lambda found: "" if _leads(found["address"]) else found[0], text)
    for _ in range(_ROUNDS_MAX):
        cut = _cut(text, in_code=True)
        if cut == text:
            return text
        text = cut
    return text.replace("](", "] (")


def _leads(address: str) -> bool:
    return _ADDRESS.search(address) is not None


def _own_marker(found: re.Match[str]) -> str:
    """Nothing in the place of what only looks like a marker of ours."""
    signs = (sign for sign in found[0] if unicodedata.category(sign) != "Cf")
    plain = unicodedata.normalize("NFKC", "".join(signs).translate(_BRACES)).translate(_LIKE_E)
    like = _MARKER.fullmatch(plain) is not None
    return "" if like and _MARKER.fullmatch(found[0]) is None else found[0]


def _only_markers(found: re.Match[str]) -> str:
    markers = _MARKER.findall(found[0])
    return "".join(markers) if markers else found[0]


def _cut(text: str, *, in_code: bool = False) -> str:
    """The text without the addresses, or the whole, of the innermost links that may not stay."""
    pieces: list[str] = []
    done = 0
    for link in links(text):
        if link.start < done:
            continue
        markers = _MARKER.findall(text[link.start : link.end])
        words = text[link.words_start : link.words_end]
        if markers:
            kept = words if _MARKER.search(words) else words + "".join(markers)
        elif link.image or not wordless(words):
            continue
        elif not in_code or _leads(text[link.words_end + 2 : link.end]):
            kept = ""
        else:
            continue
        pieces += (text[done : link.start], kept)
        done = link.end
    return "".join((*pieces, text[done:]))


def _address(text: str, at: int) -> int | None:
    """Where the address behind a link's words ends; None where there is none."""
    if text[at : at + 1] == "[":
        end = text.find("]", at, at + _NAME_MAX)
        return end + 1 if end > 0 and _BLANK.search(text, at, end) is None else None
    if text[at : at + 1] != "(":
        return None
    depth = 0
    for found in _PARENTHESES.finditer(text, at, at + _ADDRESS_MAX):
        sign = found[0]
        if sign[0] == "\n":
            return None
        depth += (sign == "(") - (sign == ")")
        if depth > _NESTED_MAX:
            return None
        if depth == 0 and sign == ")":
            return found.end()
    return None
