"""What an offer costs: at the most beforehand, and exactly afterwards."""

from collections.abc import Mapping
from datetime import UTC, datetime

from manymind.canon.letters import Letter, Weighing
from manymind.canon.ports import Clock, Pricing, Worst
from manymind.canon.requests import HostedTool, Request, UnreadTool
from manymind.canon.usage import Usage
from manymind.canon.values import Ticks
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.offers import Offer
from manymind.catalog.prices import Price, ceiling, cost, price_at, prices_of_day
from manymind.catalog.sizes import Size, bound, most

PLAIN_TIERS = frozenset({"auto", "default", "standard", "standard_only", "flex"})
"""Service tiers that cost no more than the price list says."""

HARMLESS = frozenset(
    {
        "cache_control",
        "chat_template_kwargs",
        "frequency_penalty",
        "logit_bias",
        "min_p",
        "mirostat",
        "modalities",
        "presence_penalty",
        "prompt_cache_retention",
        "repetition_penalty",
        "seed",
        "stop_token_ids",
        "stream_options",
        "tfs_z",
        "thinking",
        "top_a",
        "typical_p",
        "usage",
    }
)
"""Fields without a canonical home that are known not to add to a bill."""


class CataloguePricing(Pricing, Weighing):
    """Prices of the catalogue. `ceilings` are an operator's word on what an unbounded offer
    may cost at the most, by `provider/native` or `provider/native@effort`."""

    def __init__(
        self,
        catalogue: Catalogue,
        clock: Clock,
        *,
        ceilings: Mapping[str, Ticks] | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._ceilings = dict(ceilings or {})

    def worst(self, offer: str, request: Request, size: Size | None = None) -> Worst:
        """The largest prompt that this can be, at the dearest rate it can meet, and the longest
        answer. What nobody can see from here is bounded by the model's window. `size` is what
        someone knows of the prompt already."""
        known = self._catalogue.offer(offer)
        size = size or most(request)
        tokens_in = _window_or(size, known.context)
        per_choice = request.max_output_tokens or known.max_output or known.context or 0
        tokens_out = max(1, request.n or 1) * max(0, per_choice)
        uncounted = "" if known.inner else _uncounted(known, request, size, per_choice)
        reason = "" if known.inner else _unbounded(known, request, uncounted)
        prices = () if known.inner else self._of_today(known.prices)
        ticks = 0
        for each in prices:
            dear = ceiling(each, tokens_in, tokens_out, long_cache=size.long_cache)
            ticks = max(ticks, dear)
        promised = self._ceiling(known, request) if reason else None
        if promised is not None:
            ticks, reason = promised, ""
        return Worst(
            ticks=ticks,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            bounded=not reason,
            reason=reason,
            uncounted=uncounted,
        )

    def bound(self, offer: str, letter: Letter) -> Worst | None:
        """No less than `worst` of the same letter opened, and without opening it; None where it
        holds what only the opening can bound."""
        weight = letter.weigh()
        return None if weight is None else self.worst(offer, letter.outline, bound(weight))

    def cost(self, offer: str, usage: Usage) -> Ticks | None:
        price = self.price(offer)
        return None if price is None else cost(price, usage)

    def unpriced(self, offer: str) -> bool:
        """Whether nobody has put a price or a ceiling on anything of this offer."""
        return not self._ceilings and not self._catalogue.offer(offer).prices

    def inner(self, offer: str) -> bool:
        """Whether the offer's own calls are paid one by one."""
        return self._catalogue.offer(offer).inner

    def price(self, offer: str) -> Price | None:
        """The price list that holds now; None where there is none, or no cost of its own."""
        known = self._catalogue.offer(offer)
        if known.inner or not known.prices:
            return None
        if len(known.prices) == 1:  # Which then holds at any time.
            return known.prices[0]
        return price_at(known.prices, self._moment())

    def _of_today(self, prices: tuple[Price, ...]) -> tuple[Price, ...]:
        """Those that a call may meet. A single one holds at any time."""
        return prices if len(prices) == 1 else prices_of_day(prices, self._moment())

    def _ceiling(self, offer: Offer, request: Request) -> Ticks | None:
        effort = request.reasoning.effort if request.reasoning is not None else None
        return self._ceilings.get(f"{offer.key}@{effort}", self._ceilings.get(offer.key))

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._clock.today(), UTC)


def _window_or(size: Size, window: int | None) -> int:
    if window is None:
        return size.most
    return window if size.opaque else min(size.most, window)


def _unbounded(offer: Offer, request: Request, uncounted: str) -> str:
    """Why the cost of this has no provable maximum, or nothing where it has one. What nobody can
    count may be free all the same, unless it is hidden."""
    if uncounted and _hidden(offer, request):
        return uncounted
    if not offer.prices:
        return "its price is not known"
    reason = uncounted or _dear_field(request)
    return "" if reason and all(map(_free, offer.prices)) else reason


def _uncounted(offer: Offer, request: Request, size: Size, per_choice: int) -> str:
    """The same of its tokens."""
    return _hidden(offer, request) or _endless(offer, size, per_choice)


def _hidden(offer: Offer, request: Request) -> str:
    if offer.unbounded is not None:
        return offer.unbounded
    if request.tools and any(map(_costs, request.tools)):
        return "the provider itself decides how often it calls its tools"
    return ""


def _endless(offer: Offer, size: Size, per_choice: int) -> str:
    if per_choice <= 0:
        return "neither the request nor the catalogue limits its output"
    if size.opaque and offer.context is None:
        return "the request refers to content whose size is not known"
    return ""


def _dear_field(request: Request) -> str:
    if request.service_tier is not None and request.service_tier not in PLAIN_TIERS:
        return "its `service_tier` may cost more than the price list says"
    if request.betas:
        return f"the beta `{request.betas[0][:60]}` may cost more than the price list says"
    unknown = sorted(_unknown(request))
    if unknown:
        return f"the field `{unknown[0][:60]}` may cost more than the price list says"
    return ""


def _unknown(request: Request) -> set[str]:
    """Fields whose meaning nobody here knows. Among them Chat keeps two marks that mean nothing
    by themselves: the older name of the cap on output, and what is left of `provider`."""
    aside = request.aside
    if aside is None:
        return set()
    marks = {"max_tokens"} if aside.dialect == "openai_chat" else set[str]()
    if aside.fields.get("provider") == {}:
        marks.add("provider")
    return aside.fields.keys() - HARMLESS - marks


def _costs(tool: object) -> bool:
    return isinstance(tool, HostedTool | UnreadTool)


def _free(price: Price) -> bool:
    rates = (price.rates, *(tier.rates for tier in price.tiers))
    return price.request == 0 and all(
        not any((each.input, each.output, each.written, each.media_input, each.media_output))
        for each in rates
    )
