"""How far our counts lie from what providers report, model by model."""

from collections import OrderedDict, deque
from typing import Protocol

from msgspec import Struct

SAMPLES_MAX = 64
MODELS_MAX = 1024
SMALL = 200
"""Below so many tokens the marks of a template outweigh the words, which says little of large
prompts; smaller samples count only where there are no others."""


class Sample(Struct, frozen=True):
    """What we counted of a request, and what its provider reported."""

    counted: int
    reported: int

    @property
    def ratio(self) -> float:
        return self.reported / max(1, self.counted)


class Drift(Struct, frozen=True, kw_only=True):
    """What is known of a model: ratios of reported tokens to counted ones."""

    model: str
    samples: int
    least: float
    mean: float
    most: float


class Samples(Protocol):
    """Keeps what was seen of each model, the latest of it."""

    def note(self, model: str, sample: Sample) -> None: ...

    def of(self, model: str) -> tuple[Sample, ...]: ...

    def models(self) -> tuple[str, ...]: ...


class Remembered(Samples):
    """Samples in memory, of the models that were asked last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, deque[Sample]] = OrderedDict()

    def note(self, model: str, sample: Sample) -> None:
        self._kept.setdefault(model, deque(maxlen=SAMPLES_MAX)).append(sample)
        self._kept.move_to_end(model)
        if len(self._kept) > MODELS_MAX:
            self._kept.popitem(last=False)

    def of(self, model: str) -> tuple[Sample, ...]:
        return tuple(self._kept.get(model, ()))

    def models(self) -> tuple[str, ...]:
        return tuple(sorted(self._kept))


def drift(samples: Samples, model: str) -> Drift | None:
    """None where nothing was seen of the model."""
    telling = _telling(samples.of(model))
    if not telling:
        return None
    ratios = [sample.ratio for sample in telling]
    counted = sum(sample.counted for sample in telling)
    return Drift(
        model=model,
        samples=len(telling),
        least=min(ratios),
        mean=sum(sample.reported for sample in telling) / max(1, counted),
        most=max(ratios),
    )


def drifts(samples: Samples) -> tuple[Drift, ...]:
    """All that is known, by model."""
    found = (drift(samples, model) for model in samples.models())
    return tuple(each for each in found if each is not None)


def _telling(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    return tuple(each for each in samples if each.counted >= SMALL) or samples
