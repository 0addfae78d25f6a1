"""Redaction through the whole program: what reaches vendors, and what callers hear."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from manymind.policy.redaction.vault import PLACEHOLDER
from manymind.server.simulated import Simulated
from tests.flows.forms import chat_weather, given, turns, user
from tests.flows.redaction_stage import (
    CANARIES,
    CARD,
    MAIL,
    ON,
    PEM,
    SECRET,
    WORDS,
    mailer,
    marks,
    reached,
)
from tests.flows.stage import KEY, TEAM_OF_SIMULATED, Stage, on_stage

PROVIDERS = ["openai", "anthropic", "gemini", "openrouter", "vllm", "xai"]
HEADER = "x-manymind-redacted"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    simulated = Simulated(key=KEY, acts={"sim-mailer": mailer})
    async with on_stage(tmp_path, settings=ON, simulated=simulated) as stage:
        yield stage


@pytest.fixture
async def openai(stage: Stage) -> AsyncGenerator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="none", max_retries=0) as client:
        yield client


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
