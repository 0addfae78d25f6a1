"""Finds who can answer, and sees to it that one of them does: paid for, and never two at once."""

from collections.abc import Awaitable, Callable, Mapping
from random import random

from msgspec import Struct

from manymind.canon.answers import Answer
from manymind.canon.attempts import OnAttempt, nobody
from manymind.canon.events import Say
from manymind.canon.faults import ContextTooLong, Fault, TimedOut
from manymind.canon.letters import Carrier, Letter
from manymind.canon.ports import Desk, Metering, Pricing, Provider
from manymind.canon.requests import Request
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.missing import missing
from manymind.catalog.offers import Offer
from manymind.catalog.sizes import least
from manymind.routing.mouth import Mouth
from manymind.routing.patience import Patience, elsewhere, most_useful, unbilled
from manymind.routing.question import Question, Risk
from manymind.routing.till import Served, Tighten, Till

KNOWN_MAX = 4096
"""So many names of models are remembered with who serves them; callers may make up any number."""


class Router(Provider):
    """`providers` maps a provider's name (`xai`), or one model of it (`manymind/reader`), to
    what serves it. Their order is the order of preference among equals.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        catalogue: Catalogue,
        pricing: Pricing,
        metering: Metering,
        *,
        patience: Patience | None = None,
        on_attempt: OnAttempt = nobody,
        tighten: Tighten | None = None,
        chance: Callable[[], float] = random,
    ) -> None:
        self._providers = dict(providers)
        self._names = tuple(dict.fromkeys(key.partition("/")[0] for key in self._providers))
        self._catalogue = catalogue
        self._till = Till(pricing, metering, on_attempt, tighten)
        self._patience = patience or Patience()
        self._chance = chance
        self._known: dict[str, _Found] = {}
        self._version = catalogue.version

    def served(self, model: str) -> tuple[Served, ...]:
        """Who serves a model, the best choice first; raises `NoSuchModel` where nobody does."""
        return self._look_up(model).served

    def _look_up(self, model: str) -> "_Found":
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

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        """Answer through the first offer that can. Once a word is out, its fault is the
        caller's: two models are never spliced into one answer."""
        await self._answer(_Trip(self._till, self._patience, Question(request), say, desk))

    def relay(self, letter: Letter, say: Say, desk: Desk) -> Awaitable[Answer | None]:
        """As `run`, for a request that need not be opened if the one who answers takes it so:
        then the answer is given, and otherwise spoken."""
        return self._answer(_Trip(self._till, self._patience, Question(letter), say, desk))

    async def _answer(self, trip: "_Trip") -> Answer | None:
        waiting = self._fitting(trip.question)
        faults: list[Fault] = []
        for round_number in range(self._patience.rounds_max):
            if faults:
                await trip.wait(self._patience.pause(round_number, faults, self._chance))
            again: list[Served] = []
            faults = []
            for served in waiting:
                fault = await trip.attempt(served)
                if fault is None:
                    return trip.carried
                if fault.retryable:
                    again.append(served)
                    faults.append(fault)
            waiting = tuple(again)
            if not waiting:
                break
        raise most_useful(trip.faults)

    def _find(self, model: str) -> "_Found":
        found = tuple(
            Served(offer, provider, _carrier(offer, provider))
            for offer in self._catalogue.find(model, self._names)
            if (provider := self._provider(offer)) is not None
        )
        if not found:
            raise missing(self._catalogue, model, tuple(self._providers))
        windows = [each.offer.context for each in found if each.offer.context is not None]
        return _Found(found, min(windows, default=None), max(windows, default=None))

    def _provider(self, offer: Offer) -> Provider | None:
        return self._providers.get(offer.key) or self._providers.get(offer.provider)

    def _fitting(self, question: Question) -> tuple[Served, ...]:
        """Offers whose window may hold the request. What might fit is sent: only words are
        counted, of which no request has fewer tokens."""
        found, letter = self._look_up(question.model), question.letter
        if found.narrowest is None or (letter is not None and letter.size <= found.narrowest):
            return found.served
        words = least(question.request, beyond=found.narrowest)
        fitting = tuple(each for each in found.served if _fits(each.offer, words))
        if not fitting:
            raise ContextTooLong(
                f"No offer of {question.model} fits {words:,} tokens (largest: {found.widest:,}).",
                advice="Shorten the prompt, or ask a model with a larger context.",
            )
        return fitting


class _Found(Struct, frozen=True):
    """Who serves a model, and the windows among them that are known."""

    served: tuple[Served, ...]
    narrowest: int | None
    widest: int | None


def _fits(offer: Offer, words: int) -> bool:
    return offer.context is None or offer.context >= words


def _carrier(offer: Offer, provider: Provider) -> Carrier | None:
    """The provider, if it takes letters. What the model refuses is found in none unopened."""
    return provider if isinstance(provider, Carrier) and not offer.unsupported else None


class _Trip:
    """One request on its way from offer to offer: what was tried, and what came of it."""

    def __init__(
        self, till: Till, patience: Patience, question: Question, say: Say, desk: Desk
    ) -> None:
        self._till = till
        self._patience = patience
        self.question = question
        self.carried: Answer | None = None
        self._say = say
        self._desk = desk
        self._attempts = 0
        self.faults: list[Fault] = []

    async def attempt(self, served: Served) -> Fault | None:
        """Try an offer. Gives the fault where another attempt makes sense, raises it where none
        does, and None once the answer was spoken."""
        self._in_time()
        self._attempts += 1
        offer, carrier = served.offer, served.carrier
        mouth: Mouth | None = None
        risk: Risk | None = None
        try:
            risk = self._till.risk(offer, self.question, self._desk)
            letter = self.question.letter  # Which a budget may just have opened.
            desk = self._desk.at(f"attempt-{self._attempts}")
            if letter is not None and carrier is not None and carrier.carries(letter, offer.native):
                self.carried = await self._till.carry(
                    offer, carrier, self._attempts, risk, letter, desk
                )
            else:
                mouth = Mouth(self._say, offer.native, self._desk.clock.now)
                await self._till.attempt(served, self._attempts, risk, self.question, mouth, desk)
        except Fault as fault:
            if (
                (mouth is not None and mouth.opened)
                or not elsewhere(fault)
                or self._too_dear(fault, risk)
            ):
                raise
            self.faults.append(fault)
            if self._attempts >= self._patience.attempts_max:
                raise most_useful(self.faults) from fault
            return fault
        return None

    def _too_dear(self, fault: Fault, risk: Risk | None) -> bool:
        """Whether another attempt might pay for a giant prompt a second time."""
        if risk is None or unbilled(fault):
            return False
        return risk.worst.input_tokens > self._patience.giant_tokens

    async def wait(self, seconds: float) -> None:
        """Wait, unless the deadline or our patience ends sooner."""
        deadline = self._desk.deadline
        late = deadline is not None and self._desk.clock.now() + seconds >= deadline
        if late or seconds > self._patience.wait_seconds_max:
            raise most_useful(self.faults)
        await self._desk.clock.sleep(seconds)

    def _in_time(self) -> None:
        deadline = self._desk.deadline
        if deadline is None or self._desk.clock.now() < deadline:
            return
        if self.faults:
            raise most_useful(self.faults)
        raise TimedOut("The time for this request was over before anyone could be asked.")
