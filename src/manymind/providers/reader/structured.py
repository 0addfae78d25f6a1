"""Answers in JSON: a schema filled from the documents, or quotes in a plain object."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.documents import Document, Passage
from manymind.canon.ports import Library
from manymind.canon.requests import OutputFormat
from manymind.canon.values import Json
from manymind.corpus.naming import citation_url
from manymind.corpus.words import terms
from manymind.providers.reader.asking import Asked, Question
from manymind.providers.reader.evidence import PASSAGES, Evidence, certainty, find, layouts
from manymind.providers.reader.filling import ABSENT, Filling
from manymind.providers.reader.lifting import Source, wish
from manymind.providers.reader.ranking import Candidate, rank
from manymind.providers.reader.schema import (
    DEPTH_MAX,
    Either,
    Fields,
    Many,
    Schema,
    Shape,
    read_schema,
)

_FIELDS_MAX = 24
_SENTENCES_MAX = 120
_SCHEMA_FIELDS = {
    "openai_responses": "text.format.schema",
    "anthropic_messages": "output_config.format.schema",
}


class Filled(Struct, frozen=True):
    """JSON, or, where `ok` is false, why there is none."""

    text: str
    ok: bool = True


async def fill_schema(
    library: Library, asked: Asked, output: OutputFormat, dialect: str | None
) -> Filled:
    """An object of the caller's schema with what the documents say; a refusal where a field has
    to be there and nothing was found for it."""
    field = _SCHEMA_FIELDS.get(dialect or "", "response_format.json_schema.schema")
    schema = read_schema(output.schema or {"type": "object"}, field)
    question = asked.parts[0] if asked.parts else Question("", "fact", "", ())
    sources = await _sources(library, question, schema)
    filling = Filling(schema, sources)
    made = filling.fill()
    if made == ABSENT:
        return Filled(_missing(filling.missing, len(library.cards())), ok=False)
    return Filled(msgspec.json.encode(made.json).decode())


async def quotes_as_json(library: Library, asked: Asked) -> str:
    """What was found as `{"answer": …, "quotes": […]}`."""
    findings = [await find(library, question) for question in asked.parts]
    evidence = [one for finding in findings for one in finding.evidence]
    sure = any(finding.certainty == "answer" for finding in findings)
    made: Json = {
        "answer": evidence[0].text if sure and evidence else None,
        "quotes": [_quote(one) for one in evidence],
    }
    return msgspec.json.encode(made).decode()


def _quote(evidence: Evidence) -> Json:
    found = evidence.found
    return {
        "text": found.text,
        "document_id": found.document_id,
        "url": found.url,
        "start": found.start,
        "end": found.end,
    }


def _missing(fields: Iterable[str], documents: int) -> str:
    named = ", ".join(f"`{field}`" for field in dict.fromkeys(fields))
    where = "I have no documents to read." if not documents else ""
    return (
        f"I found nothing for {named[:600]} in the documents, and I do not make values up. {where}"
        "\nLet the schema allow null there, and I leave it empty."
    ).replace(" \n", " ")


async def _sources(library: Library, question: Question, schema: Schema) -> list[Source]:
    """The sentences that bear on the question, and on each field by its name."""
    if not library.cards():
        return []
    urls = {card.id: card.url for card in library.cards()}
    found: dict[tuple[str, int], Source] = {}
    for asked in _questions(question, schema):
        passages = await library.search(asked.keywords, limit=PASSAGES)
        ranked = rank(asked, passages, await layouts(library, passages))
        if asked is question and certainty(question, ranked) != "answer":
            continue
        for candidate in ranked[:_SENTENCES_MAX]:
            if asked is not question and not asked.named & frozenset(_said(candidate)):
                continue
            place = candidate.passage.start + candidate.sentence.start
            found.setdefault(
                (candidate.passage.document_id, place),
                _source(candidate.passage, candidate.sentence.text, urls, candidate.sentence.cells),
            )
    return list(found.values())[: 4 * _SENTENCES_MAX]


def _source(
    passage: Passage,
    text: str,
    urls: dict[str, str | None],
    cells: tuple[tuple[str, str], ...],
) -> Source:
    name = passage.document_id
    url = citation_url(Document(id=name, text="", url=urls.get(name)))
    return Source(" ".join(text.split()), name, url, cells)


def _questions(question: Question, schema: Schema) -> Iterator[Question]:
    if question.terms:
        yield question
    for words in dict.fromkeys(list(_leaves(schema, schema.root, 0))[:_FIELDS_MAX]):
        joined = " ".join((question.keywords[:200], *words)).strip()
        own = tuple(dict.fromkeys((*words, *question.terms)))
        yield replace(question, kind="fact", keywords=joined, terms=own, named=frozenset(words))


def _said(candidate: Candidate) -> list[str]:
    """A row says what its columns are called, too."""
    titles = " ".join(title for title, _ in candidate.sentence.cells)
    return terms(f"{candidate.sentence.text} {titles}")


def _leaves(schema: Schema, shape: Shape, depth: int) -> Iterator[tuple[str, ...]]:
    """The words of each field's name and description."""
    shape = schema.at(shape)
    if depth > DEPTH_MAX // 4:
        return
    match shape:
        case Fields():
            for field in shape.fields:
                inner = schema.at(field.shape)
                found = tuple(sorted(wish(field.name, getattr(inner, "hint", "")).words))
                if found:
                    yield found
                yield from _leaves(schema, inner, depth + 1)
        case Many():
            yield from _leaves(schema, shape.items, depth + 1)
        case Either():
            for option in shape.options:
                yield from _leaves(schema, option, depth + 1)
        case _:
            return
