"""What holds for everything a team says, whoever lied to it. Written without the team's own code,
so that the two can disagree."""

import re
from collections.abc import Iterable

from manymind.canon.answers import Answer
from manymind.canon.events import (
    LEADER,
    Advanced,
    Began,
    Cited,
    Closed,
    Ended,
    Happened,
    Opened,
    PartClosed,
    PartOpened,
    Wrote,
)
from manymind.canon.items import Said
from manymind.canon.parts import Citation, Text
from manymind.canon.ports import Library

_LINK = re.compile(r"\[\[\d+\]\]\([^)]*\)")
_FIGURE = re.compile(r"\d+")
_QUOTED = re.compile(r"“([^“”]*)”|«([^«»]*)»|\"([^\"\n]*)\"")


def assert_grammar(events: Iterable[Happened]) -> None:
    """Each voice: Began, then items that open and close, then Ended, and nothing after."""
    begun: set[str] = set()
    ended: set[str] = set()
    still: dict[tuple[str, str], set[tuple[str, int]]] = {}
    items: set[str] = set()
    for event in events:
        voice = event.voice
        assert voice not in ended, f"{voice} speaks after its end"
        if isinstance(event, Began):
            assert voice not in begun, f"{voice} begins twice"
            begun.add(voice)
            continue
        assert voice in begun, f"{voice} speaks before it begins"
        match event:
            case Opened(item=item):
                assert item not in items, "a key is used twice"
                items.add(item)
                still[voice, item] = set()
            case PartOpened(item=item, part=part, where=where):
                still[voice, item].add((where, part))
            case PartClosed(item=item, part=part, where=where):
                still[voice, item].remove((where, part))
            case Wrote(item=item) | Cited(item=item) | Advanced(item=item):
                assert (voice, item) in still
            case Closed(item=item):
                assert not still.pop((voice, item)), "an item closes before its parts"
            case Ended():
                assert not [name for name, _ in still if name == voice], "an item is left open"
                ended.add(voice)
            case _:
                pass
    assert LEADER in begun
    assert begun == ended, f"{begun - ended} never ended"


def citations_of(answer: Answer) -> list[Citation]:
    return [
        citation
        for item in answer.items
        if isinstance(item, Said)
        for part in item.parts
        if isinstance(part, Text)
        for citation in part.citations
    ]


def assert_cited(answer: Answer, library: Library) -> None:
    """Every link is backed by a citation that slices to it; every quote is at its place."""
    text = answer.text
    spans: set[tuple[int, int]] = set()
    numbers: dict[str, str] = {}
    for cited in citations_of(answer):
        assert cited.verified in (True, False)
        assert not cited.verified or _proved(text, cited, answer), text
        assert text[cited.start : cited.end] == f"[[{cited.title}]]({cited.url})"
        spans.add((cited.start, cited.end))
        assert cited.url is not None and cited.title is not None
        assert numbers.setdefault(cited.url, cited.title) == cited.title
        assert _source(library, cited) == cited.quote
    assert {found.span() for found in _LINK.finditer(text)} == spans
    first_uses = [found[0] for found in re.finditer(r"(?<=\[\[)\d+(?=\]\]\()", text)]
    assert list(dict.fromkeys(first_uses)) == [str(n + 1) for n in range(len(set(first_uses)))]
    assert not re.search(r"\{\{\s*E\d", text)


def _proved(text: str, cited: Citation, answer: Answer) -> bool:
    """Whether the figures that the link stands behind are in the quotes that its line cites."""
    start, end = text.rfind("\n", 0, cited.start) + 1, text.find("\n", cited.start)
    end = len(text) if end < 0 else end
    before = _LINK.sub("", text[start : cited.start]).rstrip(" .!?")
    claimed = re.split(r"[.!?][\"'”»)]* +(?![a-z])", before)[-1]
    quotes = [
        each.quote or "" for each in citations_of(answer) if start <= each.start and each.end <= end
    ]
    known = {figure for quote in quotes for figure in _FIGURE.findall(quote)}
    listed = re.sub(r"^\s*\d+[.)]\s", "", claimed)
    return all(figure in known for figure in _FIGURE.findall(listed))


def assert_quoted(text: str, library: Library) -> None:
    """Quotation marks with more than five words between them hold what a document holds."""
    documents = texts_of(library)
    bare = _LINK.sub("", text)
    for found in _QUOTED.finditer(bare):
        words = next((group for group in found.groups() if group), "")
        if len(words.split()) > 5:
            plain = " ".join(words.split()).strip("“”„«»\"‘’'「」> ")
            forms = (plain, plain.rstrip(",.;:!? "))
            assert any(form in text for text in documents for form in forms), words


def texts_of(library: Library) -> tuple[str, ...]:
    texts: tuple[str, ...] = getattr(library, "texts", ())
    return tuple(" ".join(text.split()) for text in texts)


def _source(library: Library, cited: Citation) -> str:
    by_id: dict[str, str] = dict(
        zip((card.id for card in library.cards()), getattr(library, "texts", ()), strict=True)
    )
    return by_id[cited.document_id or ""][cited.source_start : cited.source_end]
