"""The models that stand ready, and how a whole reply comes from one."""

from collections import Counter
from collections.abc import Callable, Mapping
from uuid import uuid4

from manymind.providers.acts import Act
from manymind.server.simulated.houses import House
from manymind.server.simulated.knobs import Knobs
from manymind.server.simulated.models import MODELS
from manymind.server.simulated.talk import (
    Asked,
    Counts,
    Json,
    Refused,
    Reply,
    Speech,
    count,
    speech,
)

COUNTED_MAX = 10_000


class Roster:
    """`replies` are sent as they stand; `acts` come on top of the models of the house."""

    def __init__(
        self, acts: Mapping[str, Act], replies: Mapping[str, Json], today: Callable[[], float]
    ) -> None:
        self._acts: dict[str, Act] = {**MODELS, **acts}
        self._replies = dict(replies)
        self._today = today
        self._asked: Counter[str] = Counter()
        self._booked: dict[object, Counts] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self._acts, *self._replies]))

    def nth(self, model: str) -> int:
        """How often this model with these knobs was asked, this time included."""
        if len(self._asked) > COUNTED_MAX:
            self._asked.clear()
        self._asked[model] += 1
        return self._asked[model]

    def compose(self, name: str, house: House, asked: Asked, knobs: Knobs) -> Json:
        """The whole reply of a model."""
        told = self._replies.get(name)
        if told is not None:
            if house.kind != _kind(told):
                raise Refused(400, f"{name} is not allowed on {house.name}.", param="model")
            return told
        tokens = count(asked.request)
        if knobs.window is not None and tokens > knobs.window:
            raise house.too_long(tokens, knobs.window)
        lines = () if knobs.empty else self._acts[name](asked.request)
        spoken = speech(lines, asked.request)
        reply = Reply(
            seed=str(uuid4()),
            model=name,
            created=int(self._today()),
            items=spoken.items,
            stop=spoken.stop,
            sequence=spoken.sequence,
            counts=_counts(tokens, spoken, knobs),
        )
        whole = house.whole(asked, reply, knobs)
        self._book(whole.get("id"), reply.counts)
        return whole

    def booked(self, answer_id: str) -> Counts | None:
        """What an answer is charged for, whether or not its caller heard the end of it."""
        return self._booked.get(answer_id)

    def _book(self, answer_id: object, counts: Counts) -> None:
        if len(self._booked) >= COUNTED_MAX:
            self._booked.clear()
        self._booked[answer_id] = counts


def _kind(told: Json) -> object:
    """What a whole reply says it is; Google's bear no word for it."""
    return told.get("object") or told.get("type") or ("candidates" in told and "generateContent")


def _counts(tokens: int, spoken: Speech, knobs: Knobs) -> Counts:
    """What was counted, unless the knobs claim something else."""
    read = tokens if knobs.input_tokens is None else knobs.input_tokens
    written = spoken.output if knobs.output_tokens is None else knobs.output_tokens
    cached = min(knobs.cached, read)
    return Counts(
        input=read,
        cached=cached,
        written=min(knobs.written, read - cached),
        output=written,
        reasoning=min(spoken.reasoning, written),
    )
