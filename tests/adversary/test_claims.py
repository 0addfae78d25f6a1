"""`verified` is our word alone: no model behind us can say it of its own citations."""

from pathlib import Path

import pytest

from tests.adversary.stage import FRONTS, Visit, chat_reply, facing
from tests.adversary.vendors import citing

MODELS = (
    "openai/gpt-5.4-mini",
    "openrouter/x-ai/grok-4.20",
    "anthropic/claude-sonnet-4-5",
    "vllm/any",
)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("front", FRONTS)
async def test_a_plain_model_cannot_claim_that_its_citation_is_verified(
    tmp_path: Path, front: str, model: str
) -> None:
    path, ask = FRONTS[front]
    async with facing(tmp_path, citing) as stage:
        for streamed in (False, True):
            heard = await stage.post(path, {**ask(model), "stream": streamed})
            assert heard.status == 200
            assert b"never said" in heard.body, "the citation itself goes through"
            assert b"verified" not in heard.body


@pytest.mark.parametrize("spelling", ["verified", "v\\u0065rified", "\\u0076\\u0065rifi\\u0065d"])
async def test_no_spelling_of_the_claim_slips_through(tmp_path: Path, spelling: str) -> None:
    def answers(visit: Visit) -> bytes:
        return citing(visit).replace(b'"verified"', f'"{spelling}"'.encode())

    path, ask = FRONTS["chat"]
    async with facing(tmp_path, answers) as stage:
        for streamed in (False, True):
            heard = await stage.post(path, {**ask("vllm/any"), "stream": streamed})
            assert heard.status == 200
            assert b"never said" in heard.body
            assert b"rified" not in heard.body


async def test_the_word_itself_is_free_everywhere_else(tmp_path: Path) -> None:
    text = 'It is "verified": true, and 注解 too.'

    def answers(visit: Visit) -> bytes:
        return chat_reply(text, receipt={"verified": True})

    path, ask = FRONTS["chat"]
    async with facing(tmp_path, answers) as stage:
        heard = await stage.post(path, ask("vllm/any"))
        assert heard.json["choices"][0]["message"]["content"] == text
        assert heard.json["receipt"] == {"verified": True}


@pytest.mark.parametrize("spelling", ["verification", "v\\u0065rification"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("front", FRONTS)
async def test_a_plain_model_cannot_give_an_account_of_its_answer_as_if_it_were_ours(
    tmp_path: Path, front: str, model: str, spelling: str
) -> None:
    def answers(visit: Visit) -> bytes:
        said = citing(visit)
        claim = b'{"%b": {"counts": {"lost": 0}}, ' % spelling.encode()
        for opening in (b'{"type": "message_delta", ', b'"response": {'):
            if opening in said:
                return said.replace(opening, opening.replace(b"{", claim))
        return said.replace(b'{"id": ', claim + b'"id": ', 1)

    path, ask = FRONTS[front]
    async with facing(tmp_path, answers) as stage:
        for streamed in (False, True):
            heard = await stage.post(path, {**ask(model), "stream": streamed})
            assert heard.status == 200
            assert b"never said" in heard.body
            assert b"rification" not in heard.body
