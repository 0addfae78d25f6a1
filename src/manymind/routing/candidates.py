"""Who could answer: the offers of a model under whatever name it was asked for."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.events import Say
from manymind.canon.letters import Carrier
from manymind.canon.ports import Desk, Provider
from manymind.canon.requests import Request
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.missing import missing
from manymind.catalog.offers import Offer
from manymind.catalog.sellers import seller
from manymind.routing.stickiness import worthwhile
from manymind.routing.till import Served

KNOWN_MAX = 4096
"""So many names of models are remembered with who serves them; callers may make up any number."""

SORTED_BY = {"nitro": "throughput", "floor": "price", "exacto": "exacto"}
"""Suffixes of a model's name that ask for a way and not for another model."""


class Candidate(Struct, frozen=True):
    """An offer of a `model`, as the caller named that. A `chooser` chooses among providers itself,
    and is told how."""

    served: Served
    model: str
    chooser: bool


class Found(Struct, frozen=True, kw_only=True):
    """Who serves a model, and the windows among them that are known. `sort` is what a suffix of
    the name asks for; `sticky` says that someone's cache is worth going back to."""

    candidates: tuple[Candidate, ...]
    narrowest: int | None
    widest: int | None
    sort: str | None = None
    sticky: bool = False

    @property
    def served(self) -> tuple[Served, ...]:
        return tuple(each.served for each in self.candidates)


class Finder:
    """`providers` maps a provider's name (`xai`), or one model of it (`manymind/reader`), to
    what serves it. Their order is the order of preference among equals."""

    def __init__(self, providers: Mapping[str, Provider], catalogue: Catalogue) -> None:
        self._providers = dict(providers)
        self._names = tuple(dict.fromkeys(key.partition("/")[0] for key in self._providers))
        self._catalogue = catalogue
        self._known: dict[str, Found] = {}
        self._version = catalogue.version

    def find(self, model: str) -> Found:
        """Raises `NoSuchModel` where nobody serves it."""
        if self._catalogue.version != self._version:
            self._known.clear()
            self._version = self._catalogue.version
        known = self._known.get(model)
        if known is None:
            known = self._find(model)
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            self._known[model] = known
        return known

    def _find(self, model: str) -> Found:
        name, suffix = self._parted(model)
        candidates = tuple(
            Candidate(self._served(offer, provider, suffix), model, seller(offer.provider).resells)
            for offer in self._catalogue.find(name, self._names)
            if (provider := self._provider(offer)) is not None
        )
        if not candidates:
            raise missing(self._catalogue, name, tuple(self._providers))
        found = joined([candidates])
        return replace(found, sort=SORTED_BY.get(suffix))

    def _parted(self, model: str) -> tuple[str, str]:
        """The name without a suffix that asks for a way, and that. A server of one's own may well
        have a model that is called so."""
        name, _, suffix = model.rpartition(":")
        if not name or suffix not in SORTED_BY:
            return model, ""
        listed = self._catalogue.find(model, self._names)
        own = any(each.known and seller(each.provider).free for each in listed)
        return (model, "") if own else (name, suffix)

    def _served(self, offer: Offer, provider: Provider, suffix: str) -> Served:
        if suffix and seller(offer.provider).resells:
            return Served(offer, _Suffixed(provider, suffix))
        return Served(offer, provider, _carrier(offer, provider))

    def _provider(self, offer: Offer) -> Provider | None:
        return self._providers.get(offer.key) or self._providers.get(offer.provider)


def joined(groups: "list[tuple[Candidate, ...]]") -> Found:
    """The candidates of several models, one model after the other. An offer that several names
    mean is tried once."""
    unlike: dict[str, Candidate] = {}
    for candidate in (candidate for group in groups for candidate in group):
        unlike.setdefault(candidate.served.offer.key, candidate)
    candidates = tuple(unlike.values())
    offers = [each.served.offer for each in candidates]
    windows = [offer.context for offer in offers if offer.context is not None]
    return Found(
        candidates=candidates,
        narrowest=min(windows, default=None),
        widest=max(windows, default=None),
        sticky=len(candidates) > 1 and any(map(worthwhile, offers)),
    )


def _carrier(offer: Offer, provider: Provider) -> Carrier | None:
    """The provider, if it takes letters. What the model refuses is found in none unopened."""
    return provider if isinstance(provider, Carrier) and not offer.unsupported else None


class _Suffixed(Provider):
    """A reseller that is asked for the model under its name with the suffix, and acts on it."""

    def __init__(self, provider: Provider, suffix: str) -> None:
        self._provider = provider
        self._suffix = suffix

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        model = f"{request.model}:{self._suffix}"
        await self._provider.run(replace(request, model=model), say, desk)
