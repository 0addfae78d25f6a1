"""Requests and answers as Anthropic Messages can say them, drawn at random."""

from collections.abc import Sequence

from hypothesis import strategies as st
from msgspec.structs import replace

from manymind.canon.answers import Answer, Output
from manymind.canon.events import Stopped
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Citation, File, Image, Part, Text, UnreadPart
from manymind.canon.requests import (
    Caps,
    Function,
    HostedTool,
    OutputFormat,
    Reasoning,
    Request,
    Tool,
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

NAME = "anthropic_messages"
aside = asides(NAME)
_hour: Json = {"type": "ephemeral", "ttl": "1h"}
caches = st.none() | st.just(_hour)


def nested(name: str) -> st.SearchStrategy[Aside | None]:
    """Unknown fields of a block and of the object inside it."""

    def build(outer: Json, inner: Json) -> Aside | None:
        fields = {**outer, name: inner} if inner else outer
        return Aside(NAME, fields) if fields else None

    return st.builds(build, unknown_fields, unknown_fields)


def _with(fields: Json, more: Json) -> Aside:
    return Aside(NAME, {**fields, **more})


def _noted(**fields: st.SearchStrategy[object]) -> st.SearchStrategy[Aside]:
    return st.builds(_with, unknown_fields, st.fixed_dictionaries(fields))


_web = st.builds(
    Citation,
    url=urls,
    title=maybe(words),
    quote=maybe(filled),
    document_id=maybe(ids),
    source_start=st.none() | counts,
    source_end=st.none() | counts,
    verified=st.none() | st.booleans(),
    aside=_noted(encrypted_index=filled),
)
_document = st.builds(
    Citation,
    form=st.just("char_location"),
    title=maybe(words),
    quote=maybe(filled),
    source_start=counts,
    source_end=counts,
    aside=_noted(document_index=counts),
)
_page = st.builds(
    Citation,
    form=st.just("page_location"),
    title=maybe(words),
    quote=maybe(filled),
    aside=_noted(document_index=counts, start_page_number=counts, end_page_number=counts),
)
_found = st.builds(
    Citation,
    form=st.just("search_result_location"),
    url=urls,
    title=maybe(words),
    quote=maybe(filled),
    aside=_noted(search_result_index=counts, start_block_index=counts, end_block_index=counts),
)


@st.composite
def texts(draw: st.DrawFn, text: st.SearchStrategy[str] = words) -> Text:
    """Citations span the whole of their text, unless they say otherwise."""
    said = draw(text)
    notes = draw(st.lists(_web | _document | _page | _found, max_size=2))
    spans = [draw(st.just((0, len(said))) | st.tuples(counts, counts)) for _ in notes]
    cited = tuple(
        replace(note, start=start, end=end) for note, (start, end) in zip(notes, spans, strict=True)
    )
    return Text(text=said, citations=cited, aside=draw(aside))


_cached = st.builds(Text, text=words, cache=caches, aside=aside)
_sources = nested("source")
images = (
    st.builds(Image, url=urls, cache=caches, aside=_sources)
    | st.builds(Image, file_id=ids, aside=_sources)
    | st.builds(Image, media_type=st.just("image/png"), data=base64, aside=_sources)
)
_paged: Json = {
    "source": {
        "type": "content",
        "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}],
    }
}
files = (
    st.builds(File, name=maybe(words), url=urls, cache=caches, aside=_sources)
    | st.builds(File, file_id=ids, aside=_sources)
    | st.builds(File, name=maybe(words), text=words, aside=_sources)
    | st.builds(File, media_type=st.just("application/pdf"), data=base64, aside=_sources)
    | st.builds(
        File, name=maybe(words), text=st.just("one\n\ntwo"), aside=st.just(_with({}, _paged))
    )
)


def _unread_data(name: str, fields: Json) -> Json:
    return {"type": f"x_{name}", **fields}


unread = st.builds(_unread_data, names, unknown_fields)
unread_parts = st.builds(UnreadPart, dialect=st.just(NAME), data=unread)
parts: st.SearchStrategy[Part] = texts() | _cached | images | files | unread_parts


def _tuples(of: st.SearchStrategy[Part], least: int = 0) -> st.SearchStrategy[tuple[Part, ...]]:
    return st.lists(of, min_size=least, max_size=3).map(tuple)


thoughts = st.builds(
    Thought,
    content=st.just(()) | filled.map(lambda text: (Text(text=text),)),
    signature=filled,
    digest=st.just(True),
    aside=aside,
) | st.builds(Thought, encrypted=words, redacted=st.just(True), aside=aside)
calls = st.builds(
    Called,
    call_id=ids,
    name=names,
    arguments=json_objects.map(lambda value: encode(value).decode()),
    cache=caches,
    aside=aside,
)
returns = st.builds(
    Returned,
    call_id=ids,
    parts=_tuples(parts),
    failed=st.none() | st.booleans(),
    cache=caches,
    aside=aside,
)


def _result(kind: str, content: list[object], more: Json) -> Json:
    return {"type": kind, "content": content, **more}


_results = st.builds(
    _result, st.just("web_search_tool_result"), st.just([]), unknown_fields
) | st.builds(_result, st.just("x_tool_result"), st.lists(json_objects, max_size=1), unknown_fields)
hosted = st.builds(
    Hosted,
    tool=st.sampled_from(["web_search", "open_page", "code_interpreter", "bash_code_execution"]),
    id=ids.map(lambda name: f"srvtoolu_{name}"),
    action=json_objects,
    output=st.none() | _results,
    aside=aside,
)


def _ordered(items: Sequence[Item], least: Item) -> list[Item]:
    """Items as reading makes them: what is said in a row is one `Said`."""
    kept = [
        item
        for n, item in enumerate(items)
        if not (n and isinstance(item, Said) and isinstance(items[n - 1], Said))
    ]
    return kept or [least]


@st.composite
def messages(draw: st.DrawFn) -> list[Item]:
    role = draw(st.sampled_from(["user", "assistant", "system"]))
    said = st.builds(Said, role=st.just(role), parts=_tuples(parts, 1))
    others: dict[str, st.SearchStrategy[Item]] = {
        "user": returns,
        "assistant": thoughts | calls | hosted,
    }
    drawn = draw(st.lists(said | others.get(role, said), max_size=3))
    items = _ordered(drawn, Said(role=role))
    fields = draw(aside)
    if isinstance(items[0], Said):
        items = [replace(items[0], aside=fields), *items[1:]]
    elif fields is not None:
        items = [Said(role=role, aside=fields), *items]
        if isinstance(items[1], Said):
            items.pop(1)
    return [replace(item, joined=n > 0) for n, item in enumerate(items)]


def _declared(kind: str, name: str, more: Json) -> Json:
    return {"type": kind, "name": name, **more}


tools: st.SearchStrategy[Tool] = st.one_of(
    st.builds(
        Function,
        name=names,
        description=maybe(words),
        parameters=json_objects,
        strict=st.none() | st.booleans(),
        cache=caches,
        aside=aside,
    ),
    st.builds(
        HostedTool,
        tool=st.just("web_search"),
        dialect=st.just(NAME),
        data=st.builds(
            _declared, st.just("web_search_20260318"), st.just("web_search"), unknown_fields
        ),
    ),
    st.builds(
        UnreadTool,
        dialect=st.just(NAME),
        data=st.builds(_declared, st.just("bash_20250124"), st.just("bash"), unknown_fields),
    ),
)
_choices = st.builds(ToolChoice, mode=st.sampled_from(["auto", "none", "required"])) | st.builds(
    ToolChoice, mode=st.just("named"), name=names
)
_reasonings = st.one_of(
    st.builds(Reasoning, effort=st.sampled_from(["low", "high", "max"])),
    st.builds(
        Reasoning,
        effort=st.none() | st.just("xhigh"),
        enabled=st.just(True),
        budget_tokens=st.none() | counts,
        summary=st.none() | st.just("auto"),
    ),
    st.just(Reasoning(enabled=True, exclude=True)),
    st.just(Reasoning(enabled=False)),
)
_formats = st.builds(
    OutputFormat, form=st.just("json_schema"), schema=json_objects, aside=aside
) | st.builds(OutputFormat, form=names, aside=aside)
_caps = st.builds(
    Caps,
    cost=st.none() | st.integers(0, 10**14),
    turns=st.none() | st.integers(1, 99),
    tool_calls=st.none() | counts,
    agents=st.none() | st.integers(1, 64),
)
_numbers = st.none() | st.floats(0, 1)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    chosen = draw(st.none() | _choices)
    reasoning = draw(st.none() | _reasonings)
    thinks = reasoning is not None and reasoning.enabled is not None
    return Request(
        model=draw(names),
        dialect=NAME,
        items=tuple(
            item
            for message in draw(st.lists(messages(), min_size=1, max_size=3))
            for item in message
        ),
        instructions=draw(st.none() | st.lists(_cached, max_size=2).map(tuple)),
        tools=draw(st.none() | st.lists(tools, max_size=3).map(tuple)),
        tool_choice=chosen,
        parallel_tool_calls=draw(st.none() | st.booleans()) if chosen is not None else None,
        output=draw(st.none() | _formats),
        reasoning=reasoning,
        max_output_tokens=draw(counts),
        temperature=draw(_numbers),
        top_p=draw(_numbers),
        top_k=draw(st.none() | counts),
        stop=draw(st.none() | st.lists(words, max_size=2).map(tuple)),
        stream=draw(st.booleans()),
        include=draw(st.none() | st.just(("agents",))),
        user=draw(maybe(words)),
        service_tier=draw(maybe(names)),
        cache=draw(caches),
        require_parameters=draw(st.none() | st.booleans()),
        caps=draw(_caps),
        aside=draw(nested("thinking" if thinks else "metadata") | nested("output_config")),
    )


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    fresh, read, written = draw(counts), draw(counts), draw(counts)
    output = draw(counts)
    return Usage(
        input_tokens=fresh + read + written,
        cached_tokens=read,
        cache_written_tokens=written,
        cache_written_long_tokens=draw(st.integers(0, written)),
        output_tokens=output,
        reasoning_tokens=draw(st.integers(0, output)),
        tools=draw(
            st.dictionaries(st.sampled_from(["web_search", "open_page", "x_search"]), st.just(3))
        ),
        reported_cost=draw(st.none() | counts),
        aside=draw(aside),
    )


_NATIVE = {
    "end_turn": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "pause_turn": "pause",
    "model_context_window_exceeded": "length",
}


@st.composite
def _stops(draw: st.DrawFn) -> Stopped:
    sequence = draw(maybe(filled))
    if sequence is not None:
        return Stopped(reason="stop", native="stop_sequence", sequence=sequence)
    native = draw(st.sampled_from(sorted(_NATIVE)))
    details = st.just(Aside(NAME, {"stop_details": {"type": "refusal"}}))
    return Stopped(reason=_NATIVE[native], native=native, aside=draw(st.none() | details))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Finished answers, as the dialect has them on the wire."""
    said = st.builds(Said, role=st.just("assistant"), parts=_tuples(texts(), 1))
    unread_items = st.builds(Unread, dialect=st.just(NAME), data=unread)
    spoken: st.SearchStrategy[Item] = said | thoughts | calls | hosted | unread_items
    drawn = draw(st.lists(spoken, max_size=4))
    items = _ordered(drawn, Said(role="assistant", parts=(Text(text="x"),)))
    stopped = draw(_stops())
    cut = stopped.reason == "length"
    return Answer(
        id=draw(ids),
        model=draw(names),
        outputs=tuple(Output(item=_finished(item, n)) for n, item in enumerate(items)),
        stops=(stopped,),
        usage=draw(usages()),
        status="incomplete" if cut else "completed",
        reason="max_output_tokens" if cut else None,
        aside=draw(aside),
    )


def _finished(item: Item, n: int) -> Item:
    if isinstance(item, Unread):
        return replace(item, joined=n > 0)
    if isinstance(item, Called):
        item = replace(item, cache=None)
    return replace(item, joined=n > 0, status="completed")
