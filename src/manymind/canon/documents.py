"""Documents, passages of them, and the outcome of looking for a quote."""

from typing import TypeAlias

from msgspec import Struct


class Document(Struct, frozen=True, kw_only=True):
    """A text to read and cite. `url` is where a citation of it points."""

    id: str
    text: str
    title: str | None = None
    url: str | None = None


class Card(Struct, frozen=True, kw_only=True):
    """What a reader must know of a document before opening it. `size` is in code points."""

    id: str
    size: int
    title: str | None = None
    url: str | None = None


class Passage(Struct, frozen=True, kw_only=True):
    """A stretch of a document; `start` and `end` are code points of its text."""

    document_id: str
    start: int
    end: int
    text: str
    heading: str | None = None
    score: float = 0.0


class Found(Struct, frozen=True, kw_only=True):
    """The quote stands in the document. `text` is how the document itself writes it. Where the
    quote left something out, `spans` are the stretches that it gave, in order; `text` then
    holds what lies between them, too."""

    document_id: str
    start: int
    end: int
    text: str
    url: str
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def said(self) -> str:
        """The words that were quoted, without what was left out between them."""
        if not self.spans:
            return self.text
        stretches = (self.text[at - self.start : to - self.start] for at, to in self.spans)
        return " … ".join(stretches)


class Missing(Struct, frozen=True, kw_only=True):
    """The quote does not stand there. `nearest` may help to mend it."""

    reason: str
    nearest: tuple[Passage, ...] = ()


Checked: TypeAlias = Found | Missing
