"""How often a request is sent, and to whom a conversation returns, through HTTP."""

from pathlib import Path

import pytest

from manymind.canon.values import Json
from tests.flows.several import (
    CHAT,
    FRONTS,
    MESSAGES,
    MODEL,
    RESPONSES,
    Several,
    Upstream,
    priced,
    several,
)

PROMPT = "word " * 1_000_000
"""A million tokens, five megabytes."""

NORTH = Upstream(name="north", models={MODEL: priced("1.00", context=10_000_000)})
SOUTH = Upstream(name="south", models={MODEL: priced("3.00")})


@pytest.mark.parametrize(
    ("settings", "status", "sent"),
    [
        ("", 503, 2),
        ("[retries]\ntokens = 0\n", 503, 1),
        ("[retries]\nattempts = 1\n", 503, 1),
        ("[retries]\ntokens = 100_000_000\nrounds = 2\n", 503, 2),
        ("[retries]\ntokens = 100_000_000\n", 503, 3),
        ("", 504, 1),
        ("[retries]\ngiant_tokens = 100_000_000\n", 504, 1),
        ('[retries]\ngiant_tokens = 100_000_000\ncost_usd = "9"\n', 504, 2),
    ],
)
async def test_a_million_tokens_are_sent_as_often_as_the_policy_allows(
    tmp_path: Path, settings: str, status: int, sent: int
) -> None:
    """The provider answers 503, which is known not to be billed, or 504, which may be, and is
    then booked: five dollars at a dollar a million."""
    async with several(tmp_path, NORTH, settings=settings) as stage:
        stage["north"].always = (status, {"retry-after": "0"}, b"{}")
        words = [{"role": "user", "content": PROMPT}]
        heard = await stage.ask(messages=words)
        assert heard.status in (502, 503, 504)
        assert stage["north"].calls == sent
        assert all(size > 5_000_000 for size in stage["north"].bodies)
        told = heard.headers["x-manymind-attempts"].split(", ")
        assert told == [f"north={heard.status}"] * sent


@pytest.mark.parametrize("path", FRONTS)
async def test_a_header_lowers_the_number_of_attempts_and_does_not_raise_it(
    tmp_path: Path, path: str
) -> None:
    async with several(tmp_path, NORTH, SOUTH) as stage:
        for each in stage.upstreams.values():
            each.always = (503, {"retry-after": "0"}, b"{}")
        for header, value, attempts in (
            ("x-manymind-max-retries", "0", 1),
            ("x-manymind-max-retries", "1", 2),
            ("x-manymind-max-retries", "50", 4),
            ("cf-aig-max-attempts", "2", 2),
        ):
            heard = await stage.ask(path, {header: value})
            assert len(heard.headers["x-manymind-attempts"].split(", ")) == attempts
        for header, value in (
            ("x-manymind-max-retries", "-1"),
            ("x-manymind-max-retries", "many"),
            ("cf-aig-max-attempts", "0"),
            ("cf-aig-max-attempts", "101"),
        ):
            heard = await stage.ask(path, {header: value})
            assert heard.status == 400
            assert header in heard.body.decode()


CACHES = priced("1.00", cached='"0.10"')
TWO = (
    Upstream(name="north", models={MODEL: CACHES}),
    Upstream(name="south", models={MODEL: CACHES}),
)


async def served(stage: Several, path: str = CHAT, **more: object) -> str:
    heard = await stage.ask(path, None, **more)
    assert heard.status == 200, heard.body
    return heard.headers["x-manymind-provider"]


async def conversation(stage: Several, begins: str, path: str, **more: object) -> set[str]:
    """Who answered the turns of a conversation."""
    name = "input" if path == RESPONSES else "messages"
    history: list[object] = [{"role": "user", "content": begins}]
    who: set[str] = set()
    for turn in range(8):
        who.add(await served(stage, path, **{name: history}, **more))
        history.append({"role": "assistant", "content": f"answer {turn}"})
        history.append({"role": "user", "content": f"and {turn}?"})
    return who


@pytest.mark.parametrize("path", FRONTS)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_conversation_returns_to_who_has_its_prompt_in_a_cache(
    tmp_path: Path, path: str, stream: bool
) -> None:
    async with several(tmp_path, *TWO, cached=5) as stage:
        homes = [await conversation(stage, f"talk {n}", path, stream=stream) for n in range(16)]
        assert all(len(who) == 1 for who in homes)
        assert len({each for who in homes for each in who}) == 2, "each has its own"


async def test_a_session_is_the_conversation_where_it_is_named(tmp_path: Path) -> None:
    async with several(tmp_path, *TWO, cached=5) as stage:
        for name in ("session_id", "prompt_cache_key"):
            more = {name: "mine"}
            who = {
                await served(stage, messages=[{"role": "user", "content": f"other {n}"}], **more)
                for n in range(10)
            }
            assert len(who) == 1, name
        wish: Json = {"session_id": "mine", "provider": {"order": ["south", "north"]}}
        assert await served(stage, CHAT, **wish) == "south"


async def test_without_a_cache_nobody_returns(tmp_path: Path) -> None:
    async with several(tmp_path, *TWO) as stage:
        who = [await served(stage) for _ in range(20)]
        assert len(set(who)) == 2
    same = Upstream(name="north", models={MODEL: priced("1.00")})
    twin = Upstream(name="south", models={MODEL: priced("1.00")})
    async with several(tmp_path, same, twin, cached=5) as stage:
        who = [await served(stage) for _ in range(20)]
        assert len(set(who)) == 2, "what is cached is no cheaper there"


async def test_who_is_unwell_is_not_returned_to(tmp_path: Path) -> None:
    async with several(tmp_path, *TWO, cached=5) as stage:
        home = await served(stage, MESSAGES)
        stage[home].fail(503)
        other = await served(stage, MESSAGES)
        assert other != home
        assert await served(stage, MESSAGES) == other, "its cache is warm now"
