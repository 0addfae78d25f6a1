"""Redaction through the whole program: what reaches vendors, what callers hear, what is kept."""

import json
import sqlite3
import stat
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from manymind.app.house import open_house
from manymind.canon.items import Called
from manymind.canon.requests import Request
from manymind.config import ConfigError, Flags, load
from manymind.policy.redaction.vault import PLACEHOLDER
from manymind.providers.acts import Line, last_words, this_turn
from manymind.server.simulated import Simulated
from tests.flows.forms import chat_weather, given, turns, user
from tests.flows.stage import KEY, TEAM_OF_SIMULATED, Stage, on_stage
from tests.policy.redaction import samples

ON = '[redaction]\nmode = "on"\n'
PROVIDERS = ["openai", "anthropic", "gemini", "openrouter", "vllm", "xai"]

MADE = samples.examples(Random(21))
MAIL, SECRET, CARD, PEM = (MADE[name][1] for name in ("email", "openai_key", "card", "private_key"))
CANARIES = (MAIL, SECRET, CARD, PEM, PEM.replace("\n", "\\n"), json.dumps(CARD)[1:-1])
WORDS = f"Write to {MAIL} about {CARD}, the key being “{SECRET}”, thanks"
HEADER = "x-manymind-redacted"


def mailer(request: Request) -> Sequence[Line]:
    """Calls the tool that it is offered with the caller's own words, once."""
    if this_turn(request):
        return ("It was sent.",)
    arguments = json.dumps({"city": f"{last_words(request)}"})
    return (Called(call_id="call_1", name="weather", arguments=arguments),)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    simulated = Simulated(key=KEY, acts={"sim-mailer": mailer})
    async with on_stage(tmp_path, settings=ON, simulated=simulated) as stage:
        yield stage


@pytest.fixture
async def openai(stage: Stage) -> AsyncGenerator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def reached(stage: Stage, *canaries: str) -> list[str]:
    """What of the canaries came to a vendor, in a body, a path or a header."""
    assert stage.simulated.visits
    seen = " ".join(
        f"{visit.raw.decode()} {json.dumps(visit.body, ensure_ascii=False)} {visit.path} "
        f"{visit.query} {visit.headers}"
        for visit in stage.simulated.visits
    )
    return [canary for canary in canaries or CANARIES if canary in seen]


def marks(stage: Stage) -> list[list[str]]:
    """The placeholders in each body that came to a vendor."""
    bodies = (visit.raw.decode() for visit in stage.simulated.visits if visit.raw)
    return [PLACEHOLDER.findall(body) for body in bodies]


@pytest.mark.matrix(keep=3)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_openai_clients_hear_their_own_words(
    stage: Stage, openai: AsyncOpenAI, provider: str
) -> None:
    model = f"{provider}/sim-echo"
    raw = await openai.chat.completions.with_raw_response.create(
        model=model, messages=turns(user(WORDS))
    )
    assert raw.parse().choices[0].message.content == WORDS
    assert raw.headers[HEADER] == "card=1, email=1, openai_key=1"
    stream = await openai.chat.completions.create(
        model=model, messages=turns(user(WORDS)), stream=True
    )
    pieces = [choice.delta.content or "" async for chunk in stream for choice in chunk.choices]
    assert "".join(pieces) == WORDS
    assert (await openai.responses.create(model=model, input=WORDS)).output_text == WORDS
    async with openai.responses.stream(model=model, input=WORDS) as events:
        kinds = [event.type async for event in events]
        assert (await events.get_final_response()).output_text == WORDS
    assert kinds[-1] == "response.completed"
    assert reached(stage) == []
    assert len({tuple(found) for found in marks(stage) if found}) == 1


@pytest.mark.matrix(keep=3)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_anthropics_client_hears_its_own_words(stage: Stage, provider: str) -> None:
    async with AsyncAnthropic(base_url=stage.url, api_key="none", max_retries=0) as client:
        for system in ("Be brief.", f"You serve {MAIL}."):
            whole = await client.messages.create(
                model=f"{provider}/sim-echo",
                max_tokens=500,
                system=system,
                messages=[{"role": "user", "content": WORDS}],
            )
            assert [block.text for block in whole.content if block.type == "text"] == [WORDS]
            async with client.messages.stream(
                model=f"{provider}/sim-echo",
                max_tokens=500,
                system=system,
                messages=[{"role": "user", "content": WORDS}],
            ) as events:
                assert await events.get_final_text() == WORDS
    assert reached(stage) == []


@pytest.mark.matrix(keep=3)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_arguments_of_tools_are_restored_as_json(
    stage: Stage, openai: AsyncOpenAI, provider: str
) -> None:
    model, words = f"{provider}/sim-mailer", f'{WORDS} "quoted" {PEM}'
    asked = turns(user(words))
    whole = await openai.chat.completions.create(model=model, messages=asked, tools=chat_weather())
    [call] = whole.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert json.loads(call.function.arguments) == {"city": words}
    stream = await openai.chat.completions.create(
        model=model, messages=asked, tools=chat_weather(), stream=True
    )
    pieces = [
        called.function.arguments or ""
        async for chunk in stream
        for choice in chunk.choices
        for called in choice.delta.tool_calls or ()
        if called.function
    ]
    assert json.loads("".join(pieces)) == {"city": words}
    back = {"role": "tool", "tool_call_id": call.id, "content": json.dumps({"seen": PEM})}
    await openai.chat.completions.create(
        model=model,
        messages=turns(user(words), whole.choices[0].message, back),
        tools=chat_weather(),
    )
    assert reached(stage) == []
    first, *_, last = marks(stage)
    assert set(last) == set(first)


async def test_ten_turns_keep_their_placeholders(stage: Stage, openai: AsyncOpenAI) -> None:
    history: list[dict[str, object]] = []
    for n in range(10):
        history.append(user(f"{n}: {WORDS}"))
        heard = await openai.chat.completions.create(
            model="vllm/sim-echo", messages=turns(*history)
        )
        history.append({"role": "assistant", "content": heard.choices[0].message.content})
    assert reached(stage) == []
    last = stage.simulated.visits[-1].raw.decode()
    assert len(PLACEHOLDER.findall(last)) == 3 * 19
    assert len(set(PLACEHOLDER.findall(last))) == 3


FRONTS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": [user(WORDS)]}),
    "responses": ("/v1/responses", {"input": WORDS}),
    "messages": ("/v1/messages", {"messages": [user(WORDS)], "max_tokens": 50}),
    "gemini": (
        "/v1beta/models/vllm/sim-echo:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": WORDS}]}]},
    ),
}


async def post(stage: Stage, path: str, body: object) -> tuple[int, dict[str, str], str]:
    async with aiohttp.ClientSession() as session, session.post(stage.url + path, json=body) as got:
        headers = {name.lower(): value for name, value in got.headers.items()}
        return got.status, headers, await got.text()


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("front", FRONTS)
async def test_a_block_is_told_in_the_callers_dialect(
    tmp_path: Path, front: str, streamed: bool
) -> None:
    path, body = FRONTS[front]
    if front != "gemini":
        body = {**body, "model": "vllm/sim-echo", "stream": streamed}
    elif streamed:
        path = path.replace("generateContent", "streamGenerateContent?alt=sse")
    settings = f'{ON}secrets = "block"\n'
    async with on_stage(tmp_path, settings=settings) as stage:
        before = len(stage.simulated.visits)
        status, _, said = await post(stage, path, body)
        assert status == 400
        assert "openai_key (1)" in said
        assert "email" not in said
        assert not any(canary in said for canary in CANARIES)
        error = json.loads(said)["error"]
        if front in ("chat", "responses"):
            assert error["code"] == "content_blocked"
        elif front == "messages":
            assert error["type"] == "invalid_request_error"
        else:
            assert error["status"] == "INVALID_ARGUMENT"
        assert [v.path for v in stage.simulated.visits if v.raw][before:] == []


async def test_a_flag_is_told_and_changes_nothing(tmp_path: Path) -> None:
    settings = f'{ON}secrets = "flag"\npersonal = "off"\n'
    async with on_stage(tmp_path, settings=settings) as stage:
        path, body = FRONTS["chat"]
        status, headers, said = await post(stage, path, {**body, "model": "vllm/sim-echo"})
        assert (status, headers[HEADER]) == (200, "openai_key=1")
        assert reached(stage, SECRET, MAIL) == [SECRET, MAIL]
        assert json.loads(said)["choices"][0]["message"]["content"] == WORDS


async def test_nothing_is_looked_for_unless_it_is_switched_on(tmp_path: Path) -> None:
    async with on_stage(tmp_path) as stage:
        path, body = FRONTS["chat"]
        _, headers, _ = await post(stage, path, {**body, "model": "vllm/sim-echo"})
        assert HEADER not in headers
        assert reached(stage, SECRET) == [SECRET]
        assert not (tmp_path / "data" / "redaction.key").exists()


async def test_rules_of_ones_own_come_first(tmp_path: Path) -> None:
    settings = (
        f'{ON}personal = "off"\n[redaction.rules.staff]\npattern = "\\\\bMM-[0-9]{{6}}\\\\b"\n'
        'kind = "personal"\naction = "redact"\n[redaction.rules.email]\naction = "redact"\n'
    )
    async with on_stage(tmp_path, settings=settings) as stage:
        path, _ = FRONTS["chat"]
        words = f"Ask MM-123456 or {MAIL}, not {CARD}"
        body = {"model": "vllm/sim-echo", "messages": [user(words)]}
        _, headers, said = await post(stage, path, body)
        assert headers[HEADER] == "email=1, staff=1"
        assert reached(stage, "MM-123456", MAIL, CARD) == [CARD]
        assert json.loads(said)["choices"][0]["message"]["content"] == words


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


async def test_vectors_and_counts_are_exits_too(stage: Stage, openai: AsyncOpenAI) -> None:
    vectors = await openai.embeddings.create(model="openai/sim-embed", input=[WORDS, "plain"])
    assert len(vectors.data) == 2
    async with AsyncAnthropic(base_url=stage.url, api_key="none", max_retries=0) as client:
        counted = await client.messages.count_tokens(
            model="anthropic/sim-echo", messages=[{"role": "user", "content": WORDS}]
        )
    assert counted.input_tokens > 0
    assert {visit.path.rpartition("/")[2] for visit in stage.simulated.visits if visit.raw} >= {
        "embeddings",
        "count_tokens",
    }
    assert reached(stage) == []
    status, _, said = await post(
        stage, "/v1/embeddings", {"model": "openai/sim-embed", "input": [[1, 2]]}
    )
    assert status == 400
    assert "Send the text itself" in said


async def test_a_document_of_the_teams_reaches_no_vendor_and_its_quotes_hold(
    tmp_path: Path,
) -> None:
    quote = f"The keeper of the lamp is reached at {MAIL} or with {SECRET}."
    folder = tmp_path / "shelf"
    folder.mkdir()
    document = f"# Keepers\n\n{quote}\n\nThe lamp burns paraffin.\n"
    (folder / "keeper.md").write_text(document)
    settings = f"{TEAM_OF_SIMULATED}\n[corpus]\nfolders = {json.dumps([str(folder)])}\n{ON}"
    async with (
        on_stage(tmp_path, settings=settings) as stage,
        AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client,
    ):
        heard = await client.responses.create(
            model="manymind/multi-agent", input="How is the keeper of the lamp reached?"
        )
        asked = [found for found in marks(stage) if found]
        assert asked, "agents have read the document"
        assert reached(stage) == []
        assert MAIL in heard.output_text
        message = next(item for item in heard.output if item.type == "message")
        notes = [note for part in message.content for note in getattr(part, "annotations", ())]
        assert notes
        for note in notes:
            more: dict[str, Any] = note.model_extra or {}
            assert more["verified"] is True
            assert more["quote"] in document
            assert heard.output_text[note.start_index : note.end_index].startswith("[[")


async def test_an_answer_is_not_added_to_what_was_asked_of_another(stage: Stage) -> None:
    """Two callers with the same words at once: each has its own vault."""
    async with AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client:
        stolen = next(iter(marks_of(await asked(client, stage, WORDS))))
        heard = await client.chat.completions.create(
            model="vllm/sim-echo", messages=turns(user(f"What is {stolen}?"))
        )
        assert heard.choices[0].message.content == f"What is {stolen}?"
        echoed = await client.responses.create(
            model="vllm/sim-echo", input=given(user(f"What is {stolen}?"))
        )
        assert echoed.output_text == f"What is {stolen}?"


async def asked(client: AsyncOpenAI, stage: Stage, words: str) -> str:
    """What came to the vendor of these words."""
    await client.chat.completions.create(model="vllm/sim-echo", messages=turns(user(words)))
    return stage.simulated.visits[-1].raw.decode()


def marks_of(body: str) -> list[str]:
    return PLACEHOLDER.findall(body)


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
