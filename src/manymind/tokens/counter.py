"""Counts whole requests, for any model."""

import re
from math import ceil, inf
from typing import Literal, TypeAlias

import anyio
from msgspec import Struct

from manymind.canon.requests import Request
from manymind.tokens.drift import Remembered, Samples, drift
from manymind.tokens.templates import Sheet
from manymind.tokens.texts import count
from manymind.tokens.vocabularies import USUAL, vocabulary_of

Basis: TypeAlias = Literal["exact", "provider", "estimate"]

FACTORS: tuple[tuple[str, float], ...] = (
    ("openai/", 1.0),
    ("google/", 1.25),
    ("x-ai/", 1.25),
    ("anthropic/", 1.6),
)
"""How many of its own tokens a family makes at the most of one of the usual vocabulary, in
ordinary prose and code; for a model of which nobody has reported anything yet."""

USUAL_FACTOR = 1.5
HEADROOM = 1.05
"""What a calibrated estimate is raised by, since the next prompt may lie above all seen ones."""

_PUBLISHED = re.compile(r"openai/(gpt-4o.*|chatgpt-4o.*|gpt-4(-.*)?|gpt-3\.5.*)")
"""Models whose rules for messages and functions OpenAI has published."""

_OLDER = re.compile(r"openai/(gpt-4(-.*)?|gpt-3\.5.*)")


class Count(Struct, frozen=True, kw_only=True):
    """`basis` is exact, provider (it was asked), or estimate: about the most that it can be.
    `unseen` parts stand elsewhere and are not in it. `plain` is the count before any factor."""

    tokens: int
    basis: Basis
    plain: int
    unseen: int = 0


class Counter:
    """`samples` are what providers reported. One request is counted at a time, so that many
    large ones cannot take turns at holding up the interpreter."""

    def __init__(self, samples: Samples | None = None) -> None:
        self.samples: Samples = samples or Remembered()
        self._turn = anyio.CapacityLimiter(1)

    async def count(self, offer: str, slug: str, request: Request) -> Count:
        """Counts in a thread of its own."""
        return await anyio.to_thread.run_sync(
            self.count_now, offer, slug, request, limiter=self._turn
        )

    async def beyond(self, offer: str, slug: str, request: Request, cap: int) -> Count | None:
        """A count above the cap, where the request has so many tokens: counting stops there."""
        found = await anyio.to_thread.run_sync(
            self.count_now, offer, slug, request, cap, limiter=self._turn
        )
        return found if found.tokens > cap else None

    def count_now(self, offer: str, slug: str, request: Request, enough: float = inf) -> Count:
        """The same, for who can wait. `offer` is the model as it is reported on, and `slug` as
        it is known whoever serves it. What is beyond `enough` need not be counted."""
        sheet = Sheet(
            slug,
            published=_PUBLISHED.fullmatch(slug) is not None,
            older=_OLDER.fullmatch(slug) is not None,
        ).take(request)
        vocabulary = vocabulary_of(slug) or USUAL
        factor = self.factor(offer, slug)
        plain, exact = sheet.marks, sheet.exact
        enough = enough if exact else enough / factor
        for text in sheet.texts:
            if plain > enough:
                break
            counted = count(vocabulary, text, enough - plain)
            plain, exact = plain + counted.tokens, exact and counted.exact
        if exact:
            return Count(tokens=plain, basis="exact", plain=plain)
        tokens = ceil(plain * factor)
        return Count(tokens=tokens, basis="estimate", plain=plain, unseen=sheet.unseen)

    def text_now(self, offer: str, slug: str, text: str) -> Count:
        """The tokens of a text by itself, without any template; for who can wait."""
        vocabulary = vocabulary_of(slug)
        found = count(vocabulary or USUAL, text)
        if vocabulary is not None and found.exact:
            return Count(tokens=found.tokens, basis="exact", plain=found.tokens)
        tokens = ceil(found.tokens * self.factor(offer, slug))
        return Count(tokens=tokens, basis="estimate", plain=found.tokens)

    def factor(self, offer: str, slug: str) -> float:
        """What a plain count is multiplied with to bound what the model will report."""
        seen = drift(self.samples, offer)
        if seen is not None:
            return seen.most * HEADROOM
        return next((most for author, most in FACTORS if slug.startswith(author)), USUAL_FACTOR)
