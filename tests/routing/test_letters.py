"""A letter under a cap: bounded from outside, and opened only where it must be."""

import json

import pytest
from msgspec.structs import replace

from manymind.canon.answers import Answer
from manymind.canon.events import Say, Wire
from manymind.canon.faults import BadRequest, OverBudget, Overloaded, UpstreamBroken
from manymind.canon.letters import Letter
from manymind.canon.ports import Desk
from manymind.canon.usage import Usage
from manymind.catalog.sizes import most
from manymind.dialects.openai_chat.letters import read_letter
from tests.routing.stage import HELLO, Player, Stage, Watched, a_desk_of, deaf

USED = Usage(input_tokens=5, output_tokens=3)


class Carrying(Player):
    """Takes every letter, and answers it whole or in a stream."""

    def __init__(self, *faults: Exception, used: Usage | None = USED) -> None:
        super().__init__(HELLO)
        self.faults = list(faults)
        self.used = used
        self.carried: list[Letter] = []

    def carries(self, letter: Letter, model: str) -> bool:
        return True

    async def carry(self, letter: Letter, model: str, desk: Desk) -> Answer:
        self.carried.append(letter)
        if self.faults:
            raise self.faults.pop(0)
        wire = Wire("openai_chat", {}, whole=True, sealed=b"{}")
        return Answer(id="1", model=model, usage=self.used, status="completed", wire=wire)

    async def speak(self, letter: Letter, model: str, say: Say, desk: Desk) -> None:
        self.carried.append(letter)
        if self.faults:
            raise self.faults.pop(0)
        await self.run(letter.opener(), say, desk)


def a_letter(content: object = "hi", **fields: object) -> Letter:
    said = {"model": "m", "messages": [{"role": "user", "content": content}], "max_tokens": 20}
    letter = read_letter(json.dumps({**said, **fields}).encode())
    assert letter is not None
    return letter


async def relay(stage: Stage, letter: Letter, purse: Watched) -> Answer | None:
    return await stage.router.relay(letter, deaf, a_desk_of(stage, purse))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_letter_that_fits_a_cap_is_carried_and_its_worst_case_set_aside(
    stream: bool,
) -> None:
    carrying, purse, letter = Carrying(), Watched(10**12), a_letter(stream=stream)
    stage = Stage({"a": carrying})
    await relay(stage, letter, purse)
    assert carrying.carried == [letter]
    (hold,) = purse.holds
    worst = stage.pricing.worst("a/a-m", letter.opener())
    assert hold.worst >= worst.ticks
    assert hold.used == stage.attempts[0].bill.ticks < worst.ticks
    assert (purse.reserved, purse.open) == (0, 0)
    assert stage.attempts[0].reserved == hold.worst


async def test_a_letter_whose_bytes_do_not_fit_is_opened_and_looked_at_closely() -> None:
    letter = a_letter("é{" * 40)
    stage = Stage({"a": Carrying()})
    bound = stage.pricing.bound("a/a-m", letter)
    worst = stage.pricing.worst("a/a-m", letter.opener())
    assert bound is not None
    assert bound.ticks > worst.ticks
    carrying, purse = Carrying(), Watched(worst.ticks)
    stage = Stage({"a": carrying})
    await relay(stage, a_letter("é{" * 40), purse)
    assert carrying.carried == []
    assert [request.items for request in carrying.requests] == [letter.opener().items]
    assert purse.holds[0].worst == worst.ticks


async def test_a_letter_that_fits_no_cap_goes_nowhere() -> None:
    carrying, purse = Carrying(), Watched(100)
    with pytest.raises(OverBudget):
        await relay(Stage({"a": carrying}), a_letter(), purse)
    assert (carrying.carried, carrying.calls, purse.holds) == ([], 0, [])


async def test_a_picture_is_reserved_for_as_a_picture() -> None:
    picture = [{"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]
    carrying, purse = Carrying(), Watched(10**12)
    stage = Stage({"a": carrying})
    await relay(stage, a_letter(picture), purse)
    assert carrying.carried == []
    assert purse.holds[0].worst == stage.pricing.worst("a/a-m", a_letter(picture).opener()).ticks


@pytest.mark.parametrize(
    "fields", [{"service_tier": "priority"}, {"tools": [{"type": "web_search"}]}]
)
async def test_what_nobody_can_promise_a_maximum_for_is_refused(fields: dict[str, object]) -> None:
    carrying, purse = Carrying(), Watched(10**12)
    with pytest.raises((OverBudget, BadRequest)):
        await relay(Stage({"a": carrying}), a_letter(**fields), purse)
    assert (carrying.carried, carrying.calls) == ([], 0)


async def test_as_many_answers_as_were_asked_for_are_reserved_for() -> None:
    stage = Stage({"a": Carrying()})
    one, three = (stage.pricing.bound("a/a-m", a_letter(n=n)) for n in (1, 3))
    assert one is not None
    assert three is not None
    assert three.output_tokens == 3 * one.output_tokens == 60


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", [Overloaded("Busy."), UpstreamBroken("Broken.")])
async def test_a_letter_that_fails_is_settled_once_and_tried_again(
    fault: Exception, stream: bool
) -> None:
    carrying, purse = Carrying(fault), Watched(10**12)
    stage = Stage({"a": carrying})
    await relay(stage, a_letter(stream=stream), purse)
    assert [hold.used is not None for hold in purse.holds] == [True, True]
    assert (purse.reserved, purse.open) == (0, 0)
    assert len(carrying.carried) + carrying.calls >= 2


async def test_a_letter_that_nobody_here_can_read_is_settled_all_the_same() -> None:
    """Its upstream could, and then said nothing of what it used."""
    letter = a_letter(temperature="warm")
    with pytest.raises(BadRequest):
        letter.opener()
    carrying, purse = Carrying(used=None), Watched(10**12)
    stage = Stage({"a": carrying})
    await relay(stage, a_letter(temperature="warm"), purse)
    (hold,) = purse.holds
    assert hold.used is not None
    assert hold.used <= hold.worst
    assert (purse.reserved, purse.open) == (0, 0)


async def test_an_answer_without_a_count_costs_what_the_same_one_costs_the_long_way() -> None:
    letter = a_letter()
    stage = Stage({"a": Carrying(used=None)})
    purse = Watched(10**12)
    await relay(stage, letter, purse)
    assert purse.holds[0].used == stage.pricing.worst("a/a-m", letter.opener()).ticks
    usage = stage.attempts[0].bill.usage
    assert usage is not None
    assert usage.input_tokens == -(-most(replace(letter.opener())).most // 4)
