"""Lists of models, suffixes, and the list of attempts, through HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest

from manymind.canon.values import Json
from manymind.server.simulated.talk import Json as Reply
from tests.flows.several import (
    CHAT,
    FRONTS,
    MESSAGES,
    MODEL,
    OTHER,
    RESPONSES,
    THIRD,
    Upstream,
    priced,
    several,
)

NORTH = Upstream(name="north", models={MODEL: priced("1.00"), THIRD: priced("1.00")})
SOUTH = Upstream(name="south", models={OTHER: priced("2.00")})
BOTH = (NORTH, SOUTH)
MODERATED = json.dumps(
    {"error": {"message": "flagged", "code": 403, "metadata": {"reasons": ["x"]}}}
).encode()
TOO_LONG = b'{"error":{"message":"too long","code":"context_length_exceeded"}}'

LISTS: dict[str, dict[str, Any]] = {
    CHAT: {"models": [MODEL, OTHER]},
    RESPONSES: {"models": [OTHER]},
    MESSAGES: {"fallbacks": [{"model": OTHER}]},
}


@pytest.mark.parametrize("path", FRONTS)
@pytest.mark.parametrize(
    ("status", "body", "seen"),
    [
        (500, b"{}", 502),
        (503, b"{}", 503),
        (429, b"{}", 429),
        (401, b"{}", 502),
        (400, b'{"error":{"message":"not so"}}', 400),
        (400, TOO_LONG, 400),
        (403, MODERATED, 403),
        (404, b"{}", 404),
    ],
)
async def test_any_error_of_a_model_leads_to_the_next_of_the_list(
    tmp_path: Path, path: str, status: int, body: bytes, seen: int
) -> None:
    async with several(tmp_path, *BOTH) as stage:
        stage["north"].fail(status, body=body)
        heard = await stage.ask(path, **LISTS[path])
        assert heard.status == 200, heard.body
        assert heard.headers["x-manymind-attempts"] == f"north={seen}, south=200"
        assert heard.headers["x-manymind-model"].endswith(OTHER)
        assert not {"models", "fallbacks", "route", "provider"} & stage["south"].asked.keys()
        assert stage["south"].asked["model"] == OTHER


@pytest.mark.parametrize(("status", "body"), [(400, b"{}"), (403, MODERATED)])
async def test_without_a_list_a_refusal_is_heard_at_once(
    tmp_path: Path, status: int, body: bytes
) -> None:
    twin = Upstream(name="south", models={MODEL: priced("2.00")})
    async with several(tmp_path, NORTH, twin) as stage:
        stage["north"].always = (status, {}, body)
        heard = await stage.ask(provider={"order": ["north"]})
        assert heard.headers["x-manymind-attempts"] == f"north={status}"
        assert heard.status == status


async def test_the_list_alone_names_the_first_model(tmp_path: Path) -> None:
    async with several(tmp_path, *BOTH) as stage:
        for path in FRONTS:
            heard = await stage.ask(path, model=None, models=[OTHER, MODEL], route="fallback")
            assert heard.headers["x-manymind-provider"] == "south"


async def test_a_name_in_a_list_that_nobody_serves_is_passed_over(tmp_path: Path) -> None:
    async with several(tmp_path, *BOTH) as stage:
        heard = await stage.ask(model="nobody/knows", models=[OTHER])
        assert heard.headers["x-manymind-attempts"] == "south=200"
        refused = await stage.ask(model="nobody/knows", models=["no/more"])
        assert refused.status == 404
        assert "nobody/knows" in refused.body.decode()


async def test_models_that_are_too_small_are_skipped(tmp_path: Path) -> None:
    small = Upstream(name="north", models={MODEL: priced("1.00", context=100)})
    middle = Upstream(name="south", models={OTHER: priced("1.00", context=2_000)})
    large = Upstream(name="east", models={THIRD: priced("1.00", context=50_000)})
    models = [OTHER, THIRD]
    async with several(tmp_path, small, middle, large) as stage:
        words = [{"role": "user", "content": "word " * 500}]
        heard = await stage.ask(messages=words, models=models)
        assert heard.headers["x-manymind-attempts"] == "south=200"
        stage["south"].fail(400, body=TOO_LONG)
        heard = await stage.ask(messages=words, models=models)
        assert heard.headers["x-manymind-attempts"] == "south=400, east=200"
        stage["east"].fail(400, body=TOO_LONG)
        heard = await stage.ask(messages=words, model=THIRD, models=[OTHER])
        assert (heard.status, heard.headers["x-manymind-attempts"]) == (400, "east=400")
        everything = [{"role": "user", "content": "word " * 60_000}]
        heard = await stage.ask(messages=everything, models=models)
        assert heard.status == 400
        assert f"No offer of {MODEL}, {OTHER}, {THIRD} fits 60,000 tokens" in heard.body.decode()


async def test_offers_of_all_models_can_be_sorted_together(tmp_path: Path) -> None:
    cheap = Upstream(name="south", models={OTHER: priced("0.10")})
    async with several(tmp_path, NORTH, cheap) as stage:
        for partition, first in (("model", "north"), ("none", "south")):
            sort = {"by": "price", "partition": partition}
            heard = await stage.ask(models=[OTHER], provider={"sort": sort})
            assert heard.headers["x-manymind-provider"] == first


async def test_suffixes_sort_the_offers_of_a_model(tmp_path: Path) -> None:
    dear = Upstream(name="south", models={MODEL: priced("9.00"), THIRD: priced("9.00")})
    async with several(tmp_path, NORTH, dear) as stage:
        for _ in range(8):
            heard = await stage.ask(model=f"{MODEL}:floor")
            assert heard.headers["x-manymind-provider"] == "north"
            assert stage["north"].asked["model"] == MODEL
        await stage.ask(model=MODEL, provider={"only": ["south"]})
        heard = await stage.ask(model=f"{MODEL}:nitro")
        assert heard.status == 200
        tool: Json = {
            "type": "function",
            "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
        }
        for _ in range(6):
            heard = await stage.ask(
                model=THIRD, tools=[tool], stream=True, provider={"only": ["south"]}
            )
            assert heard.status == 200
        heard = await stage.ask(model=f"{THIRD}:exacto", tools=[tool])
        assert heard.headers["x-manymind-provider"] == "south", "its calls were seen to be good"


async def test_openrouter_gets_the_suffix_and_others_do_not(tmp_path: Path) -> None:
    async with several(tmp_path, openrouter=True) as stage:
        for suffix in ("nitro", "floor", "exacto"):
            heard = await stage.ask(model=f"{MODEL}:{suffix}")
            assert heard.status == 200, heard.body
            assert stage["openrouter"].asked["model"] == f"{MODEL}:{suffix}"


async def test_a_free_variant_is_never_the_model_itself(tmp_path: Path) -> None:
    async with several(tmp_path, *BOTH) as stage:
        for variant in ("free", "batch", "thinking", "extended"):
            heard = await stage.ask(model=f"{MODEL}:{variant}")
            assert heard.status == 404
            assert f"`:{variant}`" in heard.body.decode()
        heard = await stage.ask(model=f"{MODEL}:online")
        assert heard.status == 404
        assert "not there yet" in heard.body.decode()
        assert stage.calls() == {"north": 0, "south": 0}
    async with several(tmp_path, NORTH, openrouter=True) as stage:
        heard = await stage.ask(model=f"{MODEL}:free")
        assert heard.headers["x-manymind-attempts"] == "openrouter=200"
        assert stage["openrouter"].asked["model"] == f"{MODEL}:free"
        heard = await stage.ask(model=f"{MODEL}:batch")
        assert heard.status == 404
        assert stage["north"].calls == 0


def told(body: bytes) -> Reply:
    """The last object of a stream, or a whole reply."""
    lines = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: {")]
    fields = json.loads(lines[-1] if lines else body)
    return fields.get("response", fields)


@pytest.mark.parametrize("path", FRONTS)
@pytest.mark.parametrize("stream", [False, True])
async def test_openrouters_metadata_tells_of_the_attempts(
    tmp_path: Path, path: str, stream: bool
) -> None:
    theirs = path.replace("/v1", "/api/v1")
    headers = {"X-OpenRouter-Metadata": "Enabled"}
    async with several(tmp_path, *BOTH) as stage:
        stage["north"].fail(503)
        heard = await stage.ask(theirs, headers, models=[OTHER], stream=stream)
        metadata = told(heard.body)["openrouter_metadata"]
        assert metadata["requested"] == MODEL
        assert (metadata["strategy"], metadata["attempt"]) == ("fallback", 2)
        assert [(each["provider"], each["status"]) for each in metadata["attempts"]] == [
            ("north", 503),
            ("south", 200),
        ]
        assert metadata["endpoints"]["total"] == 2
        assert [each["selected"] for each in metadata["endpoints"]["available"]] == [False, True]
        assert heard.headers["x-manymind-attempts"] == "north=503, south=200"
        plain = await stage.ask(theirs, stream=stream)
        assert b"openrouter_metadata" not in plain.body
        ours = await stage.ask(path, headers, stream=stream)
        assert b"openrouter_metadata" not in ours.body
        direct = told((await stage.ask(theirs, headers, stream=stream)).body)["openrouter_metadata"]
        assert (direct["strategy"], direct["endpoints"]["total"]) == ("direct", 1)


@pytest.mark.parametrize("path", FRONTS)
async def test_after_the_first_word_nobody_takes_over(tmp_path: Path, path: str) -> None:
    """The stream of the first is cut after its first words: an error ends it, no other model."""
    cut = Upstream(name="north", models={"sim-echo;cut=3": priced("1.00")})
    async with several(tmp_path, cut, SOUTH) as stage:
        heard = await stage.ask(path, model="north/sim-echo;cut=3", models=[OTHER], stream=True)
        assert heard.status == 200
        assert heard.headers["x-manymind-attempts"] == "north=200"
        assert b"error" in heard.body
        assert b"[DONE]" not in heard.body
        assert stage["south"].calls == 0
