"""Requests and answers as Gemini can say them, drawn at random."""

from hypothesis import strategies as st
from msgspec.structs import replace

from manymind.canon.answers import Answer, Output
from manymind.canon.events import Stopped
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Audio, Citation, File, Image, Text, UnreadPart
from manymind.canon.requests import (
    Caps,
    Function,
    HostedTool,
    OutputFormat,
    Reasoning,
    Request,
    ToolChoice,
    UnreadTool,
)
from manymind.canon.usage import Usage
from manymind.canon.values import Aside, Json
from manymind.dialects.reading import encode
from tests.dialects.strategies import (
    asides,
    base64,
    counts,
    filled,
    ids,
    json_objects,
    maybe,
    names,
    unknown_fields,
    urls,
    words,
)

NAME = "gemini"
aside = asides(NAME)


def nested(name: str) -> st.SearchStrategy[Aside | None]:
    """Unknown fields of a part and of the object inside it."""

    def build(outer: Json, inner: Json) -> Aside | None:
        fields = {**outer, name: inner} if inner else outer
        return Aside(NAME, fields) if fields else None

    return st.builds(build, unknown_fields, unknown_fields)


signatures = base64.map(lambda signature: f"gemini:{signature}")
images = st.builds(
    Image, media_type=st.just("image/png"), data=base64, aside=nested("inlineData")
) | st.builds(Image, media_type=st.just("image/jpeg"), url=urls, aside=nested("fileData"))
files = (
    st.builds(
        File,
        name=maybe(words),
        media_type=st.just("application/pdf"),
        data=base64,
        aside=nested("inlineData"),
    )
    | st.builds(File, url=urls, media_type=st.just("video/mp4"), aside=nested("fileData"))
    | st.builds(File, name=maybe(words), url=urls, aside=nested("fileData"))
)
sounds = st.builds(
    Audio, data=base64, format=st.sampled_from(["wav", "mp3"]), aside=nested("inlineData")
)
_unread: Json = {"hologram": {"x": 1}}
unread_parts = st.just(UnreadPart(dialect=NAME, data=_unread))
texts = st.builds(Text, text=words, aside=aside)
parts = texts | images | files | sounds | unread_parts


@st.composite
def calls(draw: st.DrawFn) -> Called:
    return Called(
        call_id=draw(ids),
        name=draw(names),
        arguments=encode(draw(json_objects)).decode(),
        aside=draw(nested("functionCall")),
    )


_logs: Json = {"type": "logs", "logs": "4"}
codes = st.builds(
    Hosted,
    tool=st.just("code_interpreter"),
    id=maybe(ids),
    action=st.just({"code": "print(2+2)", "language": "PYTHON"}),
    output=st.none() | st.just({"outputs": [_logs], "outcome": "OUTCOME_OK"}),
    aside=unknown_fields.map(lambda fields: Aside(NAME, fields)),
)
thoughts = st.builds(
    Thought,
    summary=filled.map(lambda text: (Text(text=text),)),
    encrypted=st.none() | signatures,
    aside=aside,
)
_searched: Json = {"toolCall": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB"}}
unread_items = st.just(Unread(dialect=NAME, data=_searched))


def _results(known: list[Called]) -> st.SearchStrategy[Returned]:
    """A result of a call that was made, or of one that nobody has seen."""
    texts = (words | st.just('{"a":1}')).map(lambda text: Text(text=text))

    def build(text: Text, call: Called | None, failed: bool) -> Returned:
        orphan: Json = {"functionResponse": {"name": "lost"}}
        plain = not text.text.startswith("{")
        return Returned(
            call_id=call.call_id if call else "call_unseen",
            parts=(text,),
            failed=True if failed and plain else None,
            aside=None if call else Aside(NAME, orphan),
        )

    made = st.sampled_from(known) if known else st.none()
    return st.builds(build, texts, made, st.booleans())


@st.composite
def contents(draw: st.DrawFn) -> tuple[Item, ...]:
    items: list[Item] = []
    for _ in range(draw(st.integers(1, 3))):
        theirs = st.builds(Said, role=st.just("user"), parts=st.lists(parts, max_size=3).map(tuple))
        items.append(replace(draw(theirs), joined=False, aside=draw(aside)))
        items += _placed(_signed(draw, draw(_spoken(unread=True))))
        known = [item for item in items if isinstance(item, Called)]
        items += _placed(draw(st.lists(_results(known), max_size=2)))
    return tuple(items)


def _spoken(*, unread: bool) -> st.SearchStrategy[list[Item]]:
    said = st.builds(
        Said,
        role=st.just("assistant"),
        parts=st.lists(st.builds(Text, text=filled), min_size=1, max_size=1).map(tuple),
    )
    kinds: st.SearchStrategy[Item] = said | calls() | codes | thoughts
    return st.lists(kinds | unread_items if unread else kinds, max_size=4)


def _signed(draw: st.DrawFn, spoken: list[Item]) -> list[Item]:
    """Messages do not stand side by side, nor do thoughts that nothing vouches for, and some of
    what is spoken is signed."""
    items: list[Item] = []
    for item in spoken:
        last = items[-1] if items else None
        if isinstance(item, Said) and isinstance(last, Said):
            continue
        if isinstance(item, Thought) and isinstance(last, Thought) and not last.encrypted:
            continue
        if not isinstance(item, Thought) and draw(st.integers(0, 3)) == 0:
            items.append(Thought(encrypted=draw(signatures)))
        items.append(item)
    if items and draw(st.booleans()):
        items.append(Thought(encrypted="gemini-alone:c2ln"))
    return items


def _placed(items: list[Item] | list[Returned]) -> list[Item]:
    return [replace(item, joined=n > 0) for n, item in enumerate(items)]


_object: Json = {"type": "object", "properties": {}}
_labels: Json = {"team": "a"}
functions = st.builds(
    Function,
    name=names,
    description=maybe(words),
    parameters=st.none() | st.just(_object),
    aside=aside,
)
_search: Json = {"type": "googleSearch", "excludeDomains": ["x"]}
_maps: Json = {"googleMaps": {}}
tools = st.tuples(functions, functions).map(lambda pair: pair) | st.just(
    (
        HostedTool(tool="web_search", dialect=NAME, data=_search),
        UnreadTool(dialect=NAME, data=_maps),
    )
)
_validated: Json = {"mode": "VALIDATED", "allowedFunctionNames": ["a", "b"]}
choices = st.sampled_from(
    [
        ToolChoice(mode="auto"),
        ToolChoice(mode="none"),
        ToolChoice(mode="required"),
        ToolChoice(mode="named", name="f"),
        ToolChoice(mode="auto", unread=_validated, dialect=NAME),
    ]
)
_schema: Json = {"type": "object", "properties": {"x": {"type": "integer"}}}
outputs = st.sampled_from(
    [
        OutputFormat(form="text"),
        OutputFormat(form="json_object"),
        OutputFormat(form="json_schema", schema=_schema),
        OutputFormat(form="text/x.enum", schema={"enum": ["a"]}, aside=Aside(NAME, {})),
    ]
)
reasonings = st.builds(
    Reasoning,
    effort=st.sampled_from([None, "low", "high"]),
    budget_tokens=st.none() | st.integers(1, 9999),
    summary=st.sampled_from([None, "auto"]),
    aside=aside,
) | st.builds(Reasoning, enabled=st.booleans(), exclude=st.sampled_from([None, True]))
_numbers = st.none() | st.floats(0, 2)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """The model and the wish for a stream stand in the URL."""
    return Request(
        model="",
        dialect=NAME,
        items=draw(contents()),
        instructions=draw(st.none() | st.lists(texts, max_size=2).map(tuple)),
        tools=draw(st.none() | tools),
        tool_choice=draw(st.none() | choices),
        output=draw(st.none() | outputs),
        reasoning=draw(st.none() | reasonings),
        max_output_tokens=draw(st.none() | st.integers(1, 9999)),
        temperature=draw(_numbers),
        top_p=draw(_numbers),
        top_k=draw(st.none() | counts),
        n=draw(st.none() | st.integers(1, 4)),
        presence_penalty=draw(_numbers),
        frequency_penalty=draw(_numbers),
        seed=draw(st.none() | counts),
        stop=draw(st.none() | st.lists(words, max_size=2).map(tuple)),
        logprobs=draw(st.none() | st.booleans()),
        top_logprobs=draw(st.none() | st.integers(0, 5)),
        metadata=draw(st.none() | st.just(_labels)),
        service_tier=draw(st.sampled_from([None, "flex"])),
        store=draw(st.none() | st.booleans()),
        include=draw(st.none() | st.just(("agents",))),
        require_parameters=draw(st.none() | st.booleans()),
        caps=draw(st.builds(Caps, turns=st.none() | st.integers(1, 9), cost=st.none() | counts)),
        aside=draw(nested("generationConfig") | nested("toolConfig") | nested("systemInstruction")),
    )


_chunk: Json = {"maps": {"placeId": "p"}}
_license: Json = {"citationMetadata": {"license": "mit"}}


@st.composite
def answers(draw: st.DrawFn, choices: int = 2) -> Answer:
    """Finished answers, as the dialect has them on the wire."""
    count = draw(st.integers(1, choices))
    outputs: list[Output] = []
    stops: list[Stopped] = []
    for choice in range(count):
        spoken = [_finished(item) for item in _signed(draw, draw(_spoken(unread=True)))]
        alone = sum(isinstance(item, Said) for item in spoken) == 1
        outputs += [Output(item=_cited(draw, item, likely=alone), choice=choice) for item in spoken]
        called = any(isinstance(item, Called) for item in spoken)
        stops.append(replace(draw(_stops(called)), choice=choice))
    reasons = [_CUT[stop.reason] for stop in stops if stop.reason in _CUT]
    return Answer(
        id=draw(ids),
        model=draw(names),
        outputs=tuple(outputs),
        stops=tuple(stops),
        usage=draw(usages()),
        status="incomplete" if reasons else "completed",
        reason=reasons[0] if reasons else None,
        aside=draw(aside),
    )


_CUT = {"length": "max_output_tokens", "content_filter": "content_filter", "other": "other"}


@st.composite
def _stops(draw: st.DrawFn, called: bool) -> Stopped:
    native, reason = draw(
        st.sampled_from(
            [
                ("STOP", "tool_calls" if called else "stop"),
                ("MAX_TOKENS", "length"),
                ("RECITATION", "content_filter"),
                ("MALFORMED_FUNCTION_CALL", "other"),
                ("NEW_REASON", "other"),
            ]
        )
    )
    rated: Json = {"safetyRatings": [], "groundingMetadata": {"searchEntryPoint": {}}}
    return Stopped(
        reason=reason, native=native, aside=draw(st.none() | st.just(Aside(NAME, rated)))
    )


def _finished(item: Item) -> Item:
    if isinstance(item, Unread):
        return item
    return replace(item, status="completed")


def _cited(draw: st.DrawFn, item: Item, *, likely: bool) -> Item:
    """A message whose words come from somewhere. How likely tokens were stands beside all parts,
    so that only one message may tell it."""
    if not isinstance(item, Said):
        return item
    (text,) = item.parts
    assert isinstance(text, Text)
    size = len(text.text)
    notes: list[Citation] = []
    for start in draw(st.sets(st.integers(0, size), max_size=2)):
        note = st.builds(
            Citation,
            url=urls,
            title=maybe(words),
            start=st.just(start),
            end=st.integers(start, size),
            quote=maybe(filled),
            verified=st.none() | st.booleans(),
            aside=st.none() | st.just(Aside(NAME, _chunk)),
        )
        notes.append(draw(note))
    token: Json = {"token": text.text, "logprob": -0.5, "top_logprobs": []}
    logprobs = draw(st.none() | st.just((token,))) if likely else None
    return replace(item, parts=(replace(text, citations=tuple(notes), logprobs=logprobs),))


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    output, fed = draw(counts), draw(counts)
    fields: Json = {"toolUsePromptTokenCount": fed} if fed else {}
    return Usage(
        input_tokens=draw(counts) + fed,
        cached_tokens=draw(counts),
        output_tokens=output,
        reasoning_tokens=draw(st.integers(0, output)),
        reported_cost=draw(st.none() | counts),
        aside=Aside(NAME, fields) if fields else None,
    )
