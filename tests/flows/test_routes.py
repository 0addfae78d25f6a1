"""Named routes and presets, through the whole program."""

from pathlib import Path

import anyio
import pytest

from manymind.config import ConfigError
from tests.app.stage import configured
from tests.flows.keyed_stage import DOORS, FREE, OPERATOR_KEY, Door, Told, keyed

ROUTES = """
[routes.support]
description = "Answers customers"
models = ["vllm/sim-echo"]

[routes.support.arms.long]
when = { prompt_tokens_min = 2_000 }
models = ["vllm/sim-adder"]

[routes.support.arms.searching]
when.feature = ["search*"]
models = ["vllm/sim-thinker"]

[routes.support.arms.gold]
when = { metadata = { tier = "gold" } }
models = ["vllm/sim-assistant"]

[routes.half]
models = ["vllm/sim-echo"]
[routes.half.arms.trial]
percent = 50
models = ["vllm/sim-adder"]

[routes.sure]
models = ["vllm/sim-echo;fault=503", "openai/sim-echo"]
"""

PRESETS = """
[presets.brief]
model = "vllm/sim-echo"
instructions = "Be brief."
temperature = 0.25
max_output_tokens = 30
tools = [{ type = "function", function = { name = "look_up", parameters = { type = "object" } } }]

[presets.strict]
model = "vllm/sim-echo"
instructions = "Be strict."
temperature = 0
locked = true

[presets.routed]
model = "route/support"
"""

NAMES = [f"{door.name}-{'streamed' if door.streamed else 'whole'}" for door in DOORS]
CHAT = "/v1/chat/completions"


@pytest.mark.parametrize("door", DOORS, ids=NAMES)
async def test_each_dialect_asks_a_route_and_hears_which_it_was(tmp_path: Path, door: Door) -> None:
    async with keyed(tmp_path, ROUTES) as house:
        for prefix in ("route", "dynamic"):
            model = f"{prefix}/support"
            told = await house.post(door.path(model), door.body(model), OPERATOR_KEY)
            assert told.status == 200, told.text
            assert told.headers["x-manymind-route"] == "support"
            assert "x-manymind-arm" not in told.headers
            assert "hello" in told.text
        long = "word " * 9_000
        told = await house.post(door.path(model), door.body(model, long), OPERATOR_KEY)
        assert told.headers["x-manymind-arm"] == "long"
        assert [visit.model for visit in house.arrived] == ["sim-echo", "sim-echo", "sim-adder"]


async def test_conditions_choose_the_arm(tmp_path: Path) -> None:
    async with keyed(tmp_path, ROUTES) as house:

        async def arm(body: dict[str, object], **headers: str) -> str | None:
            told = await house.post(CHAT, body, OPERATOR_KEY, **headers)
            assert told.status == 200, told.text
            return told.headers.get("x-manymind-arm")

        body = Door("chat").body("route/support")
        assert await arm(body) is None
        assert await arm(body, x_manymind_feature="search-help") == "searching"
        assert await arm({**body, "metadata": {"tier": "gold"}}) == "gold"
        assert await arm({**body, "metadata": {"tier": "lead"}}) is None


async def test_whoever_is_known_comes_by_the_same_arm_each_time(tmp_path: Path) -> None:
    async with keyed(tmp_path, ROUTES) as house:

        async def arm(session: str) -> str:
            body = Door("chat").body("route/half")
            told = await house.post(CHAT, body, OPERATOR_KEY, x_manymind_session=session)
            return told.headers.get("x-manymind-arm", "")

        arms = {f"s{n}": await arm(f"s{n}") for n in range(24)}
        assert set(arms.values()) == {"", "trial"}
        assert {session: await arm(session) for session in arms} == arms


async def test_what_each_arm_came_to_stands_in_the_ledger(tmp_path: Path) -> None:
    body = Door("chat").body("route/half")
    async with keyed(tmp_path, ROUTES) as house:
        taken = [
            (await house.post(CHAT, body, OPERATOR_KEY)).headers.get("x-manymind-arm", "")
            for _ in range(24)
        ]
        await house.post(CHAT, Door("chat").body(FREE), OPERATOR_KEY)
        by_arm = await house.get("/v1/manage/usage?by=route&by=arm", OPERATOR_KEY)
        told = {(line["route"], line["arm"]): line["requests"] for line in by_arm.json["data"]}
        assert set(taken) == {"", "trial"}
        assert told == {
            ("", ""): 1,
            ("half", ""): taken.count(""),
            ("half", "trial"): taken.count("trial"),
        }
        rows = await house.get("/v1/manage/logs?arm=trial&limit=100", OPERATOR_KEY)
        assert {row["slug"] for row in rows.json["data"]} == {"vllm/sim-adder"}
        assert len(rows.json["data"]) == taken.count("trial")
        table = await house.get("/v1/manage/logs?format=csv", OPERATOR_KEY)
        head, *lines = table.text.splitlines()
        place = head.split(",").index("arm")
        assert sorted(line.split(",")[place] for line in lines) == sorted([*taken, ""])


async def test_the_next_model_answers_where_the_first_cannot(tmp_path: Path) -> None:
    async with keyed(tmp_path, ROUTES) as house:
        told = await house.post(CHAT, Door("chat").body("route/sure"), OPERATOR_KEY)
        assert told.status == 200, told.text
        assert told.headers["x-manymind-route"] == "sure"
        assert told.json["model"] == "sim-echo"
        assert house.arrived[-1].path == "/v1/chat/completions"
        assert house.arrived[0].status == 503


async def test_routes_are_listed_for_whoever_may_ask_them(tmp_path: Path) -> None:
    async with keyed(tmp_path, ROUTES + PRESETS) as house:
        bound = await house.key(routes=["half"])
        for path in ("/v1/models", "/api/v1/models", "/v1beta/models?pageSize=1000"):
            whole = await house.get(path, OPERATOR_KEY)
            assert "route/support" in whole.text
            assert "route/half" in whole.text
            assert "@preset/brief" in whole.text
            theirs = await house.get(path, bound)
            assert "route/support" not in theirs.text
            assert "route/half" in theirs.text
        shown = await house.get("/v1/models/route/support", OPERATOR_KEY)
        assert shown.json["id"] == "route/support"
        assert (await house.get("/v1/models/route/support", bound)).status == 404
        told = await house.post(CHAT, Door("chat").body("route/nobody"), OPERATOR_KEY)
        assert told.status == 404
        assert "No route nobody" in told.text


@pytest.mark.parametrize("door", DOORS, ids=NAMES)
async def test_a_preset_sets_what_the_caller_did_not(tmp_path: Path, door: Door) -> None:
    async with keyed(tmp_path, ROUTES + PRESETS) as house:
        told = await house.post(
            door.path("@preset/brief"), door.body("@preset/brief"), OPERATOR_KEY
        )
        assert told.status == 200, told.text
        sent = house.arrived[-1].body
        assert sent["temperature"] == 0.25
        assert "Be brief." in str(sent)
        assert "look_up" in str(sent)
        said = door.output(20)
        told = await house.post(
            door.path("@preset/brief"), door.body("@preset/brief", **said), OPERATOR_KEY
        )
        assert told.status == 200, told.text
        assert "20" in str(house.arrived[-1].body)


async def test_what_the_caller_says_wins_unless_the_preset_is_locked(tmp_path: Path) -> None:
    own = [{"role": "system", "content": "Be rude."}, {"role": "user", "content": "Hello"}]
    async with keyed(tmp_path, ROUTES + PRESETS) as house:

        async def ask(model: str, **more: object) -> Told:
            body = {"model": model, "messages": own, "temperature": 1.5, **more}
            told = await house.post("/api/v1/chat/completions", body, OPERATOR_KEY)
            assert told.status == 200, told.text
            return told

        for model, more in (
            ("@preset/brief", {}),
            (f"{FREE}@preset/brief", {}),
            (FREE, {"preset": "brief"}),
        ):
            told = await ask(model, **more)
            sent = house.arrived[-1].body
            assert sent["temperature"] == 1.5
            assert "Be rude." in str(sent)
            assert "Be brief." not in str(sent)
            assert "preset" not in sent
        told = await ask("@preset/strict")
        sent = house.arrived[-1].body
        assert sent["temperature"] == 0
        assert "Be rude." not in str(sent)
        assert "Be strict." in str(sent)
        assert told.headers["x-manymind-dropped-parameters"] == "temperature, instructions"
        told = await ask("@preset/routed")
        assert told.headers["x-manymind-route"] == "support"


async def test_a_preset_that_is_not_there_is_refused(tmp_path: Path) -> None:
    async with keyed(tmp_path, ROUTES + PRESETS) as house:
        for body in (
            Door("chat").body("@preset/nobody"),
            Door("chat").body(FREE, preset="nobody"),
            Door("chat").body("@preset/brief", preset="strict"),
            Door("chat").body(FREE, preset=7),
        ):
            told = await house.post(CHAT, body, OPERATOR_KEY)
            assert told.status in (400, 404)
            assert "preset" in told.text
        assert house.arrived == []


SHADOWED = """
[routes.watched]
models = ["vllm/sim-echo"]
[routes.watched.shadow]
model = "openai/sim-echo;latency=1"
at_once = 2
[routes.all]
models = ["vllm/sim-echo"]
shadow = { model = "openai/sim-echo", unstored = true }
[providers.openai.prices."*"]
input = "1"
output = "1"
context = 10_000
max_output = 1_000
"""


async def test_a_shadow_is_asked_beside_and_never_what_is_not_to_be_stored(
    tmp_path: Path,
) -> None:
    async with keyed(tmp_path, SHADOWED) as house:

        async def models(count: int) -> list[str]:
            with anyio.fail_after(10):
                while len(house.arrived) < count or house.stage.house.shadows.under_way:
                    await anyio.sleep(0.02)
            return sorted(visit.model for visit in house.arrived)

        told = await house.post(CHAT, Door("chat").body("route/watched"), OPERATOR_KEY)
        assert told.json["model"] == "sim-echo"
        assert len(await models(2)) == 2
        await house.post("/v1/responses", Door("responses").body("route/watched"), OPERATOR_KEY)
        assert len(await models(3)) == 3
        await house.post("/v1/responses", Door("responses").body("route/all"), OPERATOR_KEY)
        assert len(await models(5)) == 5
        body = Door("chat").body("route/watched")
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(house.post, CHAT, body, OPERATOR_KEY)
        assert len(await models(11)) == 11  # Two of the four found no room.


async def test_a_shadow_that_has_used_up_its_day_is_left_out(tmp_path: Path) -> None:
    settings = SHADOWED.replace("at_once = 2", 'day_cost_usd = "0.000001"')
    async with keyed(tmp_path, settings) as house:
        told = await house.post(CHAT, Door("chat").body("route/watched"), OPERATOR_KEY)
        assert told.status == 200
        while house.stage.house.shadows.under_way:
            await anyio.sleep(0.02)
        assert len(house.arrived) == 1


@pytest.mark.parametrize(
    ("settings", "line", "said"),
    [
        ("\n[routes.a]\nmodels = []\n", 3, "routes.a.models"),
        ("[routes.a]\nmodels = ['route/b']\n", 2, "a route names models"),
        ("[routes.a]\nmodel = 'x/y'\n", None, "[routes.a] has no setting model"),
        ("[routes.'a/b']\nmodels = ['vllm/x']\n", 1, "a name has letters"),
        (
            "[routes.a]\nmodels = ['vllm/x']\n[routes.a.arms.b]\nmodels = ['vllm/x']\n"
            "when.hours = '9-25'\n",
            5,
            "routes.a.arms.b.when.hours",
        ),
        (
            "[routes.a]\nmodels = ['vllm/x']\n[routes.a.arms.b]\nmodels = ['vllm/x']\n"
            "percent = 60\n[routes.a.arms.c]\nmodels = ['vllm/x']\npercent = 60\n",
            8,
            "120 %",
        ),
        (
            "[routes.a]\nmodels = ['vllm/x']\n[routes.a.arms.b]\nmodels = ['vllm/x']\n"
            "[routes.a.arms.c]\nmodels = ['vllm/x']\n",
            5,
            "it never answers",
        ),
        ("[presets.a]\nmodel = 'route/none'\n", 2, "there is no route none"),
        ("[presets.a]\nmodel = '@preset/b'\n", 2, "not a preset"),
    ],
)
def test_a_bad_route_is_refused_at_the_start(
    tmp_path: Path, settings: str, line: int | None, said: str
) -> None:
    with pytest.raises(ConfigError) as hit:
        configured(tmp_path, settings)
    assert said in str(hit.value)
    if line is not None:
        assert f"manymind.toml:{line}: " in str(hit.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[routes.a]\nmodels = ['manymind/x']\n", ":2: routes.a.models: No model manymind/x"),
        (
            "[routes.a]\nmodels = ['vllm/x']\nprovider = { sort = 'luck' }\n",
            ":3: routes.a.provider",
        ),
        ("[presets.a]\ntools = [{ type = 7 }]\n", "presets.a: tools[0].type"),
    ],
)
async def test_what_only_the_program_can_judge_is_refused_too(
    tmp_path: Path, settings: str, said: str
) -> None:
    with pytest.raises(ConfigError) as hit:
        async with keyed(tmp_path, settings):
            pass
    assert said in str(hit.value)
