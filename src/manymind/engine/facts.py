"""What a statement says, as far as code can tell two statements apart.

Two statements say the same fact if they have the same words, in whatever order, and the same
figures. They are opposed if they have the same words and one figure differs, or if one of them
denies what the other says. This reads no meaning: it finds what is plainly the same and what
plainly disagrees, the same way every time; a verifier may look at the rest.
"""

import re
import unicodedata

from msgspec import Struct

from manymind.engine.figures import whole

_WORDS_MIN = 3
"""A statement of fewer words says too little to be taken for the same as another."""

_TOKEN = re.compile(r"\d+(?:[.,'’\u2009\u202f]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_WORD = re.compile(r"\w+")
_PLACING = frozenset(
    _WORD.findall(
        "about after at before between by from im in of on only over since some under until en"
    )
)
"""Words that begin a sentence with a capital, and a figure behind them is no name's."""

_ARTICLES = frozenset(
    _WORD.findall("a an the der die das ein eine le la les un une el los las il lo")
)
_DENIALS = frozenset(
    _WORD.findall(
        "no not never none neither nor without cannot nicht kein keine keinen nie niemals ohne "
        "pas jamais aucun aucune sans nunca sin ningún mai senza"
    )
)


class Fact(Struct, frozen=True):
    """`words` are what it is about; `values` the figures that it gives, in order."""

    words: tuple[str, ...]
    values: tuple[str, ...] = ()
    denied: bool = False

    @property
    def tells(self) -> bool:
        return len(self.words) >= _WORDS_MIN


def fact(statement: str) -> Fact:
    """The fact in a statement. A figure behind a word with a capital is part of a name (`Lamp
    3`), and a year beside another figure says when: both belong to what the fact is about."""
    plain = unicodedata.normalize("NFKC", statement)
    words: list[str] = []
    values: list[str] = []
    denied = False
    before, reached = "", 0
    for found in _TOKEN.finditer(plain):
        token = found[0]
        if not token[0].isdigit():
            lowered = token.casefold()
            denied ^= lowered in _DENIALS or lowered.endswith(("n't", "n’t"))
            if lowered not in _ARTICLES and lowered not in _DENIALS:
                words.append(lowered.removesuffix("n't").removesuffix("n’t"))
        elif _named(before, plain[reached : found.start()]):
            words.append(f"{before.casefold()} {whole(token)}")
        else:
            values.append(whole(token))
        before, reached = token, found.end()
    years = [value for value in values if _YEAR.fullmatch(value)]
    if len(years) < len(values):
        values = [value for value in values if value not in years]
        words += years
    return Fact(tuple(sorted(words)), tuple(values), denied)


def _named(before: str, between: str) -> bool:
    """Whether a figure is part of the name that the word before it begins."""
    capital = before[:1].isupper() and before.casefold() not in _ARTICLES | _PLACING
    return capital and between.isspace()


def same(left: Fact, right: Fact) -> bool:
    return left.tells and left == right


def opposed(left: Fact, right: Fact) -> str | None:
    """How two statements plainly disagree: by a figure, or by a denial. None if they do not."""
    if not left.tells or left.words != right.words:
        return None
    pairs = zip(left.values, right.values, strict=False)
    differing = sum(mine != other for mine, other in pairs)
    if len(left.values) != len(right.values) or differing > 1:
        return None
    if left.denied != right.denied:
        return None if differing else "denial"
    return "figure" if differing else None
