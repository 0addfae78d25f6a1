"""Canon values that the Responses dialect can say, for the laws of reading and writing."""

from hypothesis import strategies as st
from msgspec.structs import replace

from manymind.canon.answers import Answer, Output
from manymind.canon.events import Stopped
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Audio, Citation, File, Image, Part, Refusal, Text, UnreadPart
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

NAME = "openai_responses"

words = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
names = st.text("abcdefgh_", min_size=1, max_size=8)
counts = st.integers(0, 10**6)
_leaves: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | words
)
_values: st.SearchStrategy[object] = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2)
)
_vendor_names = names.map(lambda name: f"vendor_{name}")
json: st.SearchStrategy[Json] = st.dictionaries(names, _values, max_size=3)
asides = st.none() | st.dictionaries(_vendor_names, _values, min_size=1, max_size=2).map(
    lambda fields: Aside(NAME, dict[str, object](fields))
)
some_words = st.none() | words

citations = st.builds(
    Citation,
    url=words,
    title=words,
    start=counts,
    end=counts,
    quote=some_words,
    document_id=some_words,
    source_start=st.none() | counts,
    source_end=st.none() | counts,
    verified=st.none() | st.booleans(),
    aside=asides,
) | st.builds(
    Citation,
    form=st.sampled_from(["file_citation", "file_path"]),
    aside=st.builds(
        Aside,
        st.just(NAME),
        st.fixed_dictionaries({"file_id": words, "filename": words, "index": counts}),
    ),
)
_logprobs = st.lists(
    st.fixed_dictionaries(
        {
            "token": words,
            "bytes": st.just([1]),
            "logprob": st.just(-0.5),
            "top_logprobs": st.just([]),
        }
    ),
    min_size=1,
    max_size=2,
).map(tuple)

texts = st.builds(Text, text=words, aside=asides)
thought_texts = st.lists(texts, max_size=2).map(tuple)
spoken_texts = st.builds(
    Text,
    text=words,
    citations=st.lists(citations, max_size=2).map(tuple),
    logprobs=st.none() | _logprobs,
    aside=asides,
)
refusals = st.builds(Refusal, text=words, aside=asides)
_base64 = st.sampled_from(["", "aGk=", "AAAA"])
_media = st.sampled_from(["image/png", "application/pdf"])
_details = st.none() | st.sampled_from(["low", "high", "auto"])
_caches = st.none() | st.just({"type": "ephemeral"})
_images = st.builds(Image, url=words, detail=_details, cache=_caches, aside=asides) | st.builds(
    Image, data=_base64, media_type=_media, file_id=some_words, aside=asides
)
_files = st.builds(
    File,
    name=some_words,
    url=some_words,
    file_id=some_words,
    data=st.none() | st.just("aGk="),
    cache=_caches,
    aside=asides,
) | st.builds(File, name=words, data=_base64, media_type=_media)
_audios = st.builds(Audio, data=_base64, format=st.sampled_from(["wav", "mp3"]), aside=asides)
_unread_parts = json.map(
    lambda fields: UnreadPart(dialect=NAME, data={**fields, "type": "input_smell"})
)
_cached_texts = st.builds(Text, text=words, cache=_caches, aside=asides)
_asked: st.SearchStrategy[Part] = _cached_texts | _images | _files | _audios | _unread_parts
_spoken: st.SearchStrategy[Part] = spoken_texts | refusals
ids = st.none() | names
statuses = st.none() | st.sampled_from(["completed", "incomplete", "in_progress"])


def _tuples(parts: st.SearchStrategy[Part]) -> st.SearchStrategy[tuple[Part, ...]]:
    return st.lists(parts, max_size=3).map(tuple)


_asks = st.builds(
    Said,
    role=st.sampled_from(["user", "system", "developer"]),
    parts=_tuples(_asked),
    id=ids,
    status=statuses,
    aside=asides,
)
_says = st.builds(
    Said, role=st.just("assistant"), parts=_tuples(_spoken), id=ids, status=statuses, aside=asides
)
_thoughts = st.builds(
    Thought,
    summary=thought_texts,
    content=thought_texts,
    encrypted=some_words,
    id=ids,
    status=statuses,
    aside=asides,
)
_calls = st.builds(
    Called,
    call_id=names,
    name=names,
    arguments=words,
    id=ids,
    status=statuses,
    aside=asides,
)
_returns = st.builds(
    Returned,
    call_id=names,
    parts=_tuples(_asked),
    id=ids,
    status=statuses,
    cache=_caches,
    aside=asides,
)
_searches = st.fixed_dictionaries(
    {"type": st.just("search"), "query": words, "sources": st.just([])}
)
_hosted = st.one_of(
    st.builds(
        Hosted,
        tool=st.just("web_search"),
        id=ids,
        status=statuses,
        action=_searches,
        aside=asides,
    ),
    st.builds(
        Hosted,
        tool=st.just("file_search"),
        id=ids,
        status=statuses,
        action=st.fixed_dictionaries({"queries": st.lists(words, max_size=2)}),
    ),
    st.builds(
        Hosted,
        tool=st.just("mcp"),
        id=ids,
        status=statuses,
        action=st.fixed_dictionaries({"name": names, "server_label": names, "arguments": words}),
        output=st.none() | st.fixed_dictionaries({"output": words}),
    ),
)
_unread = names.map(
    lambda name: Unread(
        dialect=NAME,
        data={
            "type": "custom_tool_call",
            "id": name,
            "call_id": name,
            "name": name,
            "input": "",
            "status": "completed",
        },
    )
)
_items: st.SearchStrategy[Item] = st.one_of(
    _asks, _says, _thoughts, _calls, _returns, _hosted, _unread
)

_tools: st.SearchStrategy[Tool] = st.one_of(
    st.builds(
        Function,
        name=names,
        description=some_words,
        parameters=st.none() | json,
        strict=st.none() | st.booleans(),
        aside=asides,
    ),
    json.map(
        lambda data: HostedTool(
            tool="web_search", dialect=NAME, data={**data, "type": "web_search_2025_08_26"}
        )
    ),
    json.map(lambda data: UnreadTool(dialect=NAME, data={**data, "type": "namespace"})),
)
_choices = st.one_of(
    st.builds(ToolChoice, mode=st.sampled_from(["auto", "none", "required"])),
    st.builds(ToolChoice, mode=st.just("named"), name=names),
    st.just(
        ToolChoice(
            mode="required",
            unread={"type": "allowed_tools", "mode": "required", "tools": []},
            dialect=NAME,
        )
    ),
)
_formats = st.builds(
    OutputFormat, form=st.sampled_from(["text", "json_object", "grammar"]), aside=asides
) | st.builds(
    OutputFormat,
    form=st.just("json_schema"),
    name=names,
    schema=json,
    strict=st.none() | st.booleans(),
    description=some_words,
    aside=asides,
)
_reasonings = st.builds(
    Reasoning,
    effort=st.none() | st.sampled_from(["none", "low", "xhigh"]),
    summary=st.none() | st.just("auto"),
    budget_tokens=st.none() | counts,
    enabled=st.none() | st.booleans(),
    exclude=st.none() | st.booleans(),
    encrypted=st.none() | st.just(True),
    aside=asides,
)
_caps = st.builds(
    Caps,
    cost=st.none() | st.integers(0, 10**14),
    turns=st.none() | st.integers(1, 99),
    tool_calls=st.none() | counts,
    agents=st.none() | st.integers(1, 64),
)
_numbers = st.none() | st.floats(0, 2)
_flags = st.none() | st.booleans()

requests = st.builds(
    Request,
    model=names,
    dialect=st.just(NAME),
    items=st.lists(_items, max_size=4).map(tuple),
    instructions=st.none() | words.map(lambda text: (Text(text=text),)),
    tools=st.none() | st.lists(_tools, max_size=3).map(tuple),
    tool_choice=st.none() | _choices,
    parallel_tool_calls=_flags,
    output=st.none() | _formats,
    verbosity=some_words,
    reasoning=st.none() | _reasonings,
    max_output_tokens=st.none() | st.integers(1, 10**6),
    temperature=_numbers,
    top_p=_numbers,
    top_k=st.none() | counts,
    presence_penalty=_numbers,
    frequency_penalty=_numbers,
    seed=st.none() | counts,
    stop=st.none() | st.lists(words, max_size=2).map(tuple),
    logprobs=st.none() | st.just(True),
    top_logprobs=st.none() | counts,
    stream=st.booleans(),
    include=st.none() | st.just(("web_search_call.action.sources",)),
    store=_flags,
    background=_flags,
    previous_response_id=some_words,
    metadata=st.none() | json,
    user=some_words,
    safety_identifier=some_words,
    service_tier=some_words,
    prompt_cache_key=some_words,
    cache=_caches,
    truncation=some_words,
    require_parameters=_flags,
    caps=_caps,
    aside=asides,
)

usages = st.builds(
    Usage,
    input_tokens=counts,
    cached_tokens=counts,
    cache_written_tokens=counts,
    output_tokens=counts,
    reasoning_tokens=counts,
    tools=st.dictionaries(
        st.sampled_from(["web_search", "mcp", "image_generation"]), st.integers(1, 99)
    ),
    sources=counts,
    reported_cost=st.none() | counts,
    aside=asides,
)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Finished answers whose items have ids and states, as they have on the wire."""
    drawn = draw(st.lists(_says | _thoughts | _calls | _hosted | _unread, max_size=4))
    items = [_finished(item, n, draw(st.sampled_from(_ENDS))) for n, item in enumerate(drawn)]
    status = draw(st.sampled_from(["completed", "incomplete"]))
    reason = None
    if status == "incomplete":
        reason = draw(st.sampled_from(["max_output_tokens", "content_filter"]))
    return Answer(
        id=draw(names),
        model=draw(names),
        created=draw(st.integers(1, 2**40)),
        outputs=tuple(Output(item=item) for item in items),
        stops=(Stopped(reason=_stop(items, reason), native=reason or status),),
        usage=draw(st.none() | usages),
        status=status,
        reason=reason,
        aside=draw(asides),
    )


_ENDS = ("completed", "incomplete")


def _finished(item: Item, n: int, status: str) -> Item:
    if isinstance(item, Unread):
        return replace(item, data={**item.data, "id": f"item_{n}"})
    return replace(item, id=f"item_{n}", status=status)


def _stop(items: list[Item], reason: str | None) -> str:
    if reason is not None:
        return {"max_output_tokens": "length", "content_filter": "content_filter"}[reason]
    if any(isinstance(item, Called) for item in items):
        return "tool_calls"
    parts = [part for item in items if isinstance(item, Said) for part in item.parts]
    return "refusal" if any(isinstance(part, Refusal) for part in parts) else "stop"
