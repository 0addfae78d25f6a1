"""The paths that give vectors: what they refuse, and in which form."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manymind.providers.scripted import Scripted
from tests.server.stage import Terms, calling

PATHS = ("/v1/embeddings", "/api/v1/embeddings", "/client/v4/accounts/x/ai/v1/embeddings")


def asked(**fields: Any) -> dict[str, Any]:
    return {"model": "lengths/any", "input": "four", **fields}


async def answered(body: object, path: str = PATHS[0], terms: Terms | None = None) -> Any:
    async with calling(Scripted("echo"), terms) as caller:
        return await caller.post(path, body)


@pytest.mark.parametrize("path", PATHS)
async def test_vectors_come_whole_and_priceless_ones_without_a_price(path: str) -> None:
    heard = await answered(asked(encoding_format="float"), path)
    assert heard.status == 200
    assert heard.json["data"] == [
        {"object": "embedding", "index": 0, "embedding": [1.0, 1.0, 1.0, 1.0]}
    ]
    assert heard.json["usage"] == {"prompt_tokens": 1, "total_tokens": 1}
    assert heard.json["model"] == "lengths"


async def test_a_price_that_nobody_knows_fits_under_no_cap() -> None:
    heard = await answered(asked(max_cost_usd=1))
    assert heard.status == 402
    assert "its price is not known" in heard.json["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"", 400, None),
        (b"[]", 400, None),
        (b"\xff", 400, None),
        (b"[" * 50_000, 400, None),
        ({}, 400, "model"),
        ({"model": "lengths/any"}, 400, "input"),
        (asked(input=["a", None]), 400, "input[1]"),
        (asked(model="nobody/at-all"), 404, None),
        (asked(model="x" * 5000), 404, None),
        (asked(input="x" * 100_001), 413, None),
    ],
)
async def test_bad_bodies_are_refused_in_openais_form(
    body: object, status: int, param: str | None
) -> None:
    heard = await answered(body)
    assert heard.status == status
    assert heard.json["error"]["message"]
    if param is not None:
        assert heard.json["error"]["param"] == param


async def test_a_key_is_asked_for_and_other_methods_are_refused() -> None:
    assert (await answered(asked(), terms=Terms(key="k"))).status == 401
    async with calling(Scripted("echo")) as caller:
        assert (await caller.get(PATHS[0])).status == 405


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(["model", "input", "dimensions", "encoding_format", "user", "x"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text()),
    )
)
async def test_no_body_is_a_bug(body: dict[str, Any]) -> None:
    heard = await answered(body)
    assert heard.status in (200, 400, 404)
