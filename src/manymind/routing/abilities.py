"""What a model is known to refuse or to ignore is left out of a request, and said."""

from typing import Any

from msgspec.structs import replace

from manymind.canon.faults import Unsupported
from manymind.canon.requests import Reasoning, Request
from manymind.catalog.offers import Offer
from manymind.dialects.losses import spelt

_THINKING = "reasoning."


def without(request: Request, offer: Offer) -> tuple[Request, tuple[str, ...]]:
    """The request as this model can take it, and what it lost, in the caller's words. Raises
    `Unsupported` for a caller who can do with no loss: another offer may have all of it."""
    asked = tuple(field for field in offer.unsupported if _asks(request, field))
    if not asked:
        return request, ()
    lost = tuple(_written(request, field) for field in asked)
    if request.require_parameters:
        raise Unsupported(
            f"{offer.slug} cannot take {', '.join(lost)}.",
            advice="Leave them out, do not require all parameters, or ask another model.",
            field=lost[0],
        )
    plain: dict[str, Any] = {field: None for field in asked if not field.startswith(_THINKING)}
    thinking = [field.removeprefix(_THINKING) for field in asked if field.startswith(_THINKING)]
    if thinking and request.reasoning is not None:
        left = replace(request.reasoning, **{field: None for field in thinking})
        plain["reasoning"] = None if _empty(left) else left
    return replace(request, **plain), lost


def _empty(thinking: Reasoning) -> bool:
    left = thinking.aside is not None and thinking.aside.fields
    return not left and replace(thinking, aside=None) == Reasoning()


def _written(request: Request, field: str) -> str:
    """How the caller wrote it. Chat has an older way to name an effort, which stands alone."""
    thinking = request.reasoning
    alone = thinking is not None and thinking.aside is None
    if field == "reasoning.effort" and request.dialect == "openai_chat" and alone:
        return "reasoning_effort"
    return spelt(request, field)


def _asks(request: Request, field: str) -> bool:
    """Whether the caller asked for this. To think is no wish where a model always does."""
    if not field.startswith(_THINKING):
        return getattr(request, field) is not None
    thinking = request.reasoning
    if thinking is None:
        return False
    name = field.removeprefix(_THINKING)
    if name == "enabled":
        return thinking.enabled is False
    return getattr(thinking, name) is not None
