"""All that is for sale, by any name that people call it."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from manymind.catalog import families
from manymind.catalog.feed import Feed
from manymind.catalog.genai_feed import GenaiPrices
from manymind.catalog.offers import Offer
from manymind.catalog.overlay import Overlay, shipped
from manymind.catalog.prices import Price
from manymind.catalog.sellers import SELLERS, provider_of, same, seller
from manymind.catalog.shelves import Shelf
from manymind.catalog.snapshot import Snapshot

VARIANTS = frozenset(
    ["free", "nitro", "floor", "online", "thinking", "extended", "exacto", "batch"]
)
"""Suffixes after a colon that belong to OpenRouter's names."""

NAME_MAX = 256
"""Longer than the name of any model. What is longer is not sent on, logged or compared."""

LOOKED_UP_MAX = 4096
"""So many offers are remembered by their keys, of which callers may make up any number."""


class Catalogue:
    """`aliases` are the operator's own names for models, and `usual` their word on the terms of
    those models of a provider that nobody has described. Each provider's shelf is filled when it
    is first asked for; `warm` does so beforehand, outside the event loop. `version` grows with
    each change, so that what was made of the catalogue can be told from what would be.

    What is known of an offer is laid over one another, the surest last: the feed, the rules of
    its family, the operator's snapshot, our overlay, and what is added while the program runs.
    """

    def __init__(
        self,
        *,
        aliases: Mapping[str, str] | None = None,
        usual: Mapping[str, Offer] | None = None,
        feed: Feed | None = None,
        overlay: Overlay | None = None,
        snapshot: Snapshot | None = None,
    ) -> None:
        self._aliases = dict(aliases or {})
        self._usual = dict(usual or {})
        self._feed = feed or GenaiPrices()
        self._overlay = overlay or shipped()
        self._snapshot = snapshot
        self._shelves: dict[str, Shelf] = {}
        self._looked_up: dict[str, Offer] = {}
        self.version = 0

    def warm(self, providers: Iterable[str]) -> None:
        """Read what there is to read about these providers. Takes a second; opens no socket."""
        for provider in providers:
            self.shelf(provider)

    def add(self, *offers: Offer) -> None:
        """Place offers that only the running program knows, such as a local server's models."""
        for offer in offers:
            self.shelf(offer.provider).put(offer)
        self._looked_up.clear()
        self.version += 1

    def offer(self, key: str) -> Offer:
        """The offer `provider/native`. One that nobody has described has no price."""
        known = self._looked_up.get(key)
        if known is None:
            provider, _, native = key.partition("/")
            known = self._at(provider, native) or self._unheard_of(provider, native)
            if len(self._looked_up) >= LOOKED_UP_MAX:
                self._looked_up.clear()
            self._looked_up[key] = known
        return known

    def stock(self, entries: Iterable[str]) -> Iterator[Offer]:
        """All that is described of these: a provider, or one model of it (`manymind/reader`)."""
        for entry in entries:
            provider, slash, _ = entry.partition("/")
            yield from (self.offer(entry),) if slash else self.shelf(provider).offers

    def find(self, name: str, providers: Collection[str]) -> tuple[Offer, ...]:
        """Who, among these providers, serves the model of that name; the best choice first.

        The name is an alias, `provider/native`, `author/slug`, or a bare name. A model that the
        catalogue has not heard of is left to the provider named before the slash.
        """
        name = self._aliases.get(name, name)
        if len(name) > NAME_MAX:
            return ()
        author, slash, rest = name.partition("/")
        if not slash:
            return self._bare(name, providers)
        direct = provider_of(author, providers)
        if direct is not None and (seller(direct).resells or seller(direct).free):
            return (self.offer(f"{direct}/{rest}"),)
        if rest.rpartition(":")[2] in VARIANTS and ":" in rest:
            direct = None
        return self._authored(author, rest, direct, providers)

    def shelf(self, provider: str) -> Shelf:
        if provider not in self._shelves:
            offers = self._laid(provider)
            if seller(provider).feed and not seller(provider).resells:
                offers = tuple(map(self._named_alike, offers))
            self._shelves[provider] = Shelf(offers)
        return self._shelves[provider]

    def _laid(self, provider: str) -> tuple[Offer, ...]:
        """All that is known of a provider's offers, laid over one another."""
        offers = self._feed.offers(provider)
        sheets = (self._overlay,) if self._snapshot is None else (self._snapshot, self._overlay)
        for sheet in sheets:
            offers = (*offers, *sheet.beside(provider, offers))
        offers = families.shipped().described(offers)
        for sheet in sheets:
            offers = sheet.laid_over(provider, offers)
        return offers

    def _at(self, provider: str, native: str) -> Offer | None:
        found = self.shelf(provider).find(native)
        if found is not None:
            return found
        meant = self._feed.match(provider, native)
        if meant is None:
            return None
        listed = self.shelf(provider).find(meant.native) or meant
        return replace(listed, native=native)

    def _authored(
        self, author: str, rest: str, direct: str | None, providers: Collection[str]
    ) -> tuple[Offer, ...]:
        found: list[Offer] = []
        names = [rest]
        own = self._at(direct, rest) if direct is not None else None
        if own is not None:
            found.append(own)
            names += [own.slug.partition("/")[2], *own.aliases]
        for provider in providers:
            if provider != direct:
                found += self._elsewhere(provider, author, names)
        return tuple(found) or tuple(self._guesses(author, rest, direct, providers))

    def _elsewhere(self, provider: str, author: str, names: Iterable[str]) -> list[Offer]:
        """The model of another house at this provider, under its full name."""
        for spelling in _spellings(author):
            for name in names:
                offer = self.shelf(provider).find(f"{spelling}/{name}")
                if offer is not None:
                    return [offer]
        return []

    def _bare(self, name: str, providers: Collection[str]) -> tuple[Offer, ...]:
        found: list[Offer] = []
        for provider in sorted(providers, key=lambda each: seller(each).resells):
            resells = seller(provider).resells
            offer = self.shelf(provider).find_last(name) if resells else self._at(provider, name)
            if offer is None and found:
                author = found[0].slug.partition("/")[0]
                names = [found[0].slug.partition("/")[2], *found[0].aliases]
                found += self._elsewhere(provider, author, names)
            elif offer is not None:
                found.append(offer)
        return tuple(found)

    def _guesses(
        self, author: str, rest: str, direct: str | None, providers: Collection[str]
    ) -> Iterator[Offer]:
        """Where a model may be that nobody has described: at its author's, or a reseller's."""
        if seller(author).closed:
            return
        if direct is not None:
            yield self._unheard_of(direct, rest)
        for provider in providers:
            if seller(provider).resells:
                yield self._unheard_of(provider, f"{_spellings(author)[0]}/{rest}")

    def _unheard_of(self, provider: str, native: str) -> Offer:
        sold_by = seller(provider)
        free = Offer(provider=provider, native=native, slug="", prices=(Price(),))
        unpriced = replace(free, prices=())
        return replace(
            self._usual.get(provider, free if sold_by.free else unpriced),
            native=native,
            slug=native if sold_by.resells else f"{sold_by.authors[0]}/{native}",
            name=native,
            known=False,
        )

    def _named_alike(self, offer: Offer) -> Offer:
        """Give a model the name under which the resellers know it, where they do."""
        author, _, slug = offer.slug.partition("/")
        for reseller in (each.name for each in SELLERS if each.resells):
            for name in (slug, offer.native, *offer.aliases):
                found = self.shelf(reseller).find(f"{author}/{name}")
                if found is not None:
                    return replace(offer, slug=found.native)
        return offer


def _spellings(author: str) -> tuple[str, ...]:
    known = next((each for each in SELLERS if same(each.name, author)), None)
    return known.authors if known is not None else (author,)
