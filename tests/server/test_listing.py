"""Lists of models as the clients of three houses read them."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import aiohttp
import pytest
from anthropic import AsyncAnthropic
from msgspec.structs import replace
from openai import AsyncOpenAI
from openrouter import OpenRouter

from manymind import dialects
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.listing import Row, listing
from manymind.policy.keys import Keys
from manymind.server.door import Application
from manymind.server.guard import Guard
from manymind.server.listing import Listing
from manymind.server.manners import Refusals
from tests.server.stage import Caller
from tests.world import serving

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROVIDERS = ("xai", "openai", "anthropic", "gemini", "openrouter", "manymind")
ROWS = listing(Catalogue(), PROVIDERS, NOW)


class Shop:
    """What is for sale, and how often someone asked for the whole of it."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self.rows = rows
        self.state = 0
        self.asked = 0
        self.threads = set[int]()

    def models(self) -> tuple[Row, ...]:
        self.asked += 1
        self.threads.add(threading.get_ident())
        return self.rows


@asynccontextmanager
async def open_shop(
    shop: Shop | None = None, aliases: dict[str, str] | None = None
) -> AsyncGenerator[Caller]:
    shop = shop or Shop(ROWS)
    page = Listing(shop.models, lambda: shop.state, aliases, NOW.timestamp)
    application = Application(
        Guard("127.0.0.1", (), (), Keys(None)),
        Refusals(dialects.find()),
        page.routes(),
        lambda: "req_1",
    )
    async with serving(application) as url, aiohttp.ClientSession() as session:
        yield Caller(url, session)


async def ids(caller: Caller, query: str) -> list[str]:
    heard = await caller.get(f"/api/v1/models?{query}")
    assert heard.status == 200, heard.body
    return [row["id"] for row in json.loads(heard.body)["data"]]


async def test_openrouters_sdk_reads_list_count_model_endpoints_and_providers() -> None:
    async with (
        open_shop() as caller,
        OpenRouter(api_key="none", server_url=f"{caller.base_url}/api/v1") as client,
    ):
        pages = [await client.models.list_async(limit=300, offset=start) for start in (0, 300, 600)]
        count = await client.models.count_async()
        model = await client.models.get_async(author="x-ai", slug="grok-4")
        offers = await client.endpoints.list_async(author="x-ai", slug="grok-4")
        providers = await client.providers.list_async()
    text = [row.id for row in ROWS if "text" in row.outputs]
    seen = [model.id for page in pages if page is not None for model in page.result.data]
    assert seen == text
    assert count.data.count == len(text) > 300
    assert model.data.reasoning is not None and model.data.reasoning.mandatory
    assert model.data.pricing.overrides is not None
    assert model.data.pricing.overrides[0].min_prompt_tokens == 128_000
    assert model.data.architecture.input_modalities == ["text", "image"]
    assert [offer.tag for offer in offers.data.endpoints] == ["xai", "openrouter"]
    assert {"xai", "openrouter", "manymind"} <= {each.slug for each in providers.data}


async def test_openais_sdk_reads_list_and_model() -> None:
    async with (
        open_shop() as caller,
        AsyncOpenAI(base_url=f"{caller.base_url}/v1", api_key="none") as client,
    ):
        listed = await client.models.list()
        model = await client.models.retrieve("openai/gpt-5")
    assert [each.id for each in listed.data] == [row.id for row in ROWS]
    assert model.shutdown_date == "2026-12-11"


async def test_anthropics_sdk_pages_through_all_models_both_ways() -> None:
    async with (
        open_shop() as caller,
        AsyncAnthropic(base_url=caller.base_url, api_key="none") as client,
    ):
        forth = [model.id async for model in client.models.list(limit=100)]
        first = await client.models.list()
        last = await client.models.list(limit=7, before_id=ROWS[30].id)
        model = await client.models.retrieve("claude-opus-4-8")
    assert forth == [row.id for row in ROWS]
    assert (len(first.data), first.has_more, first.first_id) == (20, True, ROWS[0].id)
    assert [each.id for each in last.data] == [row.id for row in ROWS[23:30]]
    assert (model.id, model.lifecycle, model.max_tokens) == (
        "anthropic/claude-opus-4.8",
        "active",
        128_000,
    )


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "after_id=none/such", "before_id=%00",
              "after_id=x-ai/grok-4&before_id=x-ai/grok-4"],
)  # fmt: skip
async def test_a_page_that_cannot_be_is_refused_with_its_field(query: str) -> None:
    async with open_shop() as caller:
        heard = await caller.get(f"/v1/models?{query}", anthropic_version="2023-06-01")
    assert heard.status == 400
    assert heard.json["type"] == "error"


@pytest.mark.parametrize(
    "name",
    ["x-ai/grok-4", "xai/grok-4-0709", "grok-4-0709", "grok-4", "X-AI/GROK-4", "best"],
)
async def test_a_model_is_found_by_slug_alias_and_its_providers_own_name(name: str) -> None:
    async with open_shop(aliases={"best": "x-ai/grok-4", "lost": "none/such"}) as caller:
        assert (await caller.get(f"/v1/models/{name}")).json["id"] == "x-ai/grok-4"
        heard = await caller.get(f"/api/v1/model/{name}")
        assert json.loads(heard.body)["data"]["id"] == "x-ai/grok-4"
        assert (await caller.get("/v1/models/lost")).status == 404


async def test_filters_narrow_and_orders_order() -> None:
    async with open_shop() as caller:
        cheap = await ids(caller, "max_price=0.2&min_price=0.05&sort=pricing-low-to-high&limit=50")
        dear = await ids(caller, "sort=pricing-high-to-low&limit=3")
        wide = await ids(caller, "context=1000000&sort=context-high-to-low")
        tools = await ids(caller, "supported_parameters=tools,structured_outputs")
        seeing = await ids(caller, "input_modalities=image,audio&model_authors=google")
        drawn = await ids(caller, "output_modalities=image")
        everything = await ids(caller, "output_modalities=all")
        named = await ids(caller, "q=GROK+multi")
        claude = await ids(caller, "arch=claude&providers=anthropic&sort=newest")
    rows = {row.id: row for row in ROWS}
    assert 10 < len(cheap) <= 50
    prices = [Decimal(rows[name].prompt_price or "9") * 1_000_000 for name in cheap]
    assert Decimal("0.05") <= min(prices) and max(prices) <= Decimal("0.2")
    assert not {*dear} & {*cheap}
    windows = [rows[name].context or 0 for name in wide]
    assert windows == sorted(windows, reverse=True) and windows[-1] >= 1_000_000
    assert "openai/gpt-5" in tools and all("tools" in rows[name].parameters for name in tools)
    assert seeing and all(name.startswith("google/") for name in seeing)
    assert "google/gemini-2.5-flash-image" in drawn
    assert {*drawn} < {*everything} == {*rows}
    assert named == ["x-ai/grok-4.20-multi-agent"]
    assert "anthropic/claude-opus-4.8" in claude


async def test_what_nothing_is_known_of_is_refused_and_what_nobody_knows_is_named() -> None:
    async with open_shop() as caller:
        for query in ("category=programming", "zdr=true", "sort=top-weekly", "sort=wealth"):
            heard = await caller.get(f"/api/v1/models?{query}")
            assert heard.status == 400, query
            assert query.partition("=")[0] in json.loads(heard.body)["error"]["message"]
        heard = await caller.get("/api/v1/models/count?colour=red&limit=2&category=")
    assert heard.status == 200
    assert heard.headers["x-manymind-dropped-parameters"] == "colour"


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1e3", "offset=-1", "context=many", "context=" + "9" * 50, "max_price=nan",
     "min_price=-1", "max_price=1e999999999", "min_age_days=Infinity", "q=%ff%fe&limit=x",
     "&".join(f"a{n}=1" for n in range(200))],
)  # fmt: skip
async def test_a_hostile_query_is_a_bad_request(query: str) -> None:
    async with open_shop() as caller:
        heard = await caller.get(f"/api/v1/models?{query}")
    assert heard.status == 400, heard.body


async def test_pages_of_openrouters_list_name_the_next_one() -> None:
    async with open_shop() as caller:
        first = json.loads((await caller.get("/api/v1/models?limit=2&q=grok")).body)
        second = json.loads((await caller.get(first["links"]["next"])).body)
        beyond = json.loads((await caller.get("/api/v1/models?offset=99999")).body)
    assert len(first["data"]) == len(second["data"]) == 2
    assert not {row["id"] for row in first["data"]} & {row["id"] for row in second["data"]}
    assert first["total_count"] == second["total_count"] > 4
    assert (beyond["data"], beyond["links"]["next"]) == ([], None)


async def test_a_variant_that_nobody_sells_has_no_offers_and_no_page() -> None:
    async with open_shop() as caller:
        offers = json.loads((await caller.get("/api/v1/models/x-ai/grok-4:free/endpoints")).body)
        assert offers["data"]["endpoints"] == []
        assert (await caller.get("/api/v1/model/x-ai/grok-4:free")).status == 404
        routed = json.loads((await caller.get("/api/v1/models/x-ai/grok-4:nitro/endpoints")).body)
        assert len(routed["data"]["endpoints"]) == 2
        assert (await caller.get("/api/v1/models/no/such/endpoints")).status == 404


@pytest.mark.parametrize(
    "path", ["/v1/models", "/v1/models/x-ai/grok-4", "/api/v1/models?q=grok", "/api/v1/providers"]
)
async def test_what_a_caller_has_already_is_not_sent_again(path: str) -> None:
    shop = Shop(ROWS)
    async with open_shop(shop) as caller:
        first = await caller.get(path)
        tag = first.headers["etag"]
        again = await caller.get(path, if_none_match=f'"other", W/{tag}')
        other = await caller.get(path, if_none_match='"other"')
        shop.rows, shop.state = (replace(ROWS[0], name="New"), *ROWS[1:]), 1
        changed = await caller.get(path, if_none_match=tag)
    assert (first.status, again.status, other.status, changed.status) == (200, 304, 200, 200)
    assert again.body == b"" and again.headers["etag"] == tag
    assert changed.headers["etag"] != tag


async def test_the_forms_of_two_houses_have_two_tags() -> None:
    async with open_shop() as caller:
        openai = await caller.get("/v1/models")
        anthropic = await caller.get("/v1/models", anthropic_version="2023-06-01")
    assert openai.headers["etag"] != anthropic.headers["etag"]
    assert "anthropic-version" in openai.headers["vary"]


async def test_a_list_is_made_once_for_many_who_ask_at_once() -> None:
    shop = Shop(ROWS)
    async with open_shop(shop) as caller:
        await asyncio.gather(*(caller.get("/v1/models") for _ in range(20)))
        assert shop.asked == 1
        shop.state = 1
        await caller.get("/api/v1/models/count")
    assert shop.asked == 2


async def test_the_list_is_made_beside_the_loop_that_serves_everyone_else() -> None:
    shop = Shop(ROWS)
    async with open_shop(shop) as caller:
        await caller.get("/v1/models")
    assert shop.threads and threading.get_ident() not in shop.threads
