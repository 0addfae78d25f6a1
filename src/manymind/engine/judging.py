"""Asks a model whether quotes support what was said of them. It sees claims and quotes alone.

Many claims go in one call, the calls side by side, paid from the purse of the work. Whatever
comes of it, the answer is written: a claim that nobody has judged is said to be unjudged.
"""

from collections.abc import Iterator, Sequence

import anyio
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import Noted
from manymind.canon.faults import OverBudget, TimedOut
from manymind.canon.parts import Text
from manymind.canon.requests import OutputFormat, Request
from manymind.canon.values import Json
from manymind.engine.briefs import asked, defused, prompt
from manymind.engine.calls import Heard
from manymind.engine.claims import Claim, Opposition
from manymind.engine.json_text import inner_json
from manymind.engine.mission import Mission
from manymind.engine.verdicts import SUPPORTS, WORDS, Matter, Ruling, Rulings, Verdict

_ITEMS_MAX, _CHARACTERS_MAX = 24, 24_000
"""What goes into one call."""

_MATTERS_MAX, _QUARRELS_MAX = 240, 48
_WHY_MAX = 400


class _Said(Struct):
    item: int
    verdict: str
    why: str = ""


class _Written(Struct):
    verdicts: list[_Said] = []


FORMAT = OutputFormat(
    form="json_schema",
    name="verdicts",
    strict=True,
    schema={
        "type": "object",
        "properties": {
            "verdicts": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "item": {"type": "integer"},
                        "verdict": {"type": "string", "enum": list(WORDS)},
                        "why": {"type": "string"},
                    },
                    "required": ["item", "verdict", "why"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["verdicts"],
        "additionalProperties": False,
    },
)


class Judging:
    """One run's verifier, and its refuter: the same model with another task."""

    def __init__(self, mission: Mission, model: str) -> None:
        self._mission = mission
        self._model = model
        self._reason: str | None = None
        self._calls = 0

    async def rule(self, claims: Sequence[Claim], oppositions: Sequence[Opposition]) -> Rulings:
        """Judge every statement by its quotes, then whatever is in dispute once more."""
        matters = tuple(_matters(claims))
        asked_of = [matter for matter in matters if not matter.verbatim][:_MATTERS_MAX]
        first = await self._judge("verify", asked_of)
        rulings = {matter: Ruling(verdict) for matter, verdict in first.items()}
        quotes = {claim.id: claim for claim in claims}
        quarrels = {
            each: Matter(quotes[each.left].told, quotes[each.right].quotes)
            for each in oppositions[:_QUARRELS_MAX]
        }
        disputes = [matter for matter, ruling in rulings.items() if ruling.disputed]
        second = await self._judge("refute", list(dict.fromkeys((*disputes, *quarrels.values()))))
        for matter in disputes:
            rulings[matter] = replace(rulings[matter], second=second.get(matter))
        judged = len(first)
        for matter in matters:
            if matter.verbatim:
                rulings.setdefault(matter, Ruling(Verdict(SUPPORTS, "It is the quote itself.")))
        return Rulings(
            status=self._status(len(asked_of), judged),
            reason=self._reason,
            model=self._model,
            matters=rulings,
            quarrels={
                each: second[matter] for each, matter in quarrels.items() if matter in second
            },
        )

    def _status(self, wanted: int, judged: int) -> str:
        if judged == wanted and self._reason is None:
            return "done"
        if self._reason is None:
            self._reason = "invalid"
        return "partly" if judged else "failed"

    async def _judge(self, task: str, matters: Sequence[Matter]) -> dict[Matter, Verdict]:
        """One verdict for each matter that the model gave one for."""
        verdicts: dict[Matter, Verdict] = {}

        async def ask(number: int, batch: Sequence[Matter]) -> None:
            heard = await self._ask(
                f"{task}/{number}", _request(self._mission, self._model, task, batch)
            )
            if heard.fault is not None:
                late = isinstance(heard.fault, TimedOut)
                over = isinstance(heard.fault, OverBudget)
                self._reason = "max_cost" if over else "deadline" if late else heard.fault.code
                return
            verdicts.update(_read(heard.answer.text, batch))

        async with anyio.create_task_group() as group:
            for number, batch in enumerate(_batches(matters), 1):
                group.start_soon(ask, number, batch)
        told = {matter: verdicts[matter] for matter in matters if matter in verdicts}
        if matters:
            counts = {word: sum(each.word == word for each in told.values()) for word in WORDS}
            data: Json = {"task": task, "items": len(matters), **counts}
            await self._mission.mouth.say(Noted(what="judged", data=data))
        return told

    async def _ask(self, step: str, request: Request) -> Heard:
        mission = self._mission
        moment = mission.hours.verify
        if moment is None:
            moment = mission.desk.clock.now() + mission.settings.verify_seconds
        scope = anyio.CancelScope()
        mission.alarms.at(moment, scope.cancel)
        with scope:
            desk = mission.at(step, mission.purse.work, moment)
            return await mission.calls.ask(request, desk, mission.tally)
        return Heard(Answer(), TimedOut("The verifier did not judge in time."))


def _matters(claims: Sequence[Claim]) -> Iterator[Matter]:
    seen: set[Matter] = set()
    for claim in claims:
        for statement in claim.statements:
            matter = Matter(statement, claim.quotes)
            if matter not in seen:
                seen.add(matter)
                yield matter


def _batches(matters: Sequence[Matter]) -> Iterator[list[Matter]]:
    batch: list[Matter] = []
    size = 0
    for matter in matters:
        more = len(matter.statement) + sum(map(len, matter.quotes))
        if batch and (len(batch) == _ITEMS_MAX or size + more > _CHARACTERS_MAX):
            yield batch
            batch, size = [], 0
        batch.append(matter)
        size += more
    if batch:
        yield batch


def _request(mission: Mission, model: str, task: str, batch: Sequence[Matter]) -> Request:
    """The team's conversation has no place here: it could talk the judge into something."""
    items = "\n".join(_shown(number, matter) for number, matter in enumerate(batch, 1))
    return replace(
        mission.inner(model, mission.settings.verify_tokens),
        instructions=(Text(text=prompt(task)),),
        items=(asked(items),),
        output=FORMAT,
        temperature=None,
        top_p=None,
        top_k=None,
    )


def _shown(number: int, matter: Matter) -> str:
    quotes = "\n".join(f"<quote>{defused(quote)}</quote>" for quote in matter.quotes)
    return (
        f'<item number="{number}">\n<claim>{defused(matter.statement)}</claim>\n{quotes}\n</item>'
    )


def _read(text: str, batch: Sequence[Matter]) -> dict[Matter, Verdict]:
    """Of two verdicts on one item the worse one counts."""
    try:
        written = msgspec.json.decode(inner_json(text), type=_Written)
    except (msgspec.DecodeError, RecursionError):
        return {}
    found: dict[Matter, Verdict] = {}
    for said in written.verdicts:
        if not 1 <= said.item <= len(batch) or said.verdict not in WORDS:
            continue
        matter = batch[said.item - 1]
        known = found.get(matter)
        if known is None or WORDS.index(known.word) < WORDS.index(said.verdict):
            found[matter] = Verdict(said.verdict, said.why.strip()[:_WHY_MAX])
    return found
