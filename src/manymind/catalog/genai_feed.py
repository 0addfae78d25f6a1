"""The package of prices, read when it is first asked.

It takes 0.7 s to import, so that happens when a provider's offers are first wanted, and never for
`--help`. What it knows wrongly, or not at all, stands in `overlay.toml`.
"""

from importlib import import_module

from manymind.catalog.feed import Feed
from manymind.catalog.offers import Offer
from manymind.catalog.sellers import seller


class GenaiPrices:
    """The feed of the genai-prices package."""

    def __init__(self) -> None:
        self._feed: Feed | None = None

    def offers(self, provider: str) -> tuple[Offer, ...]:
        return self._opened().offers(provider) if seller(provider).feed else ()

    def match(self, provider: str, native: str) -> Offer | None:
        return self._opened().match(provider, native) if seller(provider).feed else None

    def _opened(self) -> Feed:
        if self._feed is None:
            feed: Feed = import_module("manymind.catalog.genai").FEED
            self._feed = feed
        return self._feed
