"""The whole program lists more than 400 models, each priced and dated, and as it is billed."""

from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from manymind.canon.usage import Usage
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.prices import cost, price_at
from tests.flows.stage import on_stage

TICKS = 10**10
KEYS = ("DEEPSEEK", "MISTRAL", "GROQ", "TOGETHER", "FIREWORKS", "MOONSHOT", "CEREBRAS", "COHERE")
VENDORS = ("xai", "openai", "anthropic", "gemini", "openrouter", *map(str.lower, KEYS))
Listed = dict[str, Any]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[str]:
    keys = {f"{name}_API_KEY": "sk-none" for name in KEYS}
    async with on_stage(tmp_path, environment=keys) as stage:
        yield stage.url


async def listed(url: str) -> list[Listed]:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        assert reply.status == 200
        return (await reply.json())["data"]


def priced(rows: list[Listed]) -> list[Listed]:
    """Of those that cost what is said of them, and not what the models inside them cost."""
    return [row for row in rows if row["pricing"] and row["pricing"]["prompt"] != "-1"]


@pytest.mark.parametrize("path", ["/v1/models", "/api/v1/models?output_modalities=all"])
async def test_more_than_400_models_have_a_price_a_date_and_a_window(shop: str, path: str) -> None:
    rows = priced(await listed(shop + path))
    vendors = [row for row in rows if not row["id"].startswith(("vllm/", "manymind/"))]
    assert len(vendors) > 400
    for row in vendors:
        assert row["context_length"] > 0, row
        assert Decimal(row["pricing"]["prompt"]) >= 0, row
        seen = row["priced_by"]
        assert seen["name"], row
        assert date(2025, 1, 1) < date.fromisoformat(seen["checked"]) < date(2100, 1, 1), row


async def test_what_is_listed_is_billed_at_below_and_beyond_every_edge(shop: str) -> None:
    catalogue, now, edges = Catalogue(), datetime.now(UTC), 0
    for row in priced(await listed(f"{shop}/api/v1/models?output_modalities=all")):
        changes = [c for c in row["pricing"].get("overrides", ()) if "min_prompt_tokens" in c]
        if not changes:
            continue
        offer = catalogue.find(row["id"], VENDORS)[0]
        price = price_at(offer.prices, now)
        assert price is not None
        dear = Decimal(row["pricing"]["prompt"])
        for change in changes:
            edge, cheap = change["min_prompt_tokens"], dear
            dear = Decimal(change.get("prompt", row["pricing"]["prompt"]))
            for tokens, rate in ((edge - 1, cheap), (edge, cheap), (edge + 1, dear)):
                owed = cost(price, Usage(input_tokens=tokens))
                request = Decimal(row["pricing"].get("request", 0))
                exact = (tokens * rate + request) * TICKS
                assert owed is not None
                assert 0 <= owed - exact < 1, (row["id"], tokens)
            edges += 1
    assert edges > 10
