"""Words as the index sees them, the same for a text and for a question about it.

Terms are lower case, without accents and lightly stemmed; identifiers count whole and in their
parts; scripts that do not space their words are cut into overlapping pairs.
"""

import re
import unicodedata

# Vowel signs of the Indic and South-East Asian scripts are not \w to Python, yet they stand
# inside of words.
_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u064b-\u0652\u0900-\u0963\u0971-\u0d7f\u0e31-\u0e4e\u0eb1-\u0ebc"
)
_WORD = re.compile(rf"\d+(?:[.,]\d+)+|[\w{_MARKS}]+")
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    r"\U00020000-\U0003ffff]+"
)
_HUMP = re.compile(r"[a-z\d][A-Z]|[A-Z][A-Z][a-z]|_|[^\W\d_]\d")
_IDENTIFIER_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\WA-Za-z\d_]+")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?$")

WORD_LENGTH_MAX = 64
_KNOWN_MAX = 200_000

STOP_WORDS = frozenset(
    _WORD.findall("""
    a about all also am an and any are as at be been being but by can could did do does doing done
    for from had has have he her here hers him his how i if in into is it its itself let me more
    most must my no nor not of on or our ours out please s she should so some such t tell than that
    the their theirs them then there these they this those to too us very was we were what when
    where which while who whom whose why will with would you your yours find give show know many
    much
    le la les un une des du et est dans pour que qui sur der das und ist von mit ein eine den
    el los las una y en es por con para
    """)
)
"""Words that say nothing of what a question is about."""


class _Known(dict[str, str]):
    """The terms of every word met so far, parted by spaces: texts repeat themselves, so each is
    cut up once."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _KNOWN_MAX:
            self.clear()
        found = self[word] = " ".join(_terms_of(word))
        return found


def _terms_of(word: str) -> tuple[str, ...]:
    if len(word) > WORD_LENGTH_MAX:
        word = word[:WORD_LENGTH_MAX]
    if word[0].isdigit() and not word.isalnum():
        return (word.replace(",", ""),) if _GROUPED.match(word) else (word.replace(",", "."),)
    if _UNSPACED.search(word):
        return _unspaced_terms(word)
    terms = [stem(folded(word))]
    if _HUMP.search(word):
        parts = _IDENTIFIER_PART.findall(word)
        terms.extend(stem(folded(part)) for part in parts if part != word)
    return tuple(dict.fromkeys(term for term in terms if term))


def _unspaced_terms(word: str) -> tuple[str, ...]:
    terms: list[str] = []
    start = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > start:
            terms.append(stem(folded(word[start : run.start()])))
        signs = unicodedata.normalize("NFKC", run.group())
        terms.extend(signs)
        terms.extend(signs[at : at + 2] for at in range(len(signs) - 1))
        start = run.end()
    if start < len(word):
        terms.append(stem(folded(word[start:])))
    return tuple(term for term in terms if term)


def folded(word: str) -> str:
    """Lower case, compatibility forms resolved, accents of Latin, Greek and Cyrillic dropped."""
    if word.isascii():
        return word.lower().strip("_")
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(sign for sign in plain if not "\u0300" <= sign <= "\u036f").strip("_")


def stem(word: str) -> str:
    """A light stem: plurals and the commonest English endings, and nothing that needs a list."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    word = _singular(word)
    for ending in ("ing", "edly", "ed", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _trimmed(word[: -len(ending)])
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _trimmed(word: str) -> str:
    if not set(word) & set("aeiouy"):
        return word
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        return word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


_known = _Known()


def written(text: str) -> str:
    """The terms of a text in their order, parted by spaces, as the index takes them."""
    return " ".join(map(_known.__getitem__, _WORD.findall(text)))


def terms(text: str) -> list[str]:
    """The terms of a text in their order."""
    return written(text).split()


def query_terms(text: str) -> tuple[str, ...]:
    """The distinct terms that a question is about; its stop words where it has nothing else."""
    words = _WORD.findall(text)
    telling = [word for word in words if word.lower() not in STOP_WORDS]
    found: dict[str, None] = {}
    for word in telling or words:
        parts = _known[word].split()
        pairs = [part for part in parts if len(part) > 1]
        found.update(dict.fromkeys(pairs if _UNSPACED.search(word) and pairs else parts))
    return tuple(found)


def is_unspaced(sign: str) -> bool:
    """Whether a sign belongs to a script that does not part its words by spaces."""
    return _UNSPACED.match(sign) is not None
