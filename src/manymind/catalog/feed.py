"""Where offers come from."""

from typing import Protocol

from manymind.catalog.offers import Offer


class Feed(Protocol):
    """A source of offers."""

    def offers(self, provider: str) -> tuple[Offer, ...]:
        """All that it knows of a provider, which may be nothing."""
        ...

    def match(self, provider: str, native: str) -> Offer | None:
        """The offer that a dated or otherwise unlisted spelling means."""
        ...
