"""The sentences that carry most of some documents: an extract, not a summary in new words."""

from collections import Counter

from manymind.canon.documents import Passage
from manymind.canon.ports import Library
from manymind.corpus.words import query_terms
from manymind.providers.reader.asking import Question
from manymind.providers.reader.choosing import spread
from manymind.providers.reader.evidence import Evidence, prove
from manymind.providers.reader.ranking import Candidate, rank
from manymind.providers.reader.sentences import sentences

_DOCUMENTS = 8
_SENTENCES = 6
_HEAD = 6_000
_LENGTH_MIN = 30


async def gist(
    library: Library, question: Question, *, screened: bool = False
) -> tuple[Evidence, ...]:
    """On the question's subject if it names one, else the lead of each document."""
    if question.terms and not screened:
        passages = await library.search(question.keywords, limit=_DOCUMENTS)
        if passages and passages[0].score >= 0.4:
            ranked = rank(question, passages)
            chosen = sorted(spread(ranked, _SENTENCES, _LENGTH_MIN), key=lambda one: one.span)
            return await prove(library, chosen, question)
    cards = library.cards()[: _SENTENCES * 2 if screened else _DOCUMENTS]
    heads = [await library.slice(card.id, 0, _HEAD) for card in cards]
    each = max(1, _SENTENCES // max(1, len(heads)))
    chosen = [candidate for head in heads for candidate in _leading(head, each)]
    return await prove(library, chosen[: _SENTENCES * 2 if screened else _SENTENCES], question)


def _leading(head: Passage, wanted: int) -> list[Candidate]:
    """The sentences that share most words with the rest, the first ones favoured."""
    telling = [
        sentence
        for sentence in sentences(head.text, head.document_id)
        if sentence.kind == "text" and len(sentence.text) >= _LENGTH_MIN
    ]
    held = [frozenset(query_terms(sentence.text)) for sentence in telling]
    common = Counter(term for words in held for term in words)
    scores = [
        sum(common[term] for term in words) / (4 + len(words)) + 2.0 / (1 + number)
        for number, words in enumerate(held)
    ]
    order = sorted(range(len(telling)), key=lambda number: -scores[number])[:wanted]
    return [
        Candidate(
            head, telling[number], scores[number], 1.0, 1.0, 0.0, 0, held[number], held[number]
        )
        for number in sorted(order)
    ]
