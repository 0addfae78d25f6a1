"""What is asked, opened only if someone must look inside."""

from collections.abc import Callable
from typing import TypeAlias

from manymind.canon.faults import Fault
from manymind.canon.letters import Letter
from manymind.canon.ports import Stake, Worst
from manymind.canon.requests import Request

Glance: TypeAlias = Callable[[Letter], Worst | None]
"""Bounds what a letter costs from outside, or tells by None that it must be opened."""


def unseen(letter: Letter) -> None:
    """Nothing is known of a letter from outside."""


class Question:
    """`letter` is what was asked, while nobody has opened it. Once opened, what was read is what
    is sent: nobody is to judge one text and pass on another."""

    def __init__(self, asked: Request | Letter) -> None:
        self.model = asked.model
        self.letter = asked if isinstance(asked, Letter) else None
        self._asked = asked

    @property
    def request(self) -> Request:
        if isinstance(self._asked, Letter):
            self._asked, self.letter = self._asked.opener(), None
        return self._asked


class Risk(Stake):
    """What an attempt may come to. Most come to their end, and then nobody asks. It is `closest`
    once its words were counted."""

    def __init__(
        self,
        question: Question,
        reckon: Callable[[Request], Worst],
        glance: Glance = unseen,
    ) -> None:
        self.closest = False
        self._question = question
        self._reckon = reckon
        self._glance = glance
        self._worst: Worst | None = None
        self._bound: Worst | None = None

    @property
    def request(self) -> Request:
        """What is at stake. Where nobody here can read what the provider could, it is told by
        what stands outside: a settlement must not fail over it."""
        letter = self._question.letter
        if letter is None:
            return self._question.request
        try:
            return self._question.request
        except Fault:
            return letter.outline

    @property
    def worst(self) -> Worst:
        if self._worst is None:
            worst = self._reckon(self.request)
            bound = self._bound
            self._worst = worst if bound is None or worst.ticks < bound.ticks else bound
        return self._worst

    @worst.setter
    def worst(self, closer: Worst) -> None:
        self._worst = closer

    def open(self) -> Worst:
        """Have it opened, after which `bound` is as close as `worst`."""
        self._bound = None
        self._worst = self._reckon(self._question.request)
        return self._worst

    @property
    def bound(self) -> Worst:
        """As `worst`, but as near as can be seen without opening a letter."""
        letter = self._question.letter
        if self._bound is None and letter is not None:
            self._bound = self._glance(letter)
        return self._bound or self.worst
