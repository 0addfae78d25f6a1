"""Each field of OpenRouter's `provider` object decides who is asked, on every path; what cannot be
met or read is refused with the field's name."""

from pathlib import Path

import pytest

from manymind.canon.values import Json
from tests.flows.several import CHAT, FRONTS, MESSAGES, MODEL, RESPONSES, Upstream, priced, several
from tests.server.stage import Heard


def house(name: str, dollars: str = "1.00", settings: str = "") -> Upstream:
    return Upstream(name=name, settings=settings, models={MODEL: priced(dollars)})


THREE = (
    house("north", "1.00", 'zdr = true\ndata_collection = "deny"\nquantization = "fp8"'),
    house("south", "2.00", "distillable = true"),
    house("east", "50.00"),
)


def tried(heard: Heard) -> list[str]:
    return [each.partition("=")[0] for each in heard.headers["x-manymind-attempts"].split(", ")]


CHOSEN: tuple[tuple[Json, list[str]], ...] = (
    ({"order": ["east"]}, ["east"]),
    ({"order": ["South", "east"]}, ["south"]),
    ({"only": ["east"]}, ["east"]),
    ({"ignore": ["north", "south"]}, ["east"]),
    ({"ignore": ["north"], "sort": "price"}, ["south"]),
    ({"sort": "price"}, ["north"]),
    ({"sort": {"by": "price", "partition": "model"}}, ["north"]),
    ({"zdr": True}, ["north"]),
    ({"data_collection": "deny"}, ["north"]),
    ({"data_collection": "allow", "only": ["east"]}, ["east"]),
    ({"enforce_distillable_text": True}, ["south"]),
    ({"quantizations": ["fp8", "fp4"]}, ["north"]),
    ({"quantizations": ["unknown"], "sort": "price"}, ["south"]),
    ({"max_price": {"prompt": 1.5}}, ["north"]),
    ({"max_price": {"completion": "2"}, "ignore": ["north"]}, ["south"]),
    ({"max_price": {"prompt": 3, "request": 0, "image": 0}, "ignore": ["north"]}, ["south"]),
    ({"zdr": False, "enforce_distillable_text": None, "order": ["east"]}, ["east"]),
)


@pytest.mark.parametrize("path", FRONTS)
async def test_each_field_decides_who_is_asked(tmp_path: Path, path: str) -> None:
    async with several(tmp_path, *THREE) as stage:
        for provider, expected in CHOSEN:
            heard = await stage.ask(path, provider=provider)
            assert heard.status == 200, heard.body
            assert tried(heard) == expected, provider
            assert heard.headers["x-manymind-provider"] == expected[0]
            assert "x-manymind-dropped-parameters" not in heard.headers
            assert "provider" not in stage[expected[0]].asked


REFUSED: tuple[tuple[Json, str, str], ...] = (
    ({"only": ["west"]}, "provider.only", "north/lab/one, south/lab/one, east/lab/one"),
    ({"ignore": ["north", "south", "east"]}, "provider.ignore", "east"),
    ({"order": ["west"], "allow_fallbacks": False}, "provider.order", "north"),
    ({"zdr": True, "ignore": ["north"]}, "provider.zdr", "south/lab/one, east/lab/one"),
    ({"data_collection": "deny", "only": ["east"]}, "provider.data_collection", "east"),
    ({"enforce_distillable_text": True, "only": ["east"]}, "enforce_distillable_text", "east"),
    ({"quantizations": ["int4"]}, "provider.quantizations", "north"),
    ({"max_price": {"prompt": 0.5}}, "provider.max_price.prompt", "north"),
    ({"max_price": {"completion": 0.5}}, "provider.max_price.completion", "north"),
)


@pytest.mark.parametrize("path", FRONTS)
async def test_who_leaves_nobody_hears_which_field_ruled_out_whom(
    tmp_path: Path, path: str
) -> None:
    async with several(tmp_path, *THREE) as stage:
        for provider, field, whom in REFUSED:
            heard = await stage.ask(path, provider=provider)
            assert heard.status == 404, provider
            text = heard.body.decode()
            assert field in text, text
            assert whom in text, text
            assert f"No offer of {MODEL} is left" in text
        assert sum(stage.calls().values()) == 0


WRONG: tuple[tuple[Json, str], ...] = (
    ({"provider": []}, "provider"),
    ({"provider": {"order": "north"}}, "provider.order"),
    ({"provider": {"order": [1]}}, "provider.order[0]"),
    ({"provider": {"order": [""]}}, "provider.order[0]"),
    ({"provider": {"only": ["x"] * 65}}, "provider.only"),
    ({"provider": {"ignore": {}}}, "provider.ignore"),
    ({"provider": {"allow_fallbacks": "no"}}, "provider.allow_fallbacks"),
    ({"provider": {"require_parameters": 1}}, "provider.require_parameters"),
    ({"provider": {"data_collection": "maybe"}}, "provider.data_collection"),
    ({"provider": {"zdr": "yes"}}, "provider.zdr"),
    ({"provider": {"enforce_distillable_text": 0}}, "provider.enforce_distillable_text"),
    ({"provider": {"quantizations": ["fp7"]}}, "provider.quantizations[0]"),
    ({"provider": {"sort": "beauty"}}, "provider.sort"),
    ({"provider": {"sort": 3}}, "provider.sort"),
    ({"provider": {"sort": {"by": "beauty"}}}, "provider.sort.by"),
    ({"provider": {"sort": {"by": "price", "partition": "all"}}}, "provider.sort.partition"),
    ({"provider": {"preferred_min_throughput": "fast"}}, "provider.preferred_min_throughput"),
    ({"provider": {"preferred_max_latency": -1}}, "provider.preferred_max_latency"),
    ({"provider": {"preferred_max_latency": {"p95": 1}}}, "provider.preferred_max_latency"),
    ({"provider": {"max_price": 1}}, "provider.max_price"),
    ({"provider": {"max_price": {"prompt": "cheap"}}}, "provider.max_price.prompt"),
    ({"provider": {"max_price": {"completion": -1}}}, "provider.max_price.completion"),
    ({"provider": {"max_price": {"image": True}}}, "provider.max_price.image"),
    ({"models": "lab/two"}, "models"),
    ({"models": [None]}, "models[0]"),
    ({"models": ["x"] * 17}, "models"),
    ({"route": "scenic"}, "route"),
)


@pytest.mark.parametrize("path", FRONTS)
async def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, path: str) -> None:
    async with several(tmp_path, house("north")) as stage:
        for more, field in WRONG:
            heard = await stage.ask(path, **more)
            assert heard.status == 400, more
            assert field in heard.body.decode(), (field, heard.body)
        assert stage["north"].calls == 0


async def test_without_a_wish_the_cheap_are_asked_more_often(tmp_path: Path) -> None:
    """One at a dollar, one at two: four in five go to the first; the dear one hardly ever."""
    async with several(tmp_path, *THREE) as stage:
        for _ in range(60):
            assert (await stage.ask()).status == 200
        calls = stage.calls()
    assert calls["north"] > calls["south"] > 0
    assert calls["east"] <= 3


async def test_the_others_stand_in_unless_that_is_forbidden(tmp_path: Path) -> None:
    async with several(tmp_path, *THREE) as stage:
        stage["south"].fail(500)
        heard = await stage.ask(provider={"order": ["south"]})
        assert tried(heard) == ["south", "north"]
        assert heard.headers["x-manymind-attempts"] == "south=502, north=200"
        stage["south"].fail(400)
        heard = await stage.ask(provider={"order": ["south"], "allow_fallbacks": False})
        assert (heard.status, heard.headers["x-manymind-attempts"]) == (400, "south=400")
        for name in ("north", "south"):
            stage[name].fail(401)
        heard = await stage.ask(provider={"order": ["south", "north"], "allow_fallbacks": False})
        assert heard.headers["x-manymind-attempts"] == "south=502, north=502"
        stage["north"].fail(401)
        heard = await stage.ask(provider={"sort": "price", "allow_fallbacks": False})
        assert (heard.status, tried(heard)) == (502, ["north"]), "only the best is asked"


async def test_parameters_can_be_required(tmp_path: Path) -> None:
    """Messages has no field for a seed, so that provider is passed over."""
    houses = (house("north", "1.00", 'dialect = "anthropic_messages"'), house("south", "2.00"))
    async with several(tmp_path, *houses) as stage:
        loose = await stage.ask(seed=7, provider={"order": ["north"]})
        assert loose.headers["x-manymind-provider"] == "north"
        assert loose.headers["x-manymind-dropped-parameters"] == "seed"
        strict = await stage.ask(seed=7, provider={"order": ["north"], "require_parameters": True})
        assert strict.headers["x-manymind-attempts"] == "north=400, south=200"
        refused = await stage.ask(seed=7, provider={"only": ["north"], "require_parameters": True})
        assert refused.status == 400
        assert "seed" in refused.body.decode()


async def test_a_field_of_provider_that_nobody_knows_is_told(tmp_path: Path) -> None:
    async with several(tmp_path, house("north")) as stage:
        heard = await stage.ask(provider={"order": ["north"], "vibe": "good"})
        assert heard.status == 200


async def test_speed_is_measured_and_sorted_by(tmp_path: Path) -> None:
    """The slow one is cheap; who asks for speed goes to the quick one, and so does who prefers
    it; what is preferred rules nobody out."""
    houses = (house("north", "1.00"), house("south", "9.00"))
    async with several(tmp_path, *houses) as stage:
        await stage.ask(provider={"only": ["south"]})
        for wish in ({"sort": "latency"}, {"sort": "throughput"}):
            heard = await stage.ask(provider=wish)
            assert tried(heard) == ["south"], "what was measured comes before what was not"
        for wish in (
            {"preferred_max_latency": 1e-9, "only": ["south"]},
            {"preferred_min_throughput": {"p90": 1e9}, "only": ["south"]},
        ):
            assert tried(await stage.ask(provider=wish)) == ["south"]
        for wish in (
            {"preferred_max_latency": {"p50": 1e-9}, "order": ["south"]},
            {"preferred_min_throughput": 1e9},
        ):
            first = tried(await stage.ask(provider=wish))[0]
            assert first == ("south" if "order" in wish else "north")


async def test_wishes_go_on_to_openrouter_as_they_came(tmp_path: Path) -> None:
    wish = {"zdr": True, "order": ["deepinfra"], "vibe": 1}
    async with several(tmp_path, openrouter=True) as stage:
        for path in (CHAT, RESPONSES, MESSAGES):
            heard = await stage.ask(path, provider=wish)
            assert heard.status == 200, heard.body
            assert stage["openrouter"].asked["provider"] == wish
        refused = await stage.ask(provider={"ignore": ["openrouter"]})
        assert refused.status == 404
        assert "provider.ignore" in refused.body.decode()


async def test_a_strict_wish_that_openrouter_would_not_hear_is_refused(tmp_path: Path) -> None:
    """Google's dialect goes to OpenRouter as Chat, and leaves `provider` behind."""
    body = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    async with several(tmp_path, openrouter=True) as stage:
        path = "/v1beta/models/lab/one:generateContent"
        strict = await stage.caller.post(path, {**body, "provider": {"zdr": True}})
        assert strict.status == 400
        assert "provider" in strict.body.decode()
        loose = await stage.caller.post(path, {**body, "provider": {"sort": "price"}})
        assert loose.status == 200
        assert stage["openrouter"].calls == 1
