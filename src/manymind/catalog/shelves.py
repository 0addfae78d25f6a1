"""One provider's offers, found by any spelling of their names."""

from collections.abc import Iterable

from msgspec.structs import replace

from manymind.catalog.offers import Offer


class Shelf:
    """An exact spelling wins over one that only sounds alike (`4.5` and `4-5`, `GPT` and
    `gpt`). What is found carries the name that the provider itself understands."""

    def __init__(self, offers: Iterable[Offer] = ()) -> None:
        self._offers: dict[str, Offer] = {}
        self._exact: dict[str, Offer] = {}
        self._loose: dict[str, Offer] = {}
        self._last: dict[str, list[Offer]] = {}
        for offer in offers:
            self.put(offer)

    @property
    def offers(self) -> tuple[Offer, ...]:
        return tuple(self._offers.values())

    def put(self, offer: Offer) -> None:
        """Place an offer, before any other of the same native name."""
        self._offers[offer.native] = offer
        self._exact[offer.native] = offer
        for name in offer.aliases:
            self._exact.setdefault(name, replace(offer, native=name))
        self._loose[loose(offer.native)] = offer
        for name in offer.aliases:
            self._loose.setdefault(loose(name), self._exact[name])
        if "/" not in offer.native:
            for name in (offer.slug, offer.slug.partition("/")[2]):
                self._loose.setdefault(loose(name), offer)
        last = self._last.setdefault(loose(offer.native.rpartition("/")[2]), [])
        last[:] = [other for other in last if other.native != offer.native] + [offer]

    def find(self, name: str) -> Offer | None:
        return self._exact.get(name) or self._loose.get(loose(name))

    def find_last(self, name: str) -> Offer | None:
        """By the last part of a name that has several, if that is unmistakable."""
        found = self._last.get(loose(name), [])
        return found[0] if len(found) == 1 else None


def loose(name: str) -> str:
    """A name without the differences that only taste makes."""
    return name.lower().replace(".", "-")
