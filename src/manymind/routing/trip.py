"""One request on its way from offer to offer: what was tried, and what came of it."""

from typing import Protocol

from manymind.canon.answers import Answer
from manymind.canon.attempts import Attempt, OnAttempt
from manymind.canon.events import Say
from manymind.canon.faults import Fault, TimedOut
from manymind.canon.letters import Letter
from manymind.canon.ports import Desk, Hold
from manymind.canon.values import Ticks
from manymind.dialects.preferences import without_wishes
from manymind.routing.candidates import Candidate
from manymind.routing.health import Health
from manymind.routing.leaving import leaving
from manymind.routing.mouth import Mouth
from manymind.routing.patience import Patience, Spending, elsewhere, most_useful
from manymind.routing.question import Question, Risk
from manymind.routing.stickiness import Stickiness
from manymind.routing.till import Held, Till, unopened
from manymind.routing.toolwatch import ToolWatch


class Rules(Protocol):
    """What all trips of a router share."""

    till: Till
    patience: Patience
    health: Health
    sticky: Stickiness


class Trip:
    """`listed` says that the caller gave a list of models; `conversation` is set where it is worth
    remembering who has this one in its cache."""

    def __init__(self, rules: Rules, question: Question, say: Say, desk: Desk) -> None:
        self.question = question
        self.carried: Answer | None = None
        self.faults: list[Fault] = []
        self.conversation: int | None = None
        self.listed = False
        self._rules = rules
        self._till = rules.till
        self._say = say
        self._desk = desk
        self._plain: dict[bool, Question] = {}
        letter = question.letter
        most = None if letter is not None else question.request.caps.attempts
        self._spending = Spending(rules.patience, most)

    def now(self) -> float:
        return self._desk.clock.now()

    async def attempt(self, candidate: Candidate) -> Fault | None:
        """Try an offer. Gives the fault where another attempt may be made, raises it where none
        may, and None once the answer was spoken."""
        self._in_time()
        spending = self._spending
        spending.attempts += 1
        offer, trail = candidate.served.offer, self._desk.trail
        if trail is not None:
            trail.began(offer.slug, offer.provider)
        tried = _Tried()
        try:
            await self._try(candidate, tried)
        except Fault as fault:
            if trail is not None:
                trail.failed(fault.status)
            self._rules.health.failed(offer.key, fault, self.now(), judged=not self._late())
            if tried.mouth is not None and tried.mouth.opened:
                raise
            self.faults.append(fault)
            if not self.listed and not elsewhere(fault):
                return fault
            why = spending.refusal(fault, lambda: self._tokens(tried.risk))
            if why is not None:
                told = most_useful(self.faults) if elsewhere(fault) else fault
                told.advice = f"{told.advice} {why}".strip()
                raise told from None
            return fault
        self._note_calls(candidate, tried)
        return None

    async def _try(self, candidate: Candidate, tried: "_Tried") -> None:
        served, till = candidate.served, self._till
        offer, carrier, number = served.offer, served.carrier, self._spending.attempts
        question = await leaving(offer, self._asked_of(candidate), self._desk)
        tried.risk = risk = till.risk(served, question, self._desk)
        desk = self._desk.at(f"attempt-{number}")
        held = await till.hold(served, risk, question, desk)
        held = Held(_Noted(held.hold, self.heard), held.worst)
        letter = unopened(served, question)
        if carrier is not None and letter is not None and not letter.outline.stream:
            self.carried = await till.carry(offer, carrier, number, risk, held, letter, desk)
            return
        say = self._say
        if _offers_tools(question, letter):
            offered = None if letter is not None else question.request
            say = tried.watch = ToolWatch(offered, say)
        tried.mouth = Mouth(say, offer.native, desk.clock.now)
        await till.attempt(served, number, risk, held, question, tried.mouth, desk)

    def _asked_of(self, candidate: Candidate) -> Question:
        """The question as this offer is to hear it: without wishes that are meant for us."""
        question = self.question
        if question.letter is not None:  # Which holds none.
            return question
        plain = self._plain.get(candidate.chooser)
        if plain is None:
            request = without_wishes(question.request, chooser=candidate.chooser)
            plain = question if request is question.request else Question(request)
            self._plain[candidate.chooser] = plain
        return plain

    def heard(self, attempt: Attempt) -> None:
        """An attempt was settled."""
        rules, key = self._rules, attempt.offer
        rules.health.heard(attempt, judged=not self._late())
        if attempt.outcome in ("cancelled", "failed"):
            rules.health.undecided(key)
        if attempt.outcome != "completed":
            self._spending.lost(attempt.bill.ticks)
        elif self.conversation is not None:
            usage = attempt.bill.usage
            if usage is not None and (usage.cached_tokens or usage.cache_written_tokens):
                rules.sticky.keep(self.conversation, key, self.now())

    def _note_calls(self, candidate: Candidate, tried: "_Tried") -> None:
        watch = tried.watch
        if watch is not None and watch.complete and watch.calls:
            self._rules.health.called(
                candidate.served.offer.key, watch.calls, watch.good, self._desk.clock.today()
            )

    def _tokens(self, risk: Risk | None) -> int:
        """How large the prompt is, at the most. What was refused before it was weighed was not
        sent."""
        letter = self.question.letter
        if letter is not None:
            return letter.size
        return 0 if risk is None else risk.worst.input_tokens

    async def wait(self, seconds: float) -> None:
        """Wait, unless the deadline or our patience ends sooner."""
        deadline = self._desk.deadline
        late = deadline is not None and self.now() + seconds >= deadline
        if late or seconds > self._rules.patience.wait_seconds_max:
            raise most_useful(self.faults)
        await self._desk.clock.sleep(seconds)

    def _late(self) -> bool:
        deadline = self._desk.deadline
        return deadline is not None and self.now() >= deadline

    def _in_time(self) -> None:
        if not self._late():
            return
        if self.faults:
            raise most_useful(self.faults)
        raise TimedOut("The time for this request was over before anyone could be asked.")


def _offers_tools(question: Question, letter: Letter | None) -> bool:
    return bool(question.request.tools) if letter is None else "tools" in letter.fields


class _Noted(Hold):
    """A hold whose settlement is noted by the trip that it is for."""

    __slots__ = ("_heard", "_hold")

    def __init__(self, hold: Hold, heard: OnAttempt) -> None:
        self._hold = hold
        self._heard = heard

    async def settle(self, used: Ticks, attempt: Attempt | None = None) -> None:
        await self._hold.settle(used, attempt)
        if attempt is not None:
            self._heard(attempt)


class _Tried:
    """What is known of an attempt, also when it failed half way."""

    __slots__ = ("mouth", "risk", "watch")

    def __init__(self) -> None:
        self.mouth: Mouth | None = None
        self.risk: Risk | None = None
        self.watch: ToolWatch | None = None
