"""Values of `canon`, drawn at random, for the laws that every dialect keeps."""

from itertools import pairwise

from hypothesis import strategies as st
from msgspec.structs import replace

from manymind.canon.answers import Answer, Output
from manymind.canon.events import (
    Began,
    Cited,
    Closed,
    Ended,
    Happened,
    Opened,
    PartClosed,
    PartOpened,
    Spent,
    Stopped,
    Wrote,
)
from manymind.canon.items import Called, Item, Said, Thought
from manymind.canon.parts import Citation, Part, Refusal, Text
from manymind.canon.usage import Usage
from manymind.canon.values import Aside, Json

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
filled = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
names = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
ids = st.from_regex(r"[a-z]{2,4}_[a-z0-9]{4}", fullmatch=True)
counts = st.integers(0, 10**6)

scalars = st.booleans() | st.integers(-(2**62), 2**62) | st.floats(-1e9, 1e9) | words
json_values = st.recursive(
    st.none() | scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
json_objects: st.SearchStrategy[Json] = st.dictionaries(names, json_values, max_size=2)

unknown_fields: st.SearchStrategy[Json] = st.dictionaries(
    names.map(lambda name: f"x_{name}"),
    json_values.filter(lambda value: value is not None),
    max_size=2,
)
"""Fields of names that no dialect has ever used."""


def asides(dialect: str) -> st.SearchStrategy[Aside | None]:
    """Nothing, or unknown fields of a dialect's own."""
    return unknown_fields.map(lambda fields: Aside(dialect, fields) if fields else None)


def maybe(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | strategy


urls = names.map(lambda name: f"https://{name}.example/{name}")
base64 = st.sampled_from(["AAAA", "aGVsbG8=", "iVBORw0KGgo="])
media_types = st.sampled_from(["image/png", "image/jpeg", "application/pdf", "image/svg+xml"])

citations = st.builds(
    Citation,
    url=urls,
    title=words,
    start=st.integers(0, 20),
    end=st.integers(20, 40),
    quote=maybe(words),
    document_id=maybe(ids),
    verified=st.none() | st.booleans(),
)

said_texts = st.builds(Text, text=filled, citations=st.lists(citations, max_size=2).map(tuple))
refusals = st.builds(Refusal, text=filled)

usages = st.builds(
    Usage,
    input_tokens=counts,
    cached_tokens=counts,
    cache_written_tokens=counts,
    output_tokens=counts,
    reasoning_tokens=counts,
    tools=st.dictionaries(st.sampled_from(["web_search", "x_search"]), st.integers(1, 9)),
    sources=st.integers(0, 9),
)


def answer_items() -> st.SearchStrategy[Item]:
    """Items that any model may speak."""
    parts: st.SearchStrategy[Part] = said_texts | refusals
    said = st.builds(Said, role=st.just("assistant"), parts=st.lists(parts, max_size=3).map(tuple))
    texts = st.lists(st.builds(Text, text=filled), max_size=2).map(tuple)
    thought = st.builds(
        Thought, content=texts, summary=texts, encrypted=maybe(filled), signature=maybe(filled)
    )
    called = st.builds(Called, call_id=ids, name=names, arguments=words)
    return said | thought | called


@st.composite
def answers(draw: st.DrawFn, choices: int = 2) -> Answer:
    """A whole answer, as a provider of any dialect may give it."""
    count = draw(st.integers(1, choices))
    outputs = [
        Output(item=item, choice=choice)
        for choice in range(count)
        for item in draw(st.lists(answer_items(), max_size=4))
    ]
    reasons = st.sampled_from(["stop", "length", "tool_calls", "content_filter", "refusal"])
    stops = tuple(Stopped(reason=draw(reasons), choice=choice) for choice in range(count))
    return Answer(
        id=draw(ids),
        model=draw(names),
        created=draw(st.integers(1, 2**31)),
        outputs=tuple(outputs),
        stops=stops,
        usage=draw(st.none() | usages),
        status="completed",
    )


@st.composite
def happenings(draw: st.DrawFn, answer: Answer) -> list[Happened]:
    """Events that fold to this answer, its texts cut at random."""
    events: list[Happened] = [Began(id=answer.id, model=answer.model, created=answer.created)]
    for number, output in enumerate(answer.outputs):
        key = f"run/{number}"
        events.append(Opened(item=key, value=_shell(output.item), choice=output.choice))
        events += _filling(draw, key, output.item)
        sealed = output.item if isinstance(output.item, Thought) else None
        events.append(Closed(item=key, sealed=sealed))
    events += answer.stops
    if answer.usage is not None:
        events.append(Spent(usage=answer.usage))
    return [*events, Ended(status=answer.status, reason=answer.reason)]


def _filling(draw: st.DrawFn, key: str, item: Item) -> list[Happened]:
    events: list[Happened] = []
    match item:
        case Said():
            for number, part in enumerate(item.parts):
                events.append(PartOpened(item=key, part=number, value=_empty(part)))
                text = part.text if isinstance(part, Text | Refusal) else ""
                events += [Wrote(item=key, part=number, text=one) for one in pieces(draw, text)]
                if isinstance(part, Text):
                    events += [Cited(item=key, part=number, citation=c) for c in part.citations]
                events.append(PartClosed(item=key, part=number))
        case Thought():
            for where, texts in (("content", item.content), ("summary", item.summary)):
                for number, text in enumerate(texts):
                    events += [
                        Wrote(item=key, part=number, where=where, text=one)
                        for one in pieces(draw, text.text)
                    ]
        case Called():
            written = pieces(draw, item.arguments)
            events += [Wrote(item=key, where="arguments", text=one) for one in written]
        case _:
            pass
    return events


def pieces(draw: st.DrawFn, text: str) -> list[str]:
    """The text, cut at random; an empty text has no pieces."""
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=3)))
    bounds = [0, *(cut for cut in cuts if cut < len(text)), len(text)]
    return [text[start:end] for start, end in pairwise(bounds) if end > start]


def _shell(item: Item) -> Item:
    match item:
        case Said():
            return replace(item, parts=(), status=None)
        case Called():
            return replace(item, arguments="", status=None)
        case Thought():
            return Thought(form=item.form)
        case _:
            return item


def _empty(part: Part) -> Part:
    return Refusal(text="") if isinstance(part, Refusal) else Text(text="")
