"""What is kept with redaction on: hidden in the database, and whole for its owner; and what of
the settings of redaction is refused."""

import sqlite3
import stat
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest
from openai import AsyncOpenAI

from manymind.app.house import open_house
from manymind.config import ConfigError, Flags, load
from tests.flows.forms import turns, user
from tests.flows.redaction_stage import CANARIES, CARD, MAIL, ON, PEM, WORDS, marks, reached
from tests.flows.stage import Stage, on_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with on_stage(tmp_path, settings=ON) as stage:
        yield stage


@pytest.fixture
async def openai(stage: Stage) -> AsyncGenerator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def kept(folder: Path) -> str:
    """All that stands in the database, whatever table it is in."""
    with sqlite3.connect(folder / "data" / "manymind.db") as database:
        return "\n".join(database.iterdump()) + "".join(
            bytes(value).decode("utf-8", "replace")
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for row in database.execute(f'SELECT * FROM "{table}"')
            for value in row
            if isinstance(value, bytes)
        )


async def test_what_is_kept_is_hidden_and_comes_back(
    tmp_path: Path, stage: Stage, openai: AsyncOpenAI
) -> None:
    first = await openai.responses.create(
        model="vllm/sim-echo", input=f"{WORDS}\n{PEM}", metadata={"by": MAIL}
    )
    async with openai.responses.stream(model="vllm/sim-echo", input=WORDS) as events:
        streamed = await events.get_final_response()
    held = kept(tmp_path)
    assert "[sealed:" in held
    assert [canary for canary in CANARIES if canary in held] == []
    again = await openai.responses.retrieve(first.id)
    assert again.output_text == f"{WORDS}\n{PEM}"
    assert again.metadata == {"by": MAIL}
    told = await openai.responses.retrieve(streamed.id, stream=True)
    words = [event.delta async for event in told if event.type == "response.output_text.delta"]
    assert "".join(words) == WORDS
    items = await openai.responses.input_items.list(first.id)
    assert MAIL in items.model_dump_json()
    second = await openai.responses.create(
        model="vllm/sim-echo", input=f"Again {MAIL}", previous_response_id=first.id
    )
    assert second.output_text == f"Again {MAIL}"
    assert reached(stage) == []
    sent = marks(stage)
    assert set(sent[-1]) == set(sent[0])


async def test_conversations_are_hidden_and_come_back(
    tmp_path: Path, stage: Stage, openai: AsyncOpenAI
) -> None:
    talk = await openai.conversations.create(
        items=[{"type": "message", "role": "user", "content": WORDS}],
        metadata={"for": MAIL},
    )
    heard = await openai.responses.create(
        model="vllm/sim-echo", input=f"And {CARD}?", conversation=talk.id
    )
    assert heard.output_text == f"And {CARD}?"
    held = kept(tmp_path)
    assert [canary for canary in CANARIES if canary in held] == []
    page = await openai.conversations.items.list(talk.id)
    assert page.model_dump_json().count(CARD) == 3
    assert (await openai.conversations.retrieve(talk.id)).metadata == {"for": MAIL}
    amended = await openai.conversations.update(talk.id, metadata={"for": CARD})
    assert amended.metadata == {"for": CARD}
    assert CARD not in kept(tmp_path)
    assert reached(stage) == []


async def test_what_is_not_kept_leaves_nothing(
    tmp_path: Path, stage: Stage, openai: AsyncOpenAI
) -> None:
    await openai.responses.create(model="vllm/sim-echo", input=WORDS)
    await openai.responses.create(model="vllm/sim-echo", input=f"Once {WORDS}", store=False)
    assert kept(tmp_path).count("Once") == 0


SHADOWED = """
[routes.watched]
models = ["vllm/sim-echo"]
shadow = { model = "openai/sim-echo", unstored = true }
[providers.openai.prices."*"]
input = "1"
output = "1"
context = 10_000
max_output = 1_000
"""


async def test_a_shadow_is_an_exit_too(tmp_path: Path) -> None:
    async with (
        on_stage(tmp_path, settings=ON + SHADOWED) as stage,
        AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client,
    ):
        heard = await client.responses.create(model="route/watched", input=WORDS)
        assert heard.output_text == WORDS
        with anyio.fail_after(10):
            while len([visit for visit in stage.simulated.visits if visit.raw]) < 2:
                await anyio.sleep(0.01)
        assert reached(stage) == []


async def test_answers_that_are_given_again_are_hidden_too(tmp_path: Path) -> None:
    settings = f"{ON}[cache]\nenabled = true\n"
    async with (
        on_stage(tmp_path, settings=settings) as stage,
        AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client,
    ):
        for state in ("MISS", "HIT"):
            raw = await client.chat.completions.with_raw_response.create(
                model="vllm/sim-echo",
                messages=turns(user(WORDS)),
                extra_headers={"x-manymind-cache": "true"},
            )
            assert raw.headers["x-manymind-cache"].upper() == state
            assert raw.parse().choices[0].message.content == WORDS
        held = kept(tmp_path)
        assert "[sealed:" in held
        assert [canary for canary in CANARIES if canary in held] == []


async def test_what_was_sealed_is_read_when_redaction_is_off_again(tmp_path: Path) -> None:
    seen = {"MANYMIND_REDACTION_KEY": "an operator's own secret"}
    async with (
        on_stage(tmp_path, settings=ON, environment=seen) as stage,
        AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client,
    ):
        first = await client.responses.create(model="vllm/sim-echo", input=WORDS)
    async with (
        on_stage(tmp_path, environment=seen) as stage,
        AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client,
    ):
        assert (await client.responses.retrieve(first.id)).output_text == WORDS
    assert not (tmp_path / "data" / "redaction.key").exists()


async def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "redaction.key"
    async with on_stage(tmp_path, settings=ON):
        made = file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with on_stage(tmp_path, settings=ON):
        assert file.read_bytes() == made
    assert [each.name for each in file.parent.glob("redaction*")] == [file.name]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('mode = "maybe"', r"redaction\.mode"),
        ('secrets = "hide"', r"redaction\.secrets"),
        ('rules.own.pattern = "("', r"redaction\.rules\.own\.pattern: RE2 does not take it: miss"),
        ('rules.own.pattern = "a(?=b)"', r"redaction\.rules\.own\.pattern: RE2 does not take it"),
        ('rules.emial.action = "off"', r"redaction\.rules\.emial has no pattern.*Built in are"),
        ('rules.email.pattern = "x"', r"redaction\.rules\.email: the name is built in"),
        ('rules."a b".pattern = "x"', r"redaction\.rules\.a b: the name is not made of"),
        ('key_file = "absent"', r"redaction\.key_file is .*absent: No such file"),
        ('key_file = "short"', r"short holds 5 characters; a key needs 16"),
    ],
)
async def test_a_setting_that_cannot_be_kept_is_named(
    tmp_path: Path, settings: str, said: str
) -> None:
    (tmp_path / "short").write_text("short\n")
    file = tmp_path / "manymind.toml"
    mode = "" if settings.startswith("mode") else 'mode = "on"\n'
    file.write_text(f"[redaction]\n{mode}{settings}\n")
    with pytest.raises(ConfigError, match=said):
        config = load(Flags(config=file, data=tmp_path / "data"), {"HOME": str(tmp_path)})
        async with open_house(config):
            pass
