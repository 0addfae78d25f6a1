"""How a caller wants its offer chosen: OpenRouter's `provider` object, in our words."""

from msgspec import Struct

from manymind.canon.values import Ticks


class Cutoffs(Struct, frozen=True, kw_only=True):
    """Figures that an offer should keep to, by percentile. Of a latency the p90 is what nine of
    ten stay below; of a throughput, what nine of ten reach."""

    p50: float | None = None
    p75: float | None = None
    p90: float | None = None
    p99: float | None = None


class MaxPrice(Struct, frozen=True, kw_only=True):
    """What an offer may cost: `prompt` and `completion` in ticks for a million tokens, `request`
    and `image` in ticks for one."""

    prompt: Ticks | None = None
    completion: Ticks | None = None
    request: Ticks | None = None
    image: Ticks | None = None


class Preferences(Struct, frozen=True, kw_only=True):
    """None and empty mean that the caller did not say. Names are providers', as the caller wrote
    them.

    `sort` is price, throughput, latency or exacto; `apart` says that each model's offers are
    sorted by themselves, and not those of all models of the request together. `min_throughput`
    is in tokens a second and `max_latency` in seconds to the first word: an offer that does not
    keep to them comes later, and is not left out.
    """

    order: tuple[str, ...] = ()
    allow_fallbacks: bool = True
    data_collection: str | None = None
    zdr: bool = False
    distillable: bool = False
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    quantizations: tuple[str, ...] = ()
    sort: str | None = None
    apart: bool = True
    min_throughput: Cutoffs | None = None
    max_latency: Cutoffs | None = None
    max_price: MaxPrice | None = None


NO_PREFERENCES = Preferences()
