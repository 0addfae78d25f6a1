"""What can be lifted out of a sentence as it stands: figures, dates, names, addresses."""

import re
from collections.abc import Iterator
from datetime import date

from msgspec import Struct

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sep(?:t(?:ember)?)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
DATE = re.compile(
    rf"\b(?P<iso>\d{{4}}-\d\d-\d\d)\b"
    rf"|\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH}),? (?P<year>\d{{4}})\b"
    rf"|\b(?P<month2>{_MONTH}) (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year2>\d{{4}})\b"
    rf"|\b(?P<month3>{_MONTH}) (?P<year3>\d{{4}})\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?!\w)|\b{_MONTH} \d{{1,2}}\b(?!,? \d{{4}})"
)
YEAR = re.compile(r"(?<![\w.,-])(?:1[0-9]|20)\d{2}s?(?![\w-]|[.,]\d)")
CLOCK = re.compile(r"\b(?:[01]?\d|2[0-3])[:.][0-5]\d(?::[0-5]\d)?\b(?: ?[ap]\.?m\.?)?", re.I)
NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-−+])?(?P<money>[$€£¥] ?)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?P<scale> (?:thousand|million|billion)\b)?"
    r"(?: ?(?P<unit>%|°[CF]?|[A-Za-zµ]+²?³?(?:/[a-z]+)?))?"
)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
URL = re.compile(r"https?://[^\s<>\"')\]]{1,1000}")
PHONE = re.compile(r"(?<!\w)\+?\d[\d ()/-]{5,18}\d(?!\w)")
_NAME = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Dr|Prof|Sir|Captain|St)\.? )?"
    r"[A-Z\u00c0-\u00de\u0391-\u03a9\u0410-\u042f][\w'’-]+"
    r"(?: (?:(?:van|von|de|del|la|le|of|the|da|di|bin|al) ){0,2}"
    r"(?:[A-Z\u00c0-\u00de\u0391-\u03a9\u0410-\u042f][\w'’-]*\.?))*"
)
_WORDS = {
    word: number
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
         "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
         "eighteen", "nineteen", "twenty")
    )
}  # fmt: skip
NUMBER_WORD = re.compile(r"\b(?:" + "|".join(_WORDS) + r"|dozen|hundred|thousand)\b", re.I)
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_NO_NAMES = frozenset(
    re.findall(
        r"\w+",
        """The A An This That These Those It He She They We I In On At By For From To Of And But Or
        If When While After Before Since There Here Its His Her Their Our Each Every All Any No
        Not Is Are Was Were As With What Who Which How Why Where Do Does Did See Only New Both
        One""",
    )
)


class Figure(Struct, frozen=True):
    """A number in a sentence, with the word behind it, which may be its unit."""

    value: float
    start: int
    end: int
    unit: str
    text: str

    @property
    def whole(self) -> int | None:
        return int(self.value) if self.value == int(self.value) else None


class Lifted(Struct, frozen=True):
    """A stretch of a sentence."""

    start: int
    end: int
    text: str


def figures(sentence: str) -> list[Figure]:
    """All numbers, but for those of dates and list marks."""
    taken = [found.span() for found in DATE.finditer(sentence)]
    found: list[Figure] = []
    for match in NUMBER.finditer(sentence):
        if any(start <= match.start("digits") < end for start, end in taken):
            continue
        value = float(match["digits"].replace(",", ""))
        scale = (match["scale"] or "").strip()
        value *= _SCALES.get(scale, 1) * (-1 if match["sign"] in ("-", "−") else 1)
        unit = (match["unit"] or match["money"] or "").strip()
        found.append(Figure(value, match.start(), match.end(), unit, match.group().strip()))
    for match in NUMBER_WORD.finditer(sentence):
        number = _WORDS.get(match.group().lower())
        if number is not None:
            unit = sentence[match.end() :].split(maxsplit=1)[:1]
            found.append(Figure(number, match.start(), match.end(), "".join(unit), match.group()))
    return sorted(found, key=lambda figure: figure.start)


def dates(sentence: str) -> list[Lifted]:
    """Dates, and years that stand alone."""
    found = [Lifted(*match.span(), match.group()) for match in DATE.finditer(sentence)]
    taken = [(one.start, one.end) for one in found]
    for match in YEAR.finditer(sentence):
        if not any(start <= match.start() < end for start, end in taken):
            found.append(Lifted(*match.span(), match.group()))
    return sorted(found, key=lambda one: one.start)


def iso_date(sentence: str) -> Iterator[tuple[int, str]]:
    """The full dates of a sentence, as `1891-05-03`, with where they stand."""
    for match in DATE.finditer(sentence):
        day = match["day"] or match["day2"]
        month = match["month"] or match["month2"]
        year = match["year"] or match["year2"]
        text = match["iso"] or ""
        if day and month and year:
            text = f"{year}-{_month(month):02}-{int(day):02}"
        try:
            yield match.start(), date.fromisoformat(text).isoformat()
        except ValueError:
            continue


def _month(name: str) -> int:
    head = name.lower().rstrip(".")[:3]
    return next(number for number, full in enumerate(_MONTHS, 1) if full.startswith(head))


def names(sentence: str) -> list[Lifted]:
    """Runs of capitalised words; one that only begins the sentence does not count."""
    found: list[Lifted] = []
    for match in _NAME.finditer(sentence):
        text, start = match.group(), match.start()
        head, _, rest = text.partition(" ")
        while head in _NO_NAMES and rest:
            start += len(head) + 1
            text = rest
            head, _, rest = text.partition(" ")
        if text in _NO_NAMES or (start == 0 and " " not in text):
            continue
        found.append(Lifted(start, start + len(text), text.rstrip(".'’-")))
    return found
