"""Which offers a caller's preferences rule out, and which field it is that does."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from manymind.canon.faults import NoneAllowed
from manymind.canon.preferences import MaxPrice, Preferences
from manymind.catalog.facts import Facts
from manymind.catalog.offers import Offer
from manymind.catalog.prices import MILLION, Price, price_at
from manymind.catalog.sellers import same
from manymind.catalog.titles import title
from manymind.routing.candidates import Candidate

UNSAID = "unknown"
NAMED_MAX = 8

_OPENROUTERS = {
    "alibaba": "qwen",
    "amazon-bedrock": "bedrock",
    "google-ai-studio": "gemini",
    "moonshot-ai": "moonshot",
}
"""Providers that OpenRouter calls by another name than we."""


def means(named: str, provider: str) -> bool:
    """Whether a caller's name of a provider (`OpenAI`, `deepinfra/turbo`) is this one's."""
    spelt = named.strip().lower().replace(" ", "-").partition("/")[0]
    spelt = _OPENROUTERS.get(spelt, spelt)
    return same(spelt, provider) or spelt == title(provider).lower().replace(" ", "-")


def sifted(
    candidates: Sequence[Candidate],
    preferences: Preferences,
    facts: Callable[[str], Facts],
    today: float,
) -> tuple[Candidate, ...]:
    """The candidates that are left. Whoever chooses among providers itself is told the wishes and
    acts on them, so that of ours only `ignore` rules it out. Raises `NoneAllowed` where nobody is
    left, with the field that ruled out each."""
    left: list[Candidate] = []
    ruled_out: dict[str, list[str]] = {}
    for candidate in candidates:
        field = _field_against(candidate, preferences, facts, today)
        if field is None:
            left.append(candidate)
        else:
            ruled_out.setdefault(field, []).append(candidate.served.offer.key)
    if not left:
        raise _nobody(candidates, ruled_out)
    return tuple(left)


def _nobody(candidates: Sequence[Candidate], ruled_out: dict[str, list[str]]) -> NoneAllowed:
    models = ", ".join(dict.fromkeys(each.model for each in candidates))
    why = "; ".join(f"{field} rules out {_listed(who)}" for field, who in ruled_out.items())
    return NoneAllowed(
        f"No offer of {models} is left: {why}.", field=next(iter(ruled_out), "provider")
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED_MAX])
    return shown if len(names) <= NAMED_MAX else f"{shown} and {len(names) - NAMED_MAX} more"


def _field_against(
    candidate: Candidate, wish: Preferences, facts: Callable[[str], Facts], today: float
) -> str | None:
    """The first field that rules an offer out."""
    offer = candidate.served.offer
    provider = offer.provider
    if any(means(name, provider) for name in wish.ignore):
        return "provider.ignore"
    if candidate.chooser:
        return None
    if wish.only and not any(means(name, provider) for name in wish.only):
        return "provider.only"
    bound = wish.order and not wish.allow_fallbacks
    if bound and not any(means(name, provider) for name in wish.order):
        return "provider.order"
    against = _policy_against(offer, wish, facts(provider))
    if against is None and wish.max_price is not None:
        against = _price_against(offer, wish.max_price, today)
    return against


def _policy_against(offer: Offer, wish: Preferences, facts: Facts) -> str | None:
    """What nobody has said of an offer does not hold. A team passes the question on to others, of
    whom nothing can be promised."""
    if wish.zdr and (offer.inner or facts.zdr is not True):
        return "provider.zdr"
    if wish.data_collection == "deny" and (offer.inner or facts.data_collection != "deny"):
        return "provider.data_collection"
    if wish.distillable and (offer.inner or facts.distillable is not True):
        return "provider.enforce_distillable_text"
    if wish.quantizations and (facts.quantization or UNSAID) not in wish.quantizations:
        return "provider.quantizations"
    return None


def _price_against(offer: Offer, cap: MaxPrice, today: float) -> str | None:
    """A price that nobody knows is below no cap."""
    price = price_now(offer, today)
    if price is None:
        return "provider.max_price"
    asked = (
        ("prompt", cap.prompt, price.rates.input),
        ("completion", cap.completion, price.rates.output),
        ("request", None if cap.request is None else cap.request * MILLION, price.request),
    )
    for name, most, rate in asked:
        if most is not None and rate > most:
            return f"provider.max_price.{name}"
    return None


def price_now(offer: Offer, today: float) -> Price | None:
    """The price that holds now; None where it is not known."""
    if len(offer.prices) <= 1:
        return offer.prices[0] if offer.prices else None
    return price_at(offer.prices, datetime.fromtimestamp(today, UTC))
