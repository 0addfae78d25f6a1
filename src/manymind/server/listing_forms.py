"""One model of a list, in the form of each house."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

import msgspec

from manymind.canon.values import Json
from manymind.catalog.kinds import kind
from manymind.catalog.listing import Row
from manymind.catalog.offers import Offer
from manymind.catalog.tariffs import Tariff
from manymind.store.endpoint_figures import Figures

UNSEEN = Figures()

ROUTED: Json = {"prompt": "-1", "completion": "-1"}
"""So OpenRouter writes the price of what has none of its own."""


def openai(row: Row) -> Json:
    return {
        "id": row.id,
        "object": "model",
        "created": row.created,
        "owned_by": row.owner,
        "shutdown_date": _day(row.retires),
        "context_length": row.context,
        "max_output_tokens": row.max_output,
        "pricing": pricing(row.tariff),
        "priced_by": priced_by(row.offers),
    }


def anthropic(row: Row) -> Json:
    return {
        "type": "model",
        "id": row.id,
        "display_name": row.name,
        "created_at": _moment(datetime.fromtimestamp(row.created, UTC)),
        "lifecycle": "deprecated" if row.deprecated or row.retires else "active",
        "retires_at": row.retires and _moment(datetime.combine(row.retires, time(), UTC)),
        "max_input_tokens": row.context,
        "max_tokens": row.max_output,
    }


def openrouter(row: Row) -> Json:
    told: Json = {
        "id": row.id,
        "canonical_slug": row.id,
        "name": row.name,
        "created": row.created,
        "description": "",
        "context_length": row.context,
        "architecture": architecture(row),
        "pricing": pricing(row.tariff) or ROUTED,
        "priced_by": priced_by(row.offers),
        "top_provider": {
            "context_length": row.context,
            "max_completion_tokens": row.max_output,
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": list(row.parameters),
        "supported_voices": None,
        "default_parameters": None,
        "knowledge_cutoff": row.knowledge,
        "expiration_date": _day(row.retires),
        "links": {"details": f"/api/v1/models/{row.id}/endpoints"},
    }
    if row.efforts or "reasoning" in row.parameters or "reasoning.enabled" in row.unsupported:
        told["reasoning"] = {
            "mandatory": "reasoning.enabled" in row.unsupported,
            "supported_efforts": list(row.efforts) or None,
        }
    return told


def architecture(row: Row) -> Json:
    return {
        "modality": f"{'+'.join(row.inputs)}->{'+'.join(row.outputs)}",
        "input_modalities": list(row.inputs),
        "output_modalities": list(row.outputs),
        "tokenizer": kind(row.id),
        "instruct_type": None,
    }


def endpoint(
    row: Row, offer: Offer, tariff: Tariff | None, title: str, figures: Figures = UNSEEN
) -> Json:
    """An offer of a model. What nobody measures here, or saw of late, is null."""
    takes = "tool_choice" in offer.parameters
    return {
        "name": f"{title} | {offer.native}",
        "model_id": row.id,
        "model_name": row.name,
        "context_length": offer.context or 0,
        "pricing": pricing(tariff) or ROUTED,
        "priced_by": priced_by((offer,)),
        "provider_name": title,
        "tag": offer.provider,
        "quantization": None,
        "max_completion_tokens": offer.max_output,
        "max_prompt_tokens": offer.context,
        "supported_parameters": list(offer.parameters),
        "native_tools": {},
        "service_tier": None,
        "status": 0,
        "supports_diarization": False,
        "supports_implicit_caching": tariff is not None and tariff.input_cache_read is not None,
        "supports_tool_choice": {
            "auto": takes,
            "function": takes,
            "none": takes,
            "required": takes,
        },
        "latency_last_30m": figures.latency and msgspec.to_builtins(figures.latency),
        "throughput_last_30m": figures.throughput and msgspec.to_builtins(figures.throughput),
        "uptime_last_5m": figures.uptime_5m,
        "uptime_last_30m": figures.uptime_30m,
        "uptime_last_1d": figures.uptime_1d,
    }


def pricing(tariff: Tariff | None) -> Json | None:
    return None if tariff is None else msgspec.to_builtins(tariff)


def priced_by(offers: Sequence[Offer]) -> Json | None:
    """Where the price of the first offer stands, and on which day somebody saw it there."""
    source = offers[0].priced_by if offers and offers[0].prices else None
    return None if source is None else {"name": source.name, "checked": _day(source.checked)}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
