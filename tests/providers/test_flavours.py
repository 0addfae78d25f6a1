"""What a vendor refuses is left out of its requests, and told; nothing else is."""

from typing import Any

import msgspec
import pytest

from manymind.dialects.mirror import Dialect
from manymind.dialects.openai_chat import DIALECT
from manymind.providers import find

ASKED: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "user", "name": "Ada", "content": "x"},
        {"role": "assistant", "name": "bot", "content": "y"},
        {"role": "user", "content": "z"},
    ],
    "max_completion_tokens": 9,
    "seed": 7,
    "user": "u",
    "logprobs": True,
    "top_logprobs": 2,
    "logit_bias": {"1": 5},
    "presence_penalty": 0.5,
    "stream": True,
    "stream_options": {"include_usage": True},
    "temperature": 0.5,
}


def chat_of(name: str) -> Dialect:
    accents = (each.accent for each in find()[name].routes if each.dialect == "openai_chat")
    return next(each for each in accents if each is not None)


@pytest.mark.parametrize(
    ("name", "lost", "sent"),
    [
        (
            "mistral",
            {"user", "logprobs", "top_logprobs", "logit_bias"},
            {"random_seed": 7, "max_tokens": 9, "presence_penalty": 0.5},
        ),
        (
            "groq",
            {"logprobs", "top_logprobs", "logit_bias"},
            {"seed": 7, "max_completion_tokens": 9, "user": "u"},
        ),
        ("cerebras", {"presence_penalty"}, {"seed": 7, "logit_bias": {"1": 5}}),
        ("together", set[str](), {"seed": 7, "max_tokens": 9, "logprobs": True}),
    ],
)
def test_a_vendors_refusals_are_left_out_and_told(
    name: str, lost: set[str], sent: dict[str, object]
) -> None:
    written = chat_of(name).write_request(DIALECT.read_request(msgspec.json.encode(ASKED)))
    body: Any = msgspec.json.decode(written.body)
    nameless = name in ("mistral", "groq")
    names = {"messages[0].name", "messages[1].name"} if nameless else set[str]()
    assert set(written.lost) == lost | names
    assert not lost & body.keys()
    assert sent.items() <= body.items()
    assert ("stream_options" in body) == (name != "mistral")
    assert any("name" in message for message in body["messages"]) != nameless


def test_what_was_not_asked_is_not_told_as_lost() -> None:
    plain = {"model": "m", "messages": ASKED["messages"][2:]}
    written = chat_of("mistral").write_request(DIALECT.read_request(msgspec.json.encode(plain)))
    assert written.lost == ()
