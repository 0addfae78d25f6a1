"""Finds who can answer, and sees to it that one of them does: paid for, and never two at once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import random

from manymind.canon.answers import Answer
from manymind.canon.attempts import OnAttempt, nobody
from manymind.canon.events import Say
from manymind.canon.faults import ContextTooLong, Fault, NoSuchModel
from manymind.canon.letters import Letter
from manymind.canon.ports import Desk, Metering, Pricing, Provider
from manymind.canon.requests import Request
from manymind.catalog.catalogue import Catalogue
from manymind.catalog.facts import Facts, presumed
from manymind.catalog.sizes import least
from manymind.routing.candidates import Candidate, Finder, Found, joined
from manymind.routing.choosing import Chooser
from manymind.routing.health import Health
from manymind.routing.patience import Patience, elsewhere, most_useful
from manymind.routing.question import Question
from manymind.routing.sifting import sifted
from manymind.routing.stickiness import Stickiness, conversation
from manymind.routing.till import Served, Tighten
from manymind.routing.trip import Trip


class Router(Provider):
    """`providers` maps a provider's name (`xai`), or one model of it (`manymind/reader`), to
    what serves it. Their order is the order of preference among equals. `facts` are what the
    operator says of them. How they do is watched in `health`.
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
        facts: Mapping[str, Facts] | None = None,
        health: Health | None = None,
        sticky: Stickiness | None = None,
    ) -> None:
        self.pricing = pricing
        self.metering = metering
        self.on_attempt = on_attempt
        self.tighten = tighten
        self.patience = patience or Patience()
        self.health = health or Health()
        self.sticky = sticky or Stickiness()
        self._finder = Finder(providers, catalogue)
        self._chooser = Chooser(self.health, chance)
        self._chance = chance
        self._facts = dict(facts or {})

    def served(self, model: str) -> tuple[Served, ...]:
        """Who serves a model, the best choice first; raises `NoSuchModel` where nobody does."""
        return self._finder.find(model).served

    async def run(self, request: Request, say: Say, desk: Desk) -> None:
        """Answer through the first offer that can. Once a word is out, its fault is the
        caller's: two models are never spliced into one answer."""
        await self._answer(Trip(self, Question(request), say, desk), desk)

    def relay(self, letter: Letter, say: Say, desk: Desk) -> Awaitable[Answer | None]:
        """As `run`, for a request that need not be opened if the one who answers takes it so:
        then the answer is given, and otherwise spoken."""
        return self._answer(Trip(self, Question(letter), say, desk), desk)

    async def _answer(self, trip: Trip, desk: Desk) -> Answer | None:
        waiting = self._planned(trip, desk)
        if desk.trail is not None and len(waiting) > 1:
            offers = (each.served.offer for each in waiting)
            desk.trail.planned([(offer.slug, offer.provider) for offer in offers])
        ready: dict[str, float | None] = {}
        for round_number in range(self.patience.rounds_max):
            if round_number:
                waits = [_left(ready[each.served.offer.key], trip.now()) for each in waiting]
                await trip.wait(self.patience.pause(round_number, waits, self._chance))
            again = await self._round(trip, waiting, ready)
            if again is None:
                return trip.carried
            waiting = again
            if not waiting:
                break
        raise most_useful(trip.faults)

    async def _round(
        self, trip: Trip, waiting: Sequence[Candidate], ready: dict[str, float | None]
    ) -> list[Candidate] | None:
        """Ask each in turn, and give who may be asked again; None once one has answered. Whoever
        a breaker holds back is asked last, and not before the time that it has told us itself."""
        queue, again = list(waiting), list[Candidate]()
        held: set[str] = set()
        while queue:
            candidate = queue.pop(0)
            key, now = candidate.served.offer.key, trip.now()
            if (ready.get(key) or 0) > now:
                again.append(candidate)
                continue
            if queue and key not in held and not self.health.admits(key, now):
                held.add(key)
                queue.append(candidate)
                continue
            fault = await trip.attempt(candidate)
            if fault is None:
                return None
            if fault.retryable:
                again.append(candidate)
                wait = fault.retry_after
                ready[key] = None if wait is None else trip.now() + wait
            queue = _left_after(fault, candidate, queue)
            again = _left_after(fault, candidate, again)
            if not elsewhere(fault) and not queue and not again:
                raise fault
        return again

    def _planned(self, trip: Trip, desk: Desk) -> Sequence[Candidate]:
        """Who is to be asked, in this order."""
        question = trip.question
        letter = question.letter
        if letter is not None:
            found = self._finder.find(letter.model)
            groups, wish = [found], None
        else:
            groups, wish = self._groups(question.request), question.request.preferences
            found = groups[0]
        if len(groups) == 1 and len(found.candidates) == 1 and wish is None:
            return self._fitting(found, question)  # As for most models: there is no choice.
        trip.listed = len(groups) > 1
        return self._chosen(trip, groups, desk)

    def _groups(self, request: Request) -> list[Found]:
        """The offers of each model of a request. Of a list, a name that nobody serves is passed
        over, unless all of them are such."""
        if not request.models:
            return [self._finder.find(request.model)]
        groups: list[Found] = []
        missing: NoSuchModel | None = None
        for model in (request.model, *request.models):
            try:
                groups.append(self._finder.find(model))
            except NoSuchModel as fault:
                missing = missing or fault
        if missing is not None and not groups:
            raise missing
        return groups

    def _chosen(self, trip: Trip, groups: list[Found], desk: Desk) -> Sequence[Candidate]:
        question = trip.question
        wish = None if question.letter is not None else question.request.preferences
        whole = groups[0]
        if len(groups) > 1:
            whole = joined([each.candidates for each in groups])
        left = self._fitting(whole, question)
        now, today = desk.clock.now(), desk.clock.today()
        if wish is not None:
            left = sifted(left, wish, self._facts_of, today)
        together = wish is not None and not wish.apart
        ordered: list[Candidate] = []
        for group in [whole] if together else groups:
            named = {each.model for each in group.candidates}
            own = [each for each in left if each.model in named]
            sort = groups[0].sort if together else group.sort
            if own:
                ordered += self._chooser.ordered(own, wish, sort, now, today)
        if whole.sticky and not (wish is not None and wish.order):
            asked = question.letter or question.request
            trip.conversation = conversation(desk.origin, question.model, asked)
            ordered = self._stuck(trip.conversation, ordered, now)
        return ordered

    def _stuck(self, conversation: int, ordered: list[Candidate], now: float) -> list[Candidate]:
        """The same, beginning with whoever has this conversation in its cache and is well."""
        kept = self.sticky.find(conversation, now)
        if kept is None or self.health.rank(kept, now):
            return ordered
        return sorted(ordered, key=lambda each: each.served.offer.key != kept)

    def _facts_of(self, provider: str) -> Facts:
        return self._facts.get(provider) or presumed(provider)

    def _fitting(self, found: Found, question: Question) -> tuple[Candidate, ...]:
        """Offers whose window may hold the request. What might fit is sent: only words are
        counted, of which no request has fewer tokens."""
        letter = question.letter
        if found.narrowest is None or (letter is not None and letter.size <= found.narrowest):
            return found.candidates
        words = least(question.request, beyond=found.narrowest)
        fitting = tuple(each for each in found.candidates if _fits(each, words))
        if not fitting:
            models = ", ".join(dict.fromkeys(each.model for each in found.candidates))
            raise ContextTooLong(
                f"No offer of {models} fits {words:,} tokens (largest: {found.widest:,}).",
                advice="Shorten the prompt, or ask a model with a larger context.",
            )
        return fitting


def _fits(candidate: Candidate, words: int) -> bool:
    context = candidate.served.offer.context
    return context is None or context >= words


def _left(ready: float | None, now: float) -> float | None:
    return None if ready is None else max(0.0, ready - now)


def _left_after(fault: Fault, by: Candidate, others: Sequence[Candidate]) -> list[Candidate]:
    """Who of the others may still be asked. What no other offer of a model could do better is
    for another model; what was too long for one window is for a larger one."""
    if not elsewhere(fault):
        return [each for each in others if each.model != by.model]
    window = by.served.offer.context
    if not isinstance(fault, ContextTooLong) or window is None:
        return list(others)
    return [each for each in others if _roomier(each, by, window)]


def _roomier(other: Candidate, than: Candidate, window: int) -> bool:
    """Two providers may draw the line of one window differently."""
    context = other.served.offer.context
    if context is None:
        return True
    return context >= window if other.model == than.model else context > window
