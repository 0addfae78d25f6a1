"""Requests and answers as Chat Completions can produce them, drawn at random."""

from hypothesis import strategies as st
from msgspec.structs import replace

from manymind.canon.answers import Answer, Output
from manymind.canon.items import Called, Item, Returned, Said, Thought, Unread
from manymind.canon.parts import Audio, Citation, File, Image, Part, Refusal, Text, UnreadPart
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
from manymind.canon.values import Aside, Json
from tests.dialects.strategies import (
    answers,
    asides,
    base64,
    citations,
    counts,
    filled,
    ids,
    json_objects,
    maybe,
    media_types,
    names,
    said_texts,
    unknown_fields,
    urls,
    words,
)

CHAT = "openai_chat"
aside = asides(CHAT)


def nested(name: str) -> st.SearchStrategy[Aside | None]:
    """Unknown fields of an object and of the object inside it."""

    def build(outer: Json, inner: Json) -> Aside | None:
        fields = {**outer, name: inner} if inner else outer
        return Aside(CHAT, fields) if fields else None

    return st.builds(build, unknown_fields, unknown_fields)


caches = st.none() | st.just({"type": "ephemeral"})
texts = st.builds(Text, text=words, cache=caches, aside=aside)
images = st.builds(
    Image, url=urls, detail=maybe(names), cache=caches, aside=nested("image_url")
) | st.builds(Image, media_type=media_types, data=base64, aside=nested("image_url"))
files = (
    st.builds(File, name=maybe(names), file_id=ids, aside=nested("file"))
    | st.builds(File, name=maybe(names), media_type=media_types, data=base64, cache=caches)
    | st.builds(File, name=maybe(names), url=urls)
)
audios = st.builds(Audio, data=base64, format=names, aside=nested("input_audio"))


def _unread_part(name: str, fields: Json) -> UnreadPart:
    return UnreadPart(dialect=CHAT, data={"type": f"x_{name}", **fields})


unread_parts = st.builds(_unread_part, names, unknown_fields)
parts: st.SearchStrategy[Part] = texts | images | files | audios | unread_parts


def contents(of: st.SearchStrategy[Part], least: int = 0) -> st.SearchStrategy[tuple[Part, ...]]:
    return st.lists(of, min_size=least, max_size=3).map(tuple)


said = st.builds(
    Said,
    role=st.sampled_from(["system", "developer", "user"]),
    parts=contents(parts),
    name=maybe(names),
    joined=st.just(False),
    aside=aside,
)
returned = st.builds(
    Returned, call_id=ids, parts=contents(texts | images), joined=st.just(False), aside=aside
)
called = st.builds(Called, call_id=ids, name=names, arguments=words, aside=nested("function"))


def _custom(call_id: str, name: str) -> Unread:
    data: Json = {"id": call_id, "type": "custom", "custom": {"name": name, "input": "x"}}
    return Unread(dialect=CHAT, data=data)


def _unread_message(name: str, fields: Json) -> Unread:
    return Unread(dialect=CHAT, data={"role": f"x_{name}", **fields}, joined=False)


def _thought(text: str, form: str) -> tuple[Thought, ...]:
    return (Thought(content=(Text(text=text),), form=form),)


custom = st.builds(_custom, ids, names)
unread_message = st.builds(_unread_message, names, unknown_fields)
plain_thoughts = st.builds(_thought, words, st.sampled_from(["reasoning", "reasoning_content"]))
details = st.builds(Thought, id=maybe(ids), aside=aside)


@st.composite
def detailed_thoughts(draw: st.DrawFn) -> tuple[Thought, ...]:
    """Entries of `reasoning_details`: a text, a summary or a sealed thought each."""
    thoughts: list[Thought] = []
    for detail in draw(st.lists(details, min_size=1, max_size=3)):
        detail = replace(detail, form="reasoning_details")
        text = (Text(text=draw(words)),)
        kinds = (
            replace(detail, content=text, signature=draw(maybe(words))),
            replace(detail, summary=text),
            replace(detail, encrypted=draw(words)),
        )
        thoughts.append(draw(st.sampled_from(kinds)))
    return tuple(thoughts)


def _cited(text: Text, notes: list[Citation]) -> tuple[Part, ...]:
    return (replace(text, citations=tuple(notes)),)


def _refused(said_first: tuple[Part, ...], why: str) -> tuple[Part, ...]:
    return (*said_first, Refusal(text=why))


@st.composite
def turns(draw: st.DrawFn) -> list[Item]:
    """An assistant's message: thoughts, words, calls."""
    items: list[Item] = [*draw(st.just(()) | plain_thoughts | detailed_thoughts())]
    calls = draw(st.lists(called | custom, max_size=2))
    cited = st.builds(_cited, texts, st.lists(citations, max_size=2))
    refused = st.builds(_refused, contents(texts), words)
    spoken = st.builds(
        Said,
        role=st.just("assistant"),
        parts=contents(texts, 1) | cited | refused,
        name=maybe(names),
        aside=aside,
    )
    if draw(st.booleans()) or not (items or calls):
        items.append(draw(spoken))
    items += calls
    return [replace(item, joined=n > 0) for n, item in enumerate(items)]


@st.composite
def histories(draw: st.DrawFn) -> tuple[Item, ...]:
    messages = draw(st.lists(said | returned | unread_message | turns(), min_size=1, max_size=5))
    items: list[Item] = []
    for message in messages:
        items += message if isinstance(message, list) else [message]
    return tuple(items)


tools = (
    st.builds(
        Function,
        name=names,
        description=maybe(words),
        parameters=st.none() | json_objects,
        strict=st.none() | st.booleans(),
        cache=caches,
        aside=nested("function"),
    )
    | st.just(HostedTool(tool="web_search", dialect=CHAT, data={"type": "web_search", "x_y": 1}))
    | st.just(UnreadTool(dialect=CHAT, data={"type": "namespace", "tools": [{"x": 1}]}))
)
choices = (
    st.sampled_from(["auto", "none", "required"]).map(lambda mode: ToolChoice(mode=mode))
    | names.map(lambda name: ToolChoice(mode="named", name=name))
    | st.just(ToolChoice(mode="auto", unread={"type": "allowed_tools", "x": 1}, dialect=CHAT))
)
outputs = st.builds(OutputFormat, form=st.sampled_from(["text", "grammar"]), aside=aside) | (
    st.builds(
        OutputFormat,
        form=st.just("json_schema"),
        name=names,
        schema=st.none() | json_objects,
        strict=st.none() | st.booleans(),
        description=maybe(words),
        aside=nested("json_schema"),
    )
)
efforts = st.sampled_from(["none", "low", "high", "max"])
reasonings = efforts.map(lambda effort: Reasoning(effort=effort)) | st.builds(
    Reasoning,
    effort=st.none() | efforts,
    summary=maybe(names),
    budget_tokens=st.none() | counts,
    enabled=st.none() | st.booleans(),
    exclude=st.none() | st.booleans(),
    aside=unknown_fields.map(lambda fields: Aside(CHAT, fields)),
)
flags = st.none() | st.booleans()
positive = st.none() | st.integers(1, 10**6)
floats = st.none() | st.floats(-2, 2) | st.just(1)
caps = st.builds(
    Caps,
    cost=st.none() | st.integers(0, 10**15),
    turns=positive,
    tool_calls=positive,
    agents=positive,
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Any request that can be read from Chat; the cap on output may be spelt either way."""
    request = draw(
        st.builds(
            Request,
            model=filled,
            dialect=st.just(CHAT),
            items=histories(),
            tools=st.none() | st.lists(tools, max_size=3).map(tuple),
            tool_choice=st.none() | choices,
            parallel_tool_calls=flags,
            output=st.none() | outputs,
            verbosity=maybe(names),
            reasoning=st.none() | reasonings,
            max_output_tokens=positive,
            temperature=floats,
            top_p=floats,
            top_k=positive,
            presence_penalty=floats,
            frequency_penalty=floats,
            seed=st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
            stop=st.none() | st.lists(words, max_size=3).map(tuple),
            logprobs=flags,
            top_logprobs=positive,
            n=positive,
            stream=st.booleans(),
            stream_usage=flags,
            include=st.none() | st.lists(names, max_size=2).map(tuple),
            store=flags,
            metadata=st.none() | json_objects,
            user=maybe(words),
            safety_identifier=maybe(words),
            service_tier=maybe(names),
            prompt_cache_key=maybe(words),
            cache=caches,
            caps=caps,
        )
    )
    fields = dict(draw(unknown_fields))
    required = draw(flags)
    if required is not None or draw(st.booleans()):
        fields["provider"] = draw(unknown_fields)
    if draw(st.booleans()):
        fields["stream_options"] = {"x_obfuscation": draw(st.booleans())}
    if request.max_output_tokens is not None and draw(st.booleans()):
        fields["max_tokens"] = request.max_output_tokens
    kept = Aside(CHAT, fields) if fields else None
    return replace(request, require_parameters=required, aside=kept)


@st.composite
def plain_answers(draw: st.DrawFn) -> Answer:
    """Answers that fit one message a choice, which is all that Chat can say."""
    answer = draw(answers())
    outputs: list[Output] = []
    for stop in answer.stops:
        thought = draw(st.none() | filled)
        if thought is not None:
            item = Thought(content=(Text(text=thought),), form="reasoning_content")
            outputs.append(Output(item=replace(item, status="completed"), choice=stop.choice))
        words_said = draw(st.none() | st.tuples(said_texts) | st.tuples(said_texts, _REFUSALS))
        if words_said is not None:
            spoken = Said(role="assistant", parts=words_said, status="completed")
            outputs.append(Output(item=spoken, choice=stop.choice))
        for call in draw(st.lists(called, max_size=2)):
            outputs.append(Output(item=replace(call, status="completed"), choice=stop.choice))
    return replace(answer, outputs=tuple(outputs))


_REFUSALS = st.builds(Refusal, text=filled)
