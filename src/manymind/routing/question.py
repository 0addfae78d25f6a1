"""What is asked, opened only if someone must look inside."""

from collections.abc import Callable

from manymind.canon.letters import Letter
from manymind.canon.ports import Stake, Worst
from manymind.canon.requests import Request


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
    """What an attempt may come to. Most come to their end, and then nobody asks."""

    def __init__(self, question: Question, reckon: Callable[[Request], Worst]) -> None:
        self._question = question
        self._reckon = reckon
        self._worst: Worst | None = None

    @property
    def request(self) -> Request:
        return self._question.request

    @property
    def worst(self) -> Worst:
        if self._worst is None:
            self._worst = self._reckon(self._question.request)
        return self._worst

    @worst.setter
    def worst(self, closer: Worst) -> None:
        self._worst = closer
