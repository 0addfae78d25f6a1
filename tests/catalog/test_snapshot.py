"""OpenRouter's list is believed as far as it can be true, and never before our own word."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.faults import UpstreamBroken
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.drift import drift
from manymind.catalog.genai_feed import GenaiPrices
from manymind.catalog.overlay import shipped
from manymind.catalog.prices import MILLION
from manymind.catalog.snapshot import Snapshot, read, restored, stored

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HERE = "https://openrouter.example/models"
FREE = {"prompt": "0", "completion": "0"}


def model(slug: str = "acme/large", **more: Any) -> dict[str, Any]:
    return {
        "id": slug,
        "name": "Acme: Large",
        "created": 1_760_000_000,
        "context_length": 64_000,
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        "pricing": {"prompt": "0.0000015", "completion": "2e-06", "web_search": "0.01"},
        "top_provider": {"max_completion_tokens": 8_000, "is_moderated": False},
        "supported_parameters": ["tools", "reasoning"],
        "knowledge_cutoff": "2026-03",
        "expiration_date": "2027-01-31",
        **more,
    }


def listed(*models: Any) -> bytes:
    """These, among as many ordinary ones as make a list."""
    others = [model(f"acme/other-{n}", pricing=FREE) for n in range(40)]
    return json.dumps({"data": [*models, *others]}).encode()


def taken(*models: Any) -> Snapshot:
    return read(listed(*models), HERE, DAY)


def test_a_model_is_read_with_all_that_is_said_of_it() -> None:
    snapshot = taken(model())
    offer = snapshot.offers[0]
    assert (offer.key, offer.slug, offer.name) == (
        "openrouter/acme/large",
        "acme/large",
        "Acme: Large",
    )
    assert (offer.context, offer.max_output, offer.inputs) == (64_000, 8_000, ("text", "image"))
    assert (offer.parameters, offer.knowledge) == (("tools", "reasoning"), "2026-03")
    assert offer.retires == date(2027, 1, 31)
    (price,) = offer.prices
    assert (price.rates.input, price.rates.output) == (15_000 * MILLION, 20_000 * MILLION)
    assert price.tools == {"web_search": 100_000_000 * MILLION}
    assert offer.priced_by is not None
    assert (offer.priced_by.name, offer.priced_by.checked) == (f"snapshot of {HERE}", DAY)


def test_a_tier_begins_above_its_threshold_and_keeps_what_it_does_not_change() -> None:
    said = {"prompt": "1e-6", "completion": "2e-6", "input_cache_read": "1e-7",
            "overrides": [{"min_prompt_tokens": 200_000, "prompt": "2e-6"}]}  # fmt: skip
    (price,) = taken(model(pricing=said)).offers[0].prices
    (tier,) = price.tiers
    assert (tier.above, tier.counts) == (200_000, "input")
    assert (tier.rates.input, tier.rates.output) == (2 * 10**10, 2 * 10**10)
    assert tier.rates.cached == price.rates.cached == 10**9


def test_a_router_has_no_price_of_its_own() -> None:
    assert taken(model(pricing={"prompt": "-1", "completion": "-1"})).offers[0].prices == ()


@pytest.mark.parametrize(
    "wrong",
    [
        model("no-author"),
        model("acme/\u001b[31m"),
        model("../../etc/passwd"),
        model(pricing={"prompt": "free", "completion": "0"}),
        model(pricing={"prompt": "-0.1", "completion": "0"}),
        model(pricing={"prompt": "NaN", "completion": "0"}),
        model(pricing={"prompt": "1e999999999", "completion": "0"}),
        model(pricing={"prompt": "1" * 500, "completion": "0"}),
        model(pricing={"prompt": "1", "completion": "0"}),
        model(pricing={"prompt": 1, "completion": "0"}),
        model(pricing={"prompt": "0"}),
        model(pricing={**FREE, "overrides": [{"utc_start": 100, "prompt": "0"}]}),
        model(pricing={**FREE, "overrides": [{"min_prompt_tokens": -5}]}),
        model(context_length=-1),
        model(context_length=10**30),
        model(created=-1),
        model("acme/other-1"),
        {"id": "acme/nothing"},
        None,
        [],
        "text",
    ],
)
def test_a_row_that_cannot_be_true_is_left_out_and_counted(wrong: Any) -> None:
    snapshot = read(listed(model("acme/good"), wrong), HERE, DAY)
    assert snapshot.unusable == 1
    assert len(snapshot.offers) == 41


def test_marks_that_steer_a_terminal_do_not_stay_in_a_name() -> None:
    assert taken(model(name="A\u001b[2J\n" + "b" * 500)).offers[0].name.startswith("A[2Jbbb")
    assert len(taken(model(name="b" * 500)).offers[0].name) == 120


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"data": 3}',
        b'{"data": []}',
        b'{"data": [' + b"[" * 100_000,
        b"\xff\xfe",
        listed(*(model(pricing={"prompt": "x", "completion": "0"}) for _ in range(9))),
        json.dumps({"data": [model(f"a/{n}") for n in range(20_001)]}).encode(),
    ],
    ids=str,
)
def test_a_broken_or_hostile_list_is_refused_whole(body: bytes) -> None:
    with pytest.raises(UpstreamBroken) as refused:
        read(body, HERE, DAY)
    assert "is not taken" in refused.value.message


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["data", "id", "pricing", "prompt"]), inner, max_size=3),
    max_leaves=10).map(lambda value: json.dumps(value).encode()))  # fmt: skip
@settings(max_examples=200)
def test_no_body_does_worse_than_be_refused(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        read(body, HERE, DAY)


def test_what_was_stored_is_what_comes_back_and_damage_is_none() -> None:
    snapshot = taken(model())
    data = stored(snapshot)
    assert restored(data) == snapshot
    assert restored(data[:-9]) is None
    assert restored(data.replace(b'"format":1', b'"format":9')) is None


def test_a_snapshot_goes_before_the_feed_and_behind_the_overlay() -> None:
    cheap = {"prompt": "1e-9", "completion": "1e-9"}
    names = ("x-ai/grok-4", "openai/gpt-5", "acme/large")
    snapshot = taken(*(model(name, pricing=cheap) for name in names))
    plain, with_it = Catalogue(), Catalogue(snapshot=snapshot)
    ours = with_it.offer("openrouter/x-ai/grok-4")
    assert ours.prices == plain.offer("openrouter/x-ai/grok-4").prices
    assert ours.context == 256_000
    assert ours.knowledge == "2026-03", "of which the overlay says nothing"
    theirs = with_it.offer("openrouter/openai/gpt-5")
    assert theirs.prices[0].rates.input == 10**7
    assert theirs.priced_by is not None and theirs.priced_by.checked == DAY
    assert with_it.offer("openrouter/acme/large").context == 64_000
    assert with_it.offer("openai/gpt-5").prices == plain.offer("openai/gpt-5").prices


def test_what_only_a_snapshot_has_is_of_its_family_too() -> None:
    snapshot = taken(model("anthropic/claude-opus-5.9", supported_parameters=[]))
    offer = Catalogue(snapshot=snapshot).offer("openrouter/anthropic/claude-opus-5.9")
    assert "temperature" in offer.unsupported


def test_drift_names_each_voice_its_figure_and_its_day_and_who_holds() -> None:
    said = {"prompt": "0.000004", "completion": "0.00001"}
    snapshot = taken(model("x-ai/grok-4", pricing=said, context_length=128_000),
                     model("openai/gpt-5", pricing=said, context_length=400_000))  # fmt: skip
    found = {
        (each.offer, each.figure): each
        for each in drift("openrouter", GenaiPrices(), snapshot, shipped(), NOW)
    }
    grok = found["openrouter/x-ai/grok-4", "input"]
    assert [(each.voice, each.value) for each in grok.said] == [("snapshot", "4"), ("overlay", "3")]
    assert grok.holds.checked == date(2026, 11, 21)
    gpt = found["openrouter/openai/gpt-5", "input"]
    assert [(each.voice, each.value) for each in gpt.said] == [("feed", "1.25"), ("snapshot", "4")]
    assert gpt.holds.checked == DAY
    assert ("openrouter/openai/gpt-5", "output") not in found, "both say 10 dollars"
    assert ("openrouter/x-ai/grok-4", "context") in found


def test_drift_between_feed_and_overlay_needs_no_snapshot() -> None:
    found = drift("xai", GenaiPrices(), None, shipped(), NOW)
    named = {(each.offer, each.figure): each for each in found}
    context = named["xai/grok-4.20-multi-agent-0309", "context"]
    assert [(each.voice, each.value) for each in context.said] == [
        ("feed", "1000000"),
        ("overlay", "2000000"),
    ]


def test_where_all_agree_there_is_no_drift() -> None:
    found = [drift(name, GenaiPrices(), None, shipped(), NOW) for name in ("openai", "ollama")]
    assert found == [(), ()]
