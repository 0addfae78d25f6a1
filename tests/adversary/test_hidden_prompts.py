"""Nothing that goes out may be bigger than what was reserved for it, wherever it is hidden."""

import json
from pathlib import Path

import pytest

from tests.adversary.bodies import BODIES, objects, tampered
from tests.adversary.stage import Json, facing, replied

LONG = "word " * 100_000
"""More than five cents' worth of tokens at every model that is asked."""


@pytest.mark.parametrize("front", BODIES)
async def test_an_unknown_field_at_any_place_cannot_smuggle_a_long_prompt_past_a_cap(
    tmp_path: Path, front: str
) -> None:
    path, body = BODIES[front]
    async with facing(tmp_path, replied) as stage:
        assert (await stage.post(path, {**body, "max_cost_usd": 0.05})).status == 200
        stage.upstream.visits.clear()
        for place in objects(body):
            changed = tampered(body, place, "mystery", LONG)
            heard = await stage.post(path, {**changed, "max_cost_usd": 0.05})
            assert heard.status in (200, 400, 402), place
            assert all(len(visit.body) < len(LONG) for visit in stage.upstream.visits), place


@pytest.mark.parametrize(
    ("front", "place", "name"),
    [
        ("messages", ("messages", 0, "content", 0), "context"),
        ("messages", ("tools", 0), "input_examples"),
        ("chat", ("messages", 2), "reasoning_content"),
        ("chat", ("response_format", "json_schema"), "description"),
        ("chat", (), "chat_template_kwargs"),
        ("chat", (), "logit_bias"),
        ("responses", ("input", 1, "summary", 0), "text"),
    ],
)
async def test_a_known_field_cannot_do_so_either(
    tmp_path: Path, front: str, place: tuple[str | int, ...], name: str
) -> None:
    path, body = BODIES[front]
    hidden = {"x": LONG} if name in ("chat_template_kwargs", "logit_bias") else LONG
    changed = tampered(body, place, name, [hidden] if name == "input_examples" else hidden)
    async with facing(tmp_path, replied) as stage:
        heard = await stage.post(path, {**changed, "max_cost_usd": 0.05})
        assert (heard.status, stage.upstream.visits) == (402, [])
        assert (await stage.post(path, {**changed, "max_cost_usd": 5})).status == 200


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_a_cap_on_output_counts_however_chat_spells_it(tmp_path: Path, name: str) -> None:
    path, body = BODIES["chat"]
    capped = {**body, "max_tokens": None, name: 50, "max_cost_usd": 0.01}
    async with facing(tmp_path, replied) as stage:
        assert (await stage.post(path, capped)).status == 200
        assert (await stage.post(path, {**capped, name: 100_000})).status == 402
        both = {**capped, "max_tokens": 5, "max_completion_tokens": 100_000}
        assert (await stage.post(path, both)).status == 402
        assert [visit.json["max_completion_tokens"] for visit in stage.upstream.visits] == [50]


DEAR: tuple[Json, ...] = (
    {"service_tier": "priority"},
    {"n": 100_000},
    {"N": 100},
    {"Max_Tokens": 10**6},
    {"web_search_options": {}},
    {"prediction": {"type": "content", "content": "x"}},
    {"extra_body": {"n": 100}},
    {"plugins": [{"id": "web"}]},
    {"tools": [{"type": "web_search"}]},
    {"prompt": {"id": "pmpt_1"}},
    {"conversation": "conv_1"},
    {"previous_response_id": "resp_1"},
)


ROUTED: tuple[Json, ...] = (
    {"models": ["openai/gpt-5.4-pro"]},
    {"provider": {"order": ["dear"]}},
)
"""These are for our own router, which reserves for each attempt what that attempt can cost."""


KEPT_HERE = {"conversation", "previous_response_id"}
"""What they name is looked for among what we keep ourselves, and is not there."""


@pytest.mark.parametrize("front", BODIES)
async def test_what_may_cost_more_than_the_price_list_does_not_go_out_under_a_cap(
    tmp_path: Path, front: str
) -> None:
    path, body = BODIES[front]
    async with facing(tmp_path, replied) as stage:
        for more in DEAR:
            heard = await stage.post(path, {**body, **more, "max_cost_usd": 0.05})
            ours = front == "responses" and not KEPT_HERE.isdisjoint(more)
            assert heard.status in ((400, 404) if ours else (402,)), more
            assert stage.upstream.visits == []


@pytest.mark.parametrize("front", BODIES)
async def test_wishes_about_who_answers_stay_here(tmp_path: Path, front: str) -> None:
    path, body = BODIES[front]
    async with facing(tmp_path, replied) as stage:
        for more in ROUTED:
            heard = await stage.post(path, {**body, **more, "max_cost_usd": 0.05})
            assert heard.status == 200, more
            assert more.keys().isdisjoint(stage.upstream.visits[-1].json)


@pytest.mark.parametrize("front", BODIES)
async def test_a_field_that_is_given_twice_is_sent_as_it_was_judged(
    tmp_path: Path, front: str
) -> None:
    path, body = BODIES[front]
    name = "max_output_tokens" if front == "responses" else "max_tokens"
    first = {"model": "openai/gpt-5.4-pro", name: 900_000, "max_cost_usd": 100}
    twice = (*first.items(), *body.items(), ("max_cost_usd", 0.05))
    written = ",".join(f'"{field}":{json.dumps(value)}' for field, value in twice)
    async with facing(tmp_path, replied) as stage:
        heard = await stage.post(path, f"{{{written}}}".encode())
        assert heard.status == 200
        sent = stage.upstream.visits[-1].body
        assert b"900000" not in sent
        assert b"gpt-5.4-pro" not in sent
        assert b"max_cost_usd" not in sent
