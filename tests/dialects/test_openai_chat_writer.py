"""Chat streams, as callers get them."""

import json

import pytest
from msgspec.structs import replace
from openai.types.chat import ChatCompletionChunk

from manymind.canon.answers import Answer, fold
from manymind.canon.events import (
    Began,
    Cited,
    Closed,
    Ended,
    Opened,
    PartOpened,
    Spent,
    Stopped,
    Wrote,
    spoken,
)
from manymind.canon.faults import (
    CutShort,
    UpstreamBroken,
)
from manymind.canon.items import Hosted, Said, Thought
from manymind.canon.parts import Citation, Image, Text
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.dialects.mirror import View
from manymind.dialects.openai_chat import DIALECT
from tests.dialects.chat_talk import (
    ASKED,
    PLAIN,
    delta,
    finish,
    from_elsewhere,
    golden,
    listen,
    tell,
)


@pytest.mark.parametrize("name", ["chat_openai_tools", "chat_openrouter", "chat_deepseek"])
def test_a_stream_passed_on_keeps_every_field_and_every_word(name: str) -> None:
    chunks = golden(f"{name}.txt")
    sent = tell(chunks, house="openrouter")
    assert sent[-1] == "[DONE]"
    again = listen(*sent)
    assert replace(fold(again), aside=None) == replace(fold(chunks), aside=None)
    frames = [chunk.wire.data for chunk in chunks if chunk.wire]
    assert {key for one in sent[:-1] for key in one} == {key for one in frames for key in one}


@pytest.mark.parametrize("name", ["chat_openai_tools", "chat_openrouter", "chat_deepseek"])
@pytest.mark.parametrize("wired", [True, False])
def test_every_chunk_is_one_that_the_official_client_knows(name: str, wired: bool) -> None:
    chunks = golden(f"{name}.txt")
    for sent in tell(chunks if wired else [replace(chunk, wire=None) for chunk in chunks])[:-1]:
        ChatCompletionChunk.model_validate(sent, strict=True)


@pytest.mark.parametrize("wired", [True, False])
def test_a_caller_gets_each_call_whole_in_one_chunk(wired: bool) -> None:
    chunks = golden("chat_openai_tools.txt")
    sent = tell(chunks if wired else [replace(chunk, wire=None) for chunk in chunks])
    calls = [
        call
        for one in sent[:-1]
        for choice in one["choices"]
        for call in choice["delta"].get("tool_calls", [])
    ]
    assert [(c["index"], c["id"], c["function"]["arguments"]) for c in calls] == [
        (0, "call_Lx1", '{"city":"Oslo"}'),
        (1, "call_Lx2", '{"city":"Rome"}'),
    ]


def test_a_field_that_nobody_knows_goes_through_at_every_level() -> None:
    chunk = delta(content="hi", x_delta=1)
    chunk["x_top"] = [1]
    chunk["choices"][0]["x_choice"] = {"a": None}
    assert tell(listen(chunk, finish("stop")))[0] == chunk


def test_the_model_and_the_cost_are_written_over() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2, "cost": 9, "x": 1}
    chunks = listen(delta(content="hi"), finish("stop"), {"choices": [], "usage": usage})
    began, *rest = chunks[0].events
    assert isinstance(began, Began)
    priced = Spent(usage=Usage(input_tokens=1, output_tokens=1, cost=127946000))
    chunks[0] = replace(chunks[0], events=(replace(began, model="ours"), *rest))
    chunks[2] = replace(chunks[2], events=(priced,))
    sent = tell(chunks)
    assert [one["model"] for one in sent[:-1]] == ["ours", "ours", "ours"]
    exact = {"cost": 0.0127946, "cost_in_usd_ticks": 127946000}
    assert sent[2]["usage"] == {**usage, **exact}


@pytest.mark.parametrize("wired", [True, False])
@pytest.mark.parametrize(
    ("asked", "house", "told"),
    [
        (PLAIN, "openai", False),
        (PLAIN, "cloudflare", False),
        (ASKED, "openai", True),
        (ASKED, "cloudflare", True),
        (PLAIN, "openrouter", True),
    ],
)
def test_usage_is_told_where_the_house_or_the_caller_wants_it(
    wired: bool, asked: Request, house: str, told: bool
) -> None:
    chunks = golden("chat_openai_tools.txt")
    sent = tell(chunks if wired else [replace(c, wire=None) for c in chunks], asked, house)
    counts = [one["usage"]["total_tokens"] for one in sent[:-1] if one.get("usage")]
    assert counts == ([125] if told else [])


def test_usage_on_the_last_choice_is_taken_out_for_those_who_did_not_ask() -> None:
    sent = tell(golden("chat_deepseek.txt"), PLAIN)
    assert sent[-2]["choices"][0]["finish_reason"] == "length"
    assert "usage" not in sent[-2]


def test_usage_that_only_we_know_comes_after_what_was_passed_on() -> None:
    chunks = listen(delta(content="hi"), finish("stop"))
    ours = spoken(Spent(usage=Usage(input_tokens=3, output_tokens=1)))
    sent = tell([*chunks[:-1], ours, chunks[-1]])
    assert sent[-2]["usage"]["total_tokens"] == 4
    assert [bool(one["choices"]) for one in sent[:-1]] == [True, True, False]


def test_messages_of_another_dialect_become_one_with_citations_moved() -> None:
    note = Citation(url="https://a.example", title="1", start=0, end=2, quote="é", verified=True)
    sent = tell(
        from_elsewhere(
            Opened(item="s", value=Hosted(tool="web_search")),
            Closed(item="s"),
            Opened(item="a", value=Said(role="assistant")),
            PartOpened(item="a", part=0, value=Text(text="")),
            Wrote(item="a", text="Ünder 🙂"),
            Closed(item="a"),
            Opened(item="b", value=Said(role="assistant")),
            PartOpened(item="b", part=0, value=Text(text="")),
            Wrote(item="b", text="ok"),
            Cited(item="b", citation=note),
            Closed(item="b"),
            Stopped(reason="stop"),
            Ended(),
        )
    )
    assert fold(listen(*sent)).text == "Ünder 🙂\n\nok"
    (written,) = [one["choices"][0]["delta"]["annotations"] for one in sent[3:4]]
    assert written == [
        {
            "index": 0,
            "type": "url_citation",
            "url_citation": {
                "url": "https://a.example",
                "title": "1",
                "start_index": 9,
                "end_index": 11,
                "quote": "é",
                "verified": True,
            },
        }
    ]


@pytest.mark.parametrize(("house", "named"), [("openai", False), ("openrouter", True)])
def test_openrouters_callers_find_reasoning_by_the_name_they_know(house: str, named: bool) -> None:
    sent = tell(golden("chat_deepseek.txt"), house=house)
    deltas = [choice["delta"] for line in sent[:-1] for choice in line["choices"]]
    thought = [delta for delta in deltas if delta.get("reasoning_content")]
    assert thought
    wanted = [delta["reasoning_content"] for delta in thought] if named else [None] * len(thought)
    assert [delta.get("reasoning") for delta in thought] == wanted


@pytest.mark.parametrize(("house", "deltas_with_notes"), [("openai", 1), ("openrouter", 2)])
def test_citations_and_pictures_are_numbered_in_a_stream_and_bare_in_a_whole_reply(
    house: str, deltas_with_notes: int
) -> None:
    chunks = from_elsewhere(
        Opened(item="a", value=Said(role="assistant")),
        Wrote(item="a", text="one two"),
        Cited(item="a", citation=Citation(url="https://a.example", title="1")),
        Cited(item="a", citation=Citation(url="https://b.example", title="2")),
        PartOpened(item="a", part=1, value=Image(url="https://pics.example/1.png")),
        PartOpened(item="a", part=2, value=Image(url="https://pics.example/2.png")),
        Closed(item="a"),
        Stopped(reason="stop"),
        Ended(),
    )
    sent = tell(chunks, house=house)[:-1]
    deltas = [choice["delta"] for one in sent for choice in one["choices"]]
    assert sum("annotations" in delta for delta in deltas) == deltas_with_notes
    whole = json.loads(DIALECT.write_reply(fold(chunks), ASKED, View()))["choices"][0]["message"]
    for field in ("annotations", "images"):
        entries = [entry for delta in deltas for entry in delta.get(field, ())]
        assert [entry.pop("index") for entry in entries] == [0, 1]
        assert whole[field] == entries


def test_the_first_delta_has_the_role_and_the_last_the_reason() -> None:
    sent = tell(from_elsewhere(Ended(status="incomplete", reason="max_output_tokens")))
    assert [one["choices"][0]["delta"] for one in sent[:-1]] == [
        {"role": "assistant", "content": ""},
        {},
    ]
    assert sent[-2]["choices"][0]["finish_reason"] == "length"
    assert (sent[0]["id"], sent[0]["created"], sent[-1]) == ("resp_1", 9, "[DONE]")


def test_only_the_leader_is_heard() -> None:
    agent = Opened(voice="agent-1", item="a", value=Said(role="assistant"))
    wrote = Wrote(voice="agent-1", item="a", text="secret")
    assert "secret" not in json.dumps(tell(from_elsewhere(agent, wrote, Ended())))


def test_openrouters_callers_get_seals_of_thoughts_and_others_do_not() -> None:
    chunks = from_elsewhere(
        Opened(item="t", value=Thought()),
        Wrote(item="t", text="Hm"),
        Closed(item="t", sealed=Thought(signature="sig")),
        Ended(),
    )
    sent = tell(chunks, house="openrouter")
    thought = fold(listen(*sent)).items[0]
    assert isinstance(thought, Thought)
    assert (thought.content[0].text, thought.signature) == ("Hm", "sig")
    plain = json.dumps(tell(chunks))
    assert "reasoning_content" in plain
    assert "sig" not in plain


@pytest.mark.parametrize("wired", [True, False])
@pytest.mark.parametrize("house", ["openai", "openrouter", "cloudflare"])
def test_a_broken_stream_ends_in_an_error_and_never_in_done(wired: bool, house: str) -> None:
    writer = DIALECT.writer(ASKED, View(house=house))
    (chunk,) = listen(delta(content="hi"), finish("stop"))[:1]
    writer.write(chunk if wired else replace(chunk, wire=None))
    (line,) = writer.fail(CutShort("The stream stopped.", advice="Try again."))
    sent = json.loads(line.removeprefix(b"data: "))
    assert sent["error"]["message"] == "The stream stopped. Try again."
    assert sent["error"]["code"] == (502 if house == "openrouter" else "stream_cut")
    # Some readers of OpenAI's overlook an error beside choices, some of OpenRouter's one without.
    choices = [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]
    assert sent.get("choices") == (choices if house == "openrouter" else None)
    with pytest.raises(UpstreamBroken):
        listen(delta(content="hi"), sent)


def test_a_whole_answer_passed_to_the_stream_is_told_from_its_events() -> None:
    body = {"id": "c1", "model": "m", "choices": [{"message": {"content": "hi"}}]}
    sent = tell([DIALECT.read_reply(json.dumps(body).encode())])
    answer: Answer = fold(listen(*sent))
    assert (answer.text, answer.status) == ("hi", "completed")
