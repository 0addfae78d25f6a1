"""Whether what an answer cites stands in its document, looked up without our own code.

A document is one of the demo corpus, or stands in the example itself.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TypeGuard

from tests.docs.pages import CORPUS

_CITED = re.compile(r"“([^”]+)” \[\[(\d+)\]\]\(document:([^)]+)\)")


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _plain(text: str) -> str:
    """Rows of tables without the bars at their ends, and lines as one."""
    return " ".join(text.replace("|", " ").split())


def quotes_shown(text: str, example: str) -> list[str]:
    """The quotes of an answer in words; each must stand in the document that it names."""
    found = _CITED.findall(text)
    for quote, _, document in found:
        path = CORPUS / document
        source = path.read_text(encoding="utf-8") if path.exists() else example
        assert _plain(quote) in _plain(source)
    numbers = [int(number) for _, number, _ in found]
    assert sorted(set(numbers)) == list(range(1, len(set(numbers)) + 1))
    return [quote for quote, _, _ in found]


def objects(value: object) -> Iterator[dict[str, object]]:
    """Every object inside a JSON value."""
    if is_object(value):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif is_array(value):
        for inner in value:
            yield from objects(inner)


def citations_proved(value: object, example: str) -> int:
    """How many citations a reply holds; the quote of each must stand at its place."""
    cited = [each for each in objects(value) if "verified" in each]
    for citation in cited:
        assert citation["verified"] is True
        quote = str(citation.get("quote", citation.get("cited_text")))
        start, end = citation["source_start"], citation["source_end"]
        assert isinstance(start, int)
        assert isinstance(end, int)
        path = CORPUS / str(citation["document_id"])
        if path.exists():
            assert path.read_text(encoding="utf-8")[start:end] == quote
        else:
            assert quote in example
            assert len(quote) == end - start
    return len(cited)


def lacks(shown: object, true: object, path: str = "reply") -> Sequence[str]:
    """What of a reply as a page shows it does not stand in the true one. Lists may come in any
    order, and a page may leave fields out."""
    if is_object(shown):
        if not is_object(true):
            return [path]
        return [
            lost for name in shown for lost in lacks(shown[name], true.get(name), f"{path}.{name}")
        ]
    if is_array(shown):
        inner = true if is_array(true) else []
        return [
            f"{path}[{n}]"
            for n, each in enumerate(shown)
            if all(lacks(each, other) for other in inner)
        ]
    return [] if shown == true else [path]
