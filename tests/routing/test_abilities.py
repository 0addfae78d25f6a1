"""What a model is known to refuse is left out and told, or refused beforehand."""

from typing import Any

import msgspec
import pytest

from manymind import dialects
from manymind.canon.faults import Unsupported
from manymind.canon.requests import Reasoning, Request
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.offers import Offer
from manymind.routing.abilities import without
from tests.world import a_request

GROK = Catalogue().offer("xai/grok-4-0709")
OPUS = Catalogue().offer("anthropic/claude-opus-4-8")
PLAIN = Offer(provider="acme", native="small", slug="acme/small")


def read(dialect: str, **fields: object) -> Request:
    body: dict[str, Any] = {"model": "x", "max_tokens": 2000, **fields}
    body |= {"messages": [{"role": "user", "content": "Hello"}]}
    if dialect == "openai_responses":
        body = {"model": "x", "input": "Hello", **fields}
    return dialects.find()[dialect].read_request(msgspec.json.encode(body))


@pytest.mark.parametrize(
    ("dialect", "fields", "told"),
    [
        ("openai_chat", {"reasoning_effort": "low"}, ("reasoning_effort",)),
        ("openai_chat", {"reasoning": {"effort": "low"}}, ("reasoning.effort",)),
        ("openai_chat", {"reasoning": {"enabled": False}}, ("reasoning.enabled",)),
        ("openai_responses", {"reasoning": {"effort": "high"}}, ("reasoning.effort",)),
        ("anthropic_messages", {"stop_sequences": ["x"]}, ("stop_sequences",)),
        ("anthropic_messages", {"thinking": {"type": "disabled"}}, ("thinking",)),
        ("anthropic_messages", {"thinking": {"type": "enabled", "budget_tokens": 1024}},
         ("thinking.budget_tokens",)),
        ("openai_chat", {"presence_penalty": 1, "stop": ["x"]}, ("presence_penalty", "stop")),
    ],
)  # fmt: skip
def test_what_grok_4_cannot_do_is_named_as_the_caller_wrote_it(
    dialect: str, fields: dict[str, object], told: tuple[str, ...]
) -> None:
    request, lost = without(read(dialect, **fields), GROK)
    assert lost == told
    again, nothing = without(request, GROK)
    assert (again, nothing) == (request, ())


def test_what_is_left_of_reasoning_stays() -> None:
    asked = a_request(reasoning=Reasoning(effort="low", exclude=True))
    request, lost = without(asked, GROK)
    assert request.reasoning == Reasoning(exclude=True)
    assert len(lost) == 1
    none, _ = without(a_request(reasoning=Reasoning(effort="low")), GROK)
    assert none.reasoning is None


def test_to_wish_for_thinking_is_no_loss_where_a_model_always_thinks() -> None:
    asked = a_request(reasoning=Reasoning(enabled=True))
    assert without(asked, GROK) == (asked, ())


def test_a_request_that_asks_for_nothing_special_passes_as_it_is() -> None:
    asked = a_request(temperature=0.5)
    assert without(asked, PLAIN)[0] is asked
    assert without(asked, GROK)[0] is asked


def test_sampling_is_not_steered_where_a_model_refuses_it() -> None:
    request, lost = without(a_request(temperature=0.5, top_k=3, seed=1), OPUS)
    assert lost == ("temperature", "top_k")
    assert (request.temperature, request.top_k, request.seed) == (None, None, 1)


def test_who_requires_all_parameters_is_refused_with_the_field() -> None:
    asked = read("openai_chat", reasoning_effort="low", provider={"require_parameters": True})
    with pytest.raises(Unsupported) as refused:
        without(asked, GROK)
    assert refused.value.field == "reasoning_effort"
    assert "x-ai/grok-4 cannot take reasoning_effort." in refused.value.message


def test_every_field_that_the_catalogue_names_is_one_of_a_request() -> None:
    catalogue = Catalogue()
    named = {
        field
        for provider in ("xai", "openai", "anthropic", "gemini", "openrouter")
        for offer in catalogue.shelf(provider).offers
        for field in offer.unsupported
    }
    assert len(named) > 8
    thinking = {f"reasoning.{name}" for name in Reasoning.__struct_fields__}
    assert named <= {*Request.__struct_fields__, *thinking}
