"""The tools of a library as a model sees them: their names, what they say, and their arguments."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from manymind.canon.requests import Function
from manymind.canon.values import Json
from manymind.engine.evidence import QUOTES_MAX, Quoted

READ_MAX = 12_000


class Search(Struct):
    query: Annotated[str, Meta(min_length=1, max_length=1_000)]
    limit: int = 0
    document_ids: list[str] = []


class Grep(Struct):
    pattern: Annotated[str, Meta(min_length=1, max_length=1_000)]
    limit: int = 0
    document_ids: list[str] = []


class Read(Struct):
    document_id: str
    start: int = 0
    end: int | None = None


class _Quote(Struct):
    document_id: str
    quote: str


class Claim(Struct):
    """Models that have one quote often write it beside the text, and not in the list."""

    text: str
    evidence: list[_Quote] = []
    document_id: str = ""
    quote: str = ""

    @property
    def quotes(self) -> tuple[Quoted, ...]:
        beside = [_Quote(self.document_id, self.quote)] if self.quote or self.document_id else []
        return tuple(Quoted(each.document_id, each.quote) for each in (*self.evidence, *beside))


class Recall(Struct):
    handle: str
    start: int = 0


Arguments: TypeAlias = Search | Grep | Read | Claim | Recall

NOTE_CLAIM = "note_claim"

SHAPES: dict[str, type[Arguments]] = {
    "search": Search,
    "grep": Grep,
    "read": Read,
    NOTE_CLAIM: Claim,
    "recall": Recall,
}

_WORDS: Json = {"type": "string"}
_NUMBER: Json = {"type": "integer"}
_QUOTES: Json = {
    "type": "array",
    "minItems": 1,
    "maxItems": QUOTES_MAX,
    "items": {
        "type": "object",
        "properties": {"document_id": _WORDS, "quote": _WORDS},
        "required": ["document_id", "quote"],
        "additionalProperties": False,
    },
}
_IDS: Json = {"type": "array", "items": _WORDS, "description": "Only these; all where left out."}


def _declared(name: str, description: str, required: tuple[str, ...], **fields: Json) -> Function:
    parameters: Json = {
        "type": "object",
        "properties": fields,
        "required": list(required),
        "additionalProperties": False,
    }
    return Function(name=name, description=description, parameters=parameters)


CORPUS_TOOLS = (
    _declared(
        "search",
        "The best passages of the documents for the words of a query.",
        ("query",),
        query=_WORDS,
        limit=_NUMBER,
        document_ids=_IDS,
    ),
    _declared(
        "grep",
        "The lines of the documents that match a regular expression.",
        ("pattern",),
        pattern=_WORDS,
        limit=_NUMBER,
        document_ids=_IDS,
    ),
    _declared(
        "read",
        f"A stretch of a document, by code points; at most {READ_MAX} at once.",
        ("document_id",),
        document_id=_WORDS,
        start=_NUMBER,
        end=_NUMBER,
    ),
    _declared(
        NOTE_CLAIM,
        "Note a fact, with the quotes that prove it, each copied word for word from its document.",
        ("text", "evidence"),
        text={
            **_WORDS,
            "description": "The fact, in your own words. Each of its figures stands in a quote.",
        },
        evidence=_QUOTES,
    ),
    _declared(
        "recall",
        "An earlier result of yours that was left out to save room, by its handle.",
        ("handle",),
        handle=_WORDS,
        start=_NUMBER,
    ),
)

TOOLS_VERSION = 2
"""Raised whenever a tool's name or arguments change: what a journal holds of calls to another
version means something else."""
