"""A request is sent as often as its policy allows, by count, by size and by money, and the rows of
its attempts say so."""

from collections.abc import Sequence

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from manymind.canon.attempts import Attempt
from manymind.canon.events import Happened, Opened, Say
from manymind.canon.faults import (
    BadRequest,
    ContextTooLong,
    Fault,
    Forbidden,
    Overloaded,
    RateLimited,
    TimedOut,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.canon.ports import Desk
from manymind.canon.requests import Caps, Request
from manymind.catalog.offers import Offer
from manymind.routing.patience import Patience
from tests.routing.stage import HELLO, Player, Stage, Watched, an_offer, asked, deaf
from tests.world import FakeClock, listener

MILLION_WORDS = "word " * 1_000_000


@pytest.mark.parametrize(("again", "sent"), [(0, 1), (6_000_000, 2), (12_000_000, 3), (10**9, 3)])
async def test_a_giant_prompt_is_sent_again_as_often_as_the_policy_allows(
    again: int, sent: int
) -> None:
    """Five megabytes, each byte a token. A 503 is known not to have been billed."""
    one = Player((Overloaded("Full.", unbilled=True),))
    patience = Patience(tokens_again_max=again, first_pause_seconds=0)
    stage = Stage({"one": one}, an_offer("one", context=10**7), patience=patience)
    purse = Watched(10**12)
    with pytest.raises(Overloaded) as caught:
        await stage.run(asked(MILLION_WORDS), deaf, purse)
    assert one.calls == sent
    assert [(each.outcome, each.bill.ticks, each.bill.basis) for each in stage.attempts] == [
        ("overloaded", 0, "none")
    ] * sent
    assert [hold.used for hold in purse.holds] == [0] * sent
    assert ("retries.tokens" in caught.value.advice) == (again < 10**9)


async def test_what_failed_attempts_cost_is_bounded() -> None:
    """Each time the provider counts ten tokens before it breaks."""
    one = Player((*HELLO[:1], HELLO[4], UpstreamBroken("Broken.")))
    patience = Patience(attempts_max=9, rounds_max=9, ticks_lost_max=30, first_pause_seconds=0)
    stage, purse = Stage({"one": one}, patience=patience), Watched(10**6)
    with pytest.raises(UpstreamBroken) as caught:
        await stage.run(asked(), deaf, purse)
    assert [each.bill.ticks for each in stage.attempts] == [12, 12, 12]
    assert purse.spent == 36
    assert "retries.cost_usd" in caught.value.advice


@pytest.mark.parametrize(("asked_for", "calls"), [(1, 1), (2, 2), (100, 4), (0, 1)])
async def test_a_caller_may_lower_the_number_of_attempts_and_not_raise_it(
    asked_for: int, calls: int
) -> None:
    one, two = Player((Overloaded("Full."),)), Player((Overloaded("Full."),))
    stage = Stage({"one": one, "two": two})
    with pytest.raises(Overloaded):
        await stage.run(replace(asked(), caps=Caps(attempts=asked_for)), deaf)
    assert one.calls + two.calls == calls


async def test_nobody_is_asked_again_before_the_time_that_it_named() -> None:
    """The other is free again first; the one that wants ten seconds is asked after those alone."""
    clock = FakeClock()
    slow = Player((RateLimited("Slow.", retry_after=10),), HELLO)
    quick = Player((RateLimited("Slow.", retry_after=9),))
    stage = Stage({"slow": slow, "quick": quick}, clock=clock)
    heard, say = listener()
    async with anyio.create_task_group() as group:
        group.start_soon(stage.run, asked(), say)
        await clock.advance(9)
        assert (slow.calls, quick.calls) == (1, 2)
        await clock.advance(0.9)
        assert slow.calls == 1
        await clock.advance(0.1)
    assert heard.answer.text == "hello"


async def test_a_breaker_holds_others_back_and_lets_one_find_out() -> None:
    clock = FakeClock()
    sick = Player(*[(Overloaded("Full."),)] * 5, HELLO)
    well = Player(HELLO)
    stage = Stage({"sick": sick, "well": well}, clock=clock, rates={"well": 9})
    for _ in range(8):
        await stage.run(asked(), deaf)
        await clock.advance(31)
        if sick.calls == 5:
            break
    assert stage.router.health.state("sick/sick-m", clock.now()) in ("open", "half_open")
    before = sick.calls
    await stage.run(asked(), deaf)
    assert sick.calls == before + 1, "a probe"
    assert stage.router.health.state("sick/sick-m", clock.now()) == "closed"


async def test_an_open_breaker_is_no_reason_to_refuse() -> None:
    only = Player(*[(Overloaded("Full."),)] * 6, HELLO)
    stage = Stage({"only": only}, patience=Patience(attempts_max=1))
    for _ in range(6):
        with pytest.raises(Overloaded):
            await stage.run(asked(), deaf)
    await stage.run(asked(), deaf)
    assert only.calls == 7


async def timing_out(stage: Stage, deadline: float) -> None:
    with pytest.raises(TimedOut):
        await stage.run(asked(), deaf, deadline=deadline)


async def test_a_callers_own_deadline_does_not_open_a_breaker() -> None:
    """Else anyone who allows a millisecond could take a provider from everybody."""
    clock = FakeClock()

    class Late(Player):
        async def run(self, request: Request, say: Say, desk: Desk) -> None:
            await desk.clock.sleep(5)
            raise TimedOut("Slow.")

    stage = Stage({"one": Late()}, clock=clock)
    for _ in range(10):
        async with anyio.create_task_group() as group:
            group.start_soon(timing_out, stage, clock.now() + 1)
            await clock.advance(5)
    assert stage.router.health.state("one/one-m", clock.now()) == "closed"
    assert stage.router.health.lately("one/one-m", clock.today()).failed == 0


FAULTS = st.sampled_from(
    [
        Overloaded("x", unbilled=True),
        RateLimited("x", retry_after=0),
        UpstreamBroken("x"),
        TimedOut("x"),
        UpstreamRefused("x"),
        ContextTooLong("x"),
        BadRequest("x"),
        Forbidden("x"),
    ]
)
PARTS = st.one_of(
    st.just(HELLO),
    FAULTS.map(lambda fault: (fault,)),
    st.tuples(st.integers(1, len(HELLO) - 1), FAULTS).map(lambda cut: (*HELLO[: cut[0]], cut[1])),
)
LISTS = st.lists(
    st.lists(st.lists(PARTS, min_size=1, max_size=3), min_size=1, max_size=3),
    min_size=1,
    max_size=3,
)


@given(LISTS, st.integers(1, 6), st.integers(1, 3))
async def test_whatever_fails_the_attempts_are_as_the_policy_says(
    models: list[list[list[tuple[Happened | Fault | None, ...]]]], attempts: int, rounds: int
) -> None:
    """Models with offers with what these do each time: nobody is asked after the answer or after
    a word, nor more often than is allowed; a fault that only another model could mend leads to
    one; and all that the caller hears is of one attempt."""
    players: dict[str, Player] = {}
    offers: list[Offer] = []
    model_of: dict[str, str] = {}
    for m, parts_of in enumerate(models):
        for p, parts in enumerate(parts_of):
            name = f"p{m}x{p}"
            players[name] = Player(*parts)
            model_of[name] = f"brand/m{m}"
            offers.append(replace(an_offer(name), native=f"m{m}", slug=f"brand/m{m}"))
    patience = Patience(attempts_max=attempts, rounds_max=rounds, first_pause_seconds=0)
    stage = Stage(players, *offers, patience=patience)
    request = replace(
        asked(model="brand/m0"), models=tuple(f"brand/m{n}" for n in range(1, len(models)))
    )
    heard, say = listener()
    fault: Fault | None = None
    try:
        await stage.run(request, say)
    except Fault as raised:
        fault = raised
    tries = stage.attempts
    assert 1 <= len(tries) <= attempts
    assert sum(each.calls for each in players.values()) == len(tries)
    assert all(players[name].calls <= rounds for name in players)
    assert [each.outcome for each in tries[:-1]].count("completed") == 0
    assert (fault is None) == (tries[-1].outcome == "completed")
    assert all(each.first_word_seconds is None for each in tries[:-1]), "no splice"
    once_closed(tries, model_of)
    spoken = [event for event in heard.events if isinstance(event, Opened)]
    assert len(spoken) <= 1
    if fault is None:
        assert heard.answer.text == "hello"


def once_closed(tries: Sequence[Attempt], model_of: dict[str, str]) -> None:
    """After a fault that no other offer of a model could better, that model is left alone."""
    closed: set[str] = set()
    for each in tries:
        assert model_of[each.provider] not in closed
        if each.outcome in (BadRequest.code, Forbidden.code):
            closed.add(model_of[each.provider])
