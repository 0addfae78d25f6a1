"""Vectors of the simulated provider, by OpenAI's own SDK."""

from math import isclose

import openai
import pytest
from openai import AsyncOpenAI

from manymind.server.simulated import Simulated
from manymind.server.simulated.vectors import vector
from tests.server.simulating import Json, simulating
from tests.world import serving


async def test_the_same_text_has_the_same_vector_in_either_form() -> None:
    async with serving(Simulated()) as url, AsyncOpenAI(base_url=url, api_key="k") as client:
        packed = await client.embeddings.create(model="sim-embed", input=["a", "b", "a"])
        plain = await client.embeddings.create(
            model="sim-embed", input=["a"], encoding_format="float"
        )
        first, second, third = (each.embedding for each in packed.data)
        assert first == third == plain.data[0].embedding == list(vector("a"))
        assert first != second
        assert isclose(sum(number * number for number in first), 1, rel_tol=1e-6)
        assert packed.usage.prompt_tokens == 3
        short = await client.embeddings.create(model="sim-embed", input="a", dimensions=3)
        assert len(short.data[0].embedding) == 3
        ids = await client.embeddings.create(model="sim-embed", input=[[1, 2], [3]])
        assert (len(ids.data), ids.usage.prompt_tokens) == (2, 3)


REFUSED: list[Json] = [
    {},
    {"input": ""},
    {"input": []},
    {"input": ["a", ""]},
    {"input": ["a", 1]},
    {"input": [[]]},
    {"input": 7},
    {"input": "a", "dimensions": 0},
    {"input": "a", "encoding_format": "hex"},
    {"input": ["a"] * 2049},
]


@pytest.mark.parametrize("sent", REFUSED)
async def test_what_openai_refuses_is_refused(sent: Json) -> None:
    async with simulating() as client:
        came = await client.post("/v1/embeddings", {"model": "sim-embed", **sent})
        assert came.status == 400
        assert came.json["error"]["type"] == "invalid_request_error"


async def test_knobs_and_models_hold_here_too() -> None:
    async with (
        serving(Simulated()) as url,
        AsyncOpenAI(base_url=url, api_key="k", max_retries=0) as client,
    ):
        with pytest.raises(openai.RateLimitError):
            await client.embeddings.create(model="sim-embed;fault=429", input="a")
        with pytest.raises(openai.NotFoundError):
            await client.embeddings.create(model="sim-echo", input="a")
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(model="sim-embed", messages=[])
        told = await client.embeddings.create(model="sim-embed;input_tokens=99", input="a")
        assert told.usage.prompt_tokens == 99
