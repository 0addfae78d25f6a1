"""`/v1/models`, in the form that whoever asks can read."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from manymind.canon.faults import NoSuchModel
from manymind.canon.values import Json
from manymind.catalog.listing import Row
from manymind.policy.keys import Caller
from manymind.server.exchange import Exchange
from manymind.server.manners import Manners
from manymind.server.routes import Captured, Route


class Listing:
    def __init__(self, models: Callable[[], tuple[Row, ...]]) -> None:
        self._models = models

    def routes(self) -> tuple[Route, ...]:
        houses = (("/v1", Manners()), ("/api/v1", Manners(house="openrouter")))
        return tuple(
            Route(method="GET", path=prefix + path, page=page, manners=manners)
            for prefix, manners in houses
            for path, page in (("/models", self.all), ("/models/{model...}", self.one))
        )

    async def all(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        models = self._models()
        if exchange.header("anthropic-version") is not None:
            body: Json = {
                "data": [_anthropic(model) for model in models],
                "has_more": False,
                "first_id": models[0].id if models else None,
                "last_id": models[-1].id if models else None,
            }
        elif exchange.path.startswith("/api/"):
            body = {
                "data": [_openrouter(model) for model in models],
                "total_count": len(models),
                "links": {"next": None},
            }
        else:
            body = {"object": "list", "data": [_openai(model) for model in models]}
        await exchange.reply(200, msgspec.json.encode(body))

    async def one(self, exchange: Exchange, caller: Caller, captured: Captured) -> None:
        wanted = captured["model"]
        found = next((model for model in self._models() if model.id == wanted), None)
        if found is None:
            raise NoSuchModel(
                f"No model is listed as {wanted[:200]}.",
                advice="GET /v1/models lists those that are.",
                field="model",
            )
        form = _anthropic if exchange.header("anthropic-version") is not None else _openai
        await exchange.reply(200, msgspec.json.encode(form(found)))


def _openai(model: Row) -> Json:
    return {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": model.owner,
        "context_length": model.context,
        "max_output_tokens": model.max_output,
        "pricing": _prices(model),
    }


def _openrouter(model: Row) -> Json:
    return {
        "id": model.id,
        "canonical_slug": model.id,
        "name": model.name,
        "created": model.created,
        "description": "",
        "context_length": model.context,
        "architecture": {
            "modality": "+".join(model.inputs) + "->text",
            "input_modalities": list(model.inputs),
            "output_modalities": ["text"],
            "tokenizer": "Other",
            "instruct_type": None,
        },
        "pricing": _prices(model) or {"prompt": "-1", "completion": "-1"},
        "top_provider": {
            "context_length": model.context,
            "max_completion_tokens": model.max_output,
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": [],
        "supported_voices": None,
        "default_parameters": None,
        "links": {"details": f"/api/v1/models/{model.id}"},
    }


def _anthropic(model: Row) -> Json:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name,
        "created_at": _iso(model.created),
        "max_input_tokens": model.context,
        "max_tokens": model.max_output,
    }


def _prices(model: Row) -> Json | None:
    if model.prompt_price is None or model.completion_price is None:
        return None
    prices: Json = {"prompt": model.prompt_price, "completion": model.completion_price}
    if model.cached_price is not None:
        prices["input_cache_read"] = model.cached_price
    return prices


def _iso(created: int) -> str:
    return datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
