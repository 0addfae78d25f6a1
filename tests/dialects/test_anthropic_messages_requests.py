"""Requests of the Messages dialect: what is understood, what is refused, what crosses over."""

from pathlib import Path
from typing import cast

import msgspec
import pytest
from msgspec.structs import replace

from manymind.canon.faults import BadRequest
from manymind.canon.items import Called, Hosted, Item, Returned, Said, Thought
from manymind.canon.parts import File, Image, Text, UnreadPart
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
from manymind.canon.values import Json
from manymind.dialects.anthropic_messages import DIALECT, Messages
from manymind.dialects.anthropic_messages.flavour import Flavour
from manymind.dialects.mirror import Written

GOLDEN = Path(__file__).parent.parent / "golden"
HI: Json = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


EMPTY: Json = {}
NONE: list[object] = []


def read(**fields: object) -> Request:
    return DIALECT.read_request(msgspec.json.encode({**HI, **fields}))


def read_block(block: Json, role: str = "user") -> Item:
    return read(messages=[{"role": role, "content": [block]}]).items[0]


def sent(written: Written) -> Json:
    return cast("Json", msgspec.json.decode(written.body))


def test_a_request_as_agents_send_it_goes_out_as_it_came() -> None:
    body = (GOLDEN / "messages_request.json").read_bytes()
    written = DIALECT.write_request(DIALECT.read_request(body))
    expected = cast("Json", msgspec.json.decode(body))
    messages = cast("list[Json]", expected["messages"])
    system = messages[4]
    assert system["content"] == "Ten minutes are left."
    assert sent(written) == expected
    assert written.lost == ()


def test_everything_that_dialects_share_is_understood() -> None:
    request = DIALECT.read_request((GOLDEN / "messages_request.json").read_bytes())
    assert request.max_output_tokens == 32000
    assert request.stream
    assert request.stop == ("END",)
    assert request.user == "user_7"
    assert request.parallel_tool_calls is False
    assert request.tool_choice == ToolChoice(mode="auto")
    assert request.reasoning == Reasoning(
        effort="high", enabled=True, budget_tokens=4096, summary="auto"
    )
    assert [type(tool) for tool in request.tools or ()] == [Function, HostedTool, UnreadTool]
    assert request.aside is not None
    assert set(request.aside.fields) == {"metadata", "output_config", "context_management"}
    kinds = [type(item) for item in request.items]
    assert kinds[2:10] == [Thought, Thought, Said, Hosted, Said, Called, Called, Returned]
    said = request.items[1]
    assert isinstance(said, Said)
    image, link, note, paged, file, found = said.parts
    assert isinstance(image, Image)
    assert (image.media_type, image.data) == ("image/png", "iVBORw0KGgo=")
    assert image.cache == {"type": "ephemeral"}
    assert isinstance(link, Image)
    assert link.url == "https://pictures.example/1.png"
    assert isinstance(note, File)
    assert (note.name, note.text) == ("Sky", "The sky is blue.")
    assert isinstance(paged, File)
    assert paged.text == "One.\n\nTwo."
    assert file == File(file_id="file_1")
    assert isinstance(found, UnreadPart)


def test_a_search_and_what_it_found_are_one_item() -> None:
    request = DIALECT.read_request((GOLDEN / "messages_request.json").read_bytes())
    searched = next(item for item in request.items if isinstance(item, Hosted))
    assert (searched.tool, searched.action) == ("web_search", {"query": "blue sky"})
    assert searched.output is not None
    assert searched.output["type"] == "web_search_tool_result"


def test_a_cap_on_output_must_be_named() -> None:
    with pytest.raises(BadRequest, match="max_tokens is missing") as caught:
        DIALECT.read_request(b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}')
    assert caught.value.field == "max_tokens"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"messages": NONE}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [EMPTY]}]}, "messages[0].content[0].type"),
        ({"system": 3}, "system"),
        ({"system": [{"type": "image"}]}, "system[0].type"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"thinking": EMPTY}, "thinking.type"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tools": [{"type": 1}]}, "tools[0].type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_cost_usd": -1}, "max_cost_usd"),
        ({"stop_sequences": ["a", 1]}, "stop_sequences[1]"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
    ],
)
def test_what_is_wrong_is_named(fields: Json, field: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(**fields)
    assert caught.value.field == field
    assert field in caught.value.message


@pytest.mark.parametrize(
    ("role", "block"),
    [
        ("user", {"type": "tool_use", "id": "t", "name": "f", "input": {}}),
        ("user", {"type": "thinking", "thinking": "x", "signature": "s"}),
        ("assistant", {"type": "tool_result", "tool_use_id": "t"}),
    ],
)
def test_a_block_that_its_role_cannot_say_is_refused(role: str, block: Json) -> None:
    with pytest.raises(BadRequest, match="which only the") as caught:
        read_block(block, role)
    assert caught.value.field == "messages[0].content[0].type"


@pytest.mark.parametrize(
    ("block", "field"),
    [
        ({"type": "image"}, "source"),
        ({"type": "image", "source": {"type": "base64", "data": "x"}}, "source.media_type"),
        ({"type": "image", "source": {"type": "url"}}, "source.url"),
        ({"type": "document", "source": EMPTY}, "source.type"),
        ({"type": "document", "source": {"type": "content", "content": [1]}}, "source.content[0]"),
        ({"type": "text"}, "text"),
        ({"type": "text", "text": "x", "citations": [EMPTY]}, "citations[0].type"),
    ],
)
def test_what_is_wrong_in_a_block_is_named(block: Json, field: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_block(block)
    assert caught.value.field == f"messages[0].content[0].{field}"


def test_deep_nesting_is_a_bad_request() -> None:
    deep = b'{"model":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(BadRequest):
        DIALECT.read_request(deep)


def test_structured_output_is_read_in_its_older_spelling_too() -> None:
    form: Json = {"type": "json_schema", "schema": {"type": "object"}}
    older = read(output_format=form)
    assert older.output == OutputFormat(form="json_schema", schema={"type": "object"})
    assert older.output == read(output_config={"format": form}).output
    with pytest.raises(BadRequest) as caught:
        read(output_format=form, output_config={"format": form})
    assert caught.value.field == "output_format"


def test_our_extensions_cap_the_run_and_stay_with_us() -> None:
    request = read(
        max_turns=3,
        max_tool_calls=4,
        max_cost_usd=0.25,
        agent_count=16,
        include=["agents"],
        provider={"require_parameters": True},
    )
    assert request.caps == Caps(cost=2_500_000_000, turns=3, tool_calls=4, agents=16)
    assert request.include == ("agents",)
    assert request.require_parameters is True
    written = DIALECT.write_request(request)
    assert set(sent(written)) == {"model", "max_tokens", "messages"}
    assert written.lost == ("agent_count", "include")
    kindred = Messages(Flavour(kindred=True))
    assert kindred.read_request(kindred.write_request(request).body) == request


def test_a_request_of_this_dialect_keeps_its_messages_apart() -> None:
    messages = [{"role": "user", "content": "One"}, {"role": "user", "content": "Two"}]
    assert sent(DIALECT.write_request(read(messages=messages)))["messages"] == messages


def test_words_that_were_changed_are_sent_instead_of_the_blocks_they_came_from() -> None:
    source: Json = {"type": "content", "content": [{"type": "text", "text": "secret"}]}
    request = read(messages=[{"role": "user", "content": [{"type": "document", "source": source}]}])
    said = request.items[0]
    assert isinstance(said, Said)
    masked = replace(said.parts[0], text="[masked]")
    changed = replace(request, items=(replace(said, parts=(masked,)),))
    assert b"secret" not in DIALECT.write_request(changed).body


def test_sealed_reasoning_of_others_returns_from_a_client_that_knows_signatures_alone() -> None:
    block: Json = {
        "type": "thinking",
        "thinking": "In short.",
        "signature": "manymind:summary:rs_1:gAAA:B",
    }
    assert read_block(block, "assistant") == Thought(
        summary=(Text(text="In short."),), encrypted="gAAA:B", id="rs_1", joined=False
    )
