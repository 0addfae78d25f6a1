"""Which value of a sentence a field of a schema means: by type, by name, by nearness."""

import re
from collections.abc import Iterator

import re2
from msgspec import Struct

from manymind.corpus.words import STOP_WORDS, query_terms, terms
from manymind.providers.reader.schema import Amount, Choice, Words
from manymind.providers.reader.values import (
    CLOCK,
    EMAIL,
    PHONE,
    URL,
    dates,
    figures,
    iso_date,
    names,
)

_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_a-zA-Z]+")
_VERBATIM = frozenset(
    {"quote", "quotes", "evidence", "excerpt", "passage", "sentence", "snippet", "citation"}
)
_SOURCES = frozenset({"source", "sources", "document", "documents", "doc", "file", "filename"})
_DATES = frozenset(
    {"date", "when", "day", "deadline", "born", "died", "founded", "since", "until", "year"}
)
_NAMES = frozenset(
    {
        "name", "names", "person", "people", "who", "author", "authors", "keeper", "keepers",
        "owner", "director", "manager", "contact", "city", "place", "location", "country",
        "company", "organisation", "organization", "captain", "member", "members", "by",
    }
)  # fmt: skip
_MEASURES = frozenset(
    {
        "height", "cost", "price", "amount", "size", "depth", "number", "count", "total", "limit",
        "weight", "age", "speed", "length", "width", "distance", "budget", "fee", "rate", "range",
    }
)  # fmt: skip
_PROSE = frozenset(
    {
        "answer", "summary", "description", "explanation", "reason", "details", "detail", "text",
        "content", "finding", "findings", "note", "notes", "rationale", "conclusion", "response",
        "message", "statement", "fact", "facts", "steps", "step", "rule", "rules", "key",
    }
)  # fmt: skip
_NOT = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|forbidden|prohibited)\b|n['’]t\b", re.I
)
_FORMATS: dict[str, re.Pattern[str]] = {
    "email": EMAIL,
    "uri": URL,
    "time": CLOCK,
    "uuid": re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.I),
    "ipv4": re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|(?![\d.]))){4}"),
    "hostname": re.compile(r"\b(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.){1,6}[a-z]{2,24}\b", re.I),
}


class Source(Struct, frozen=True):
    """A sentence to lift from. `cells` are a table row's, by column title."""

    text: str
    document_id: str
    url: str
    cells: tuple[tuple[str, str], ...] = ()


class Wish(Struct, frozen=True):
    """What a field is called, and the words of its name and description."""

    name: str
    words: frozenset[str]

    @property
    def parts(self) -> frozenset[str]:
        return frozenset(part.lower() for part in _PART.findall(self.name))


def wish(name: str, hint: str = "") -> Wish:
    plain = " ".join(_PART.findall(name))
    found = query_terms(plain) + (query_terms(hint) if hint else ())
    return Wish(name, frozenset(found))


def number(shape: Amount, wanted: Wish, source: Source) -> float | int | None:
    """The number nearest to the words of the field, of those that its bounds allow."""
    text = _cell(wanted, source) or source.text
    found = [
        (_distance(text, wanted, figure.start, figure.unit), figure.value)
        for figure in figures(text)
    ]
    if wanted.parts & {"year", "founded", "since"} or not found:
        years = [date for date in dates(text) if date.text.rstrip("s").isdigit()]
        found += [(-1.0, float(date.text.rstrip("s"))) for date in years]
        found += [(-1.0, float(date[:4])) for _, date in iso_date(text)]
    for _, value in sorted(found, key=lambda pair: pair[0]):
        if allowed(shape, value):
            return int(value) if value == int(value) else value
    return None


def allowed(shape: Amount, value: float) -> bool:
    if shape.whole and value != int(value):
        return False
    if shape.minimum is not None and value < shape.minimum:
        return False
    if shape.maximum is not None and value > shape.maximum:
        return False
    if shape.above is not None and value <= shape.above:
        return False
    if shape.below is not None and value >= shape.below:
        return False
    step = shape.multiple_of
    return not step or abs(value / step - round(value / step)) < 1e-9


def flag(source: Source) -> bool:
    """Whether a sentence affirms: it does unless it denies."""
    return _NOT.search(source.text) is None


def choice(shape: Choice, source: Source) -> object | None:
    """The value that the sentence names, where it names one."""
    held = terms(source.text)
    best: tuple[int, object] | None = None
    for value in shape.values:
        if isinstance(value, bool) or not isinstance(value, str | int):
            continue
        wanted = terms(" ".join(_PART.findall(str(value))))
        if (
            wanted
            and all(term in held for term in wanted)
            and (best is None or len(wanted) > best[0])
        ):
            best = (len(wanted), value)
    return best[1] if best else None


def words(shape: Words, wanted: Wish, source: Source) -> str | None:
    """The first reading of the field that the schema allows."""
    for text in _readings(shape, wanted, source):
        fitted = " ".join(text.split())
        if fitted and fits(shape, fitted):
            return fitted
    return None


def fits(shape: Words, text: str) -> bool:
    if len(text) < shape.length_min or (
        shape.length_max is not None and len(text) > shape.length_max
    ):
        return False
    plain = text.encode("utf-8", "replace").decode()
    return shape.pattern is None or re2.compile(shape.pattern).search(plain) is not None


def is_general(wanted: Wish) -> bool:
    """Whether a field is named so that the answer itself must be meant."""
    return is_prose(wanted) or bool(wanted.parts & {"value", "result", "number", "count", "total"})


def is_prose(wanted: Wish) -> bool:
    """Whether a field wants sentences rather than a value out of one."""
    return bool(wanted.parts & (_PROSE | _VERBATIM))


def _readings(shape: Words, wanted: Wish, source: Source) -> Iterator[str]:
    if shape.format is not None:
        yield from _formatted(shape.format, source.text)
        return
    if shape.pattern is not None:
        yield from _patterned(shape.pattern, source.text)
        return
    cell = _cell(wanted, source)
    if cell:
        yield cell
    parts = wanted.parts
    if parts & _SOURCES or wanted.name.lower() in ("document_id", "doc_id", "source_id"):
        yield source.document_id
    elif parts & {"url", "link", "uri"}:
        yield from _found(URL, source.text)
        yield source.url
    elif parts & {"email", "mail"}:
        yield from _found(EMAIL, source.text)
    elif parts & {"phone", "telephone", "tel"}:
        yield from _found(PHONE, source.text)
    elif parts & {"time", "hour"}:
        yield from _found(CLOCK, source.text)
    elif parts & _PROSE or parts & _VERBATIM:
        yield source.text
    else:
        yield from _valued(wanted, source)


def _valued(wanted: Wish, source: Source) -> Iterator[str]:
    """A short value: a labelled one, a date, a name, a figure with its unit."""
    text = source.text
    parts = wanted.parts
    if parts & _DATES:
        yield from (iso for _, iso in iso_date(text))
        yield from (date.text for date in dates(text))
        return
    labelled = _labelled(wanted, text)
    if labelled:
        yield labelled
    beside = _beside(wanted, source)
    if beside:
        yield beside
    near = sorted(names(text), key=lambda name: _distance(text, wanted, name.start, ""))
    called = [name.text for name in near if not wanted.words & set(terms(name.text))]
    if parts & _NAMES:
        yield from (name.text for name in near)
    elif wanted.words & set(terms(text)):
        counted = sorted(
            figures(text), key=lambda one: _distance(text, wanted, one.start, one.unit)
        )
        yield from (figure.text for figure in counted if parts & _MEASURES)
        yield from called


def _formatted(form: str, text: str) -> Iterator[str]:
    if form == "date":
        yield from (date for _, date in iso_date(text))
    elif form == "date-time":
        yield from (f"{date}T00:00:00Z" for _, date in iso_date(text))
    elif form == "time":
        yield from (
            f"{clock.replace('.', ':')}:00Z".zfill(9)
            for clock in re.findall(r"\b(?:[01]?\d|2[0-3])[:.][0-5]\d\b", text)
        )
    elif form in _FORMATS:
        yield from _found(_FORMATS[form], text)


def _patterned(pattern: str, text: str) -> Iterator[str]:
    plain = text.encode("utf-8", "replace").decode()
    bare = pattern.removeprefix("^").removesuffix("$")
    try:
        compiled = re2.compile(bare)
    except re2.error:
        return
    for match in compiled.finditer(plain):
        if match.group():
            yield match.group()


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    return [match.group().strip().rstrip(".,;") for match in pattern.finditer(text)]


def _beside(wanted: Wish, source: Source) -> str | None:
    """Of a row that has the field's name in one of its cells, what the row is about."""
    values = [value for _, value in source.cells]
    if any(wanted.words & set(terms(value)) for value in values[1:]):
        return values[0]
    return None


def _cell(wanted: Wish, source: Source) -> str | None:
    """The cell of the column that the field's name speaks of."""
    best: tuple[int, str] | None = None
    own = frozenset(query_terms(" ".join(_PART.findall(wanted.name))))
    for title, value in source.cells:
        shared = len(own & set(terms(title)))
        if shared and value and (best is None or shared > best[0]):
            best = (shared, value)
    return best[1] if best else None


def _labelled(wanted: Wish, text: str) -> str | None:
    """What stands behind `Label:`, where the label is the field's name."""
    own = set(query_terms(" ".join(_PART.findall(wanted.name))))
    for match in re.finditer(
        r"(?:^|[;,.(]|\*\*)\s*([\w ]{2,40}?)(?:\*\*)?\s*[:=]\s*(?:\*\*)?\s*", text
    ):
        if own and own <= set(terms(match[1])):
            value = re.split(r"[;\n]|\.\s|\*\*|, ", text[match.end() :], maxsplit=1)[0]
            return value.strip(' .*`"') or None
    return None


def _distance(text: str, wanted: Wish, place: int, unit: str) -> float:
    """How far a value stands from the field's words; its unit among them is nearest of all."""
    if unit and set(terms(unit)) & wanted.words:
        return 0.0
    spots = [
        match.start()
        for match in re.finditer(r"\w+", text)
        if match.group().lower() not in STOP_WORDS and wanted.words & set(terms(match.group()))
    ]
    return min((abs(spot - place) for spot in spots), default=10_000) + 1.0
