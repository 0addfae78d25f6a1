"""Someone answers, is paid once, and is never spliced with another."""

import anyio
import pytest

from manymind.canon.events import Began, Chunk, Ended, Happened, Noted, Say, Spent, Wire, Wrote
from manymind.canon.faults import (
    BadRequest,
    ContextTooLong,
    CutShort,
    Fault,
    NoSuchModel,
    OverBudget,
    Overloaded,
    RateLimited,
    TimedOut,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.canon.ports import Desk
from manymind.canon.requests import Request
from manymind.canon.usage import Usage
from manymind.routing.patience import Patience
from tests.routing.stage import BEGAN, HELLO, USED, Player, Stage, Watched, an_offer, asked, deaf
from tests.world import FakeClock, listener, settle


async def test_the_first_offer_answers_under_its_own_name_for_the_model() -> None:
    one, two = Player(HELLO), Player(HELLO)
    stage = Stage({"one": one, "two": two})
    heard, say = listener()
    await stage.run(asked(), say)
    assert [one.requests[0].model, two.calls] == ["one-m", 0]
    assert one.desks[0].key == "run/attempt-1"
    assert (heard.answer.text, heard.answer.model) == ("hello", "m-0309")
    assert heard.answer.usage is not None
    assert heard.answer.usage.cost == 12


async def test_another_offer_takes_over_before_the_first_word() -> None:
    dropped = Noted(what="dropped", data={"fields": ["seed"]})
    broken = Player((dropped, BEGAN, Spent(usage=Usage(input_tokens=3)), Overloaded("Full.")))
    stage = Stage({"broken": broken, "spare": Player(HELLO)})
    heard, say = listener()
    purse = Watched()
    await stage.run(asked(), say, purse)
    assert heard.events == [
        *HELLO[:4],
        Spent(usage=Usage(input_tokens=10, output_tokens=2, cost=12)),
        Ended(),
    ], "nothing of the attempt that failed is heard"
    assert [hold.used for hold in purse.holds] == [0, 12]
    assert [each.outcome for each in stage.attempts] == ["overloaded", "completed"]


@pytest.mark.parametrize("words", [2, 3, 4, 5])
async def test_no_other_offer_takes_over_after_the_first_word(words: int) -> None:
    broken, spare = Player((*HELLO[:words], Overloaded("Full."))), Player(HELLO)
    stage = Stage({"broken": broken, "spare": spare})
    heard, say = listener()
    with pytest.raises(Overloaded):
        await stage.run(asked(), say)
    assert spare.calls == 0
    assert heard.events[:3] == list(HELLO[: min(words, 3)])


async def test_an_agents_doings_are_a_word() -> None:
    spawned = Noted(what="spawned", data={}, voice="agent-1")
    spare = Player(HELLO)
    stage = Stage({"team": Player((BEGAN, spawned, Overloaded("Full."))), "spare": spare})
    with pytest.raises(Overloaded):
        await stage.run(asked(), deaf)
    assert spare.calls == 0


async def test_an_upstream_that_only_shows_signs_of_life_is_heard_after_a_while() -> None:
    stage = Stage({"one": Player((*[Spent(usage=USED)] * 100, None))})
    heard, say = listener()
    async with anyio.create_task_group() as group:
        group.start_soon(stage.run, asked(), say)
        await settle()
        assert len(heard) == 100
        group.cancel_scope.cancel()


async def test_an_answer_without_an_end_is_a_fault() -> None:
    stage = Stage({"one": Player(HELLO[:-1])})
    with pytest.raises(CutShort) as caught:
        await stage.run(asked(), deaf)
    assert caught.value.upstream == "one"


async def test_a_model_that_the_provider_does_not_name_is_named() -> None:
    stage = Stage({"one": Player((Began(id="r", model=""), *HELLO[1:]))})
    heard, say = listener()
    await stage.run(asked(), say)
    assert heard.answer.model == "one-m"
    assert stage.attempts[0].served == "one-m"


async def test_the_wire_message_of_a_first_chunk_is_kept() -> None:
    wire = Wire("openai_chat", {"novel": 1})

    class Wired(Player):
        async def run(self, request: Request, say: Say, desk: Desk) -> None:
            await say(Chunk((BEGAN,), wire))
            await say(Chunk((Ended(),)))

    heard, say = listener()
    await Stage({"one": Wired()}).run(asked(), say)
    assert heard[0].wire is wire


@pytest.mark.parametrize("fault", [BadRequest("Bad."), Fault("Odd.")])
async def test_what_no_other_offer_could_do_better_is_raised_at_once(fault: Fault) -> None:
    spare = Player(HELLO)
    stage = Stage({"one": Player((fault,)), "spare": spare})
    with pytest.raises(type(fault)):
        await stage.run(asked(), deaf)
    assert spare.calls == 0


@pytest.mark.parametrize(
    "fault", [UpstreamRefused("Key."), NoSuchModel("None."), ContextTooLong("Long.")]
)
async def test_a_provider_that_will_never_answer_is_passed_over_once(fault: Fault) -> None:
    one = Player((fault,))
    stage = Stage({"one": one, "spare": Player((RateLimited("Slow."),), HELLO)})
    heard, say = listener()
    await stage.run(asked(), say)
    assert heard.answer.text == "hello"
    assert one.calls == 1


async def test_when_all_fail_the_fault_that_helps_most_is_raised() -> None:
    stage = Stage(
        {
            "one": Player((UpstreamRefused("Key."),)),
            "two": Player((RateLimited("Slow.", retry_after=90),)),
            "three": Player((UpstreamBroken("Broken."),)),
        }
    )
    with pytest.raises(RateLimited) as caught:
        await stage.run(asked(), deaf)
    assert (caught.value.retry_after, caught.value.upstream) == (90, "two")


async def test_attempts_are_bounded() -> None:
    one, two = Player((Overloaded("Full."),)), Player((Overloaded("Full."),))
    stage = Stage(
        {"one": one, "two": two}, patience=Patience(attempts_max=5, first_pause_seconds=0)
    )
    with pytest.raises(Overloaded):
        await stage.run(asked(), deaf)
    assert (one.calls, two.calls) == (3, 2)
    assert [each.key for each in stage.attempts] == [f"run/attempt-{n}" for n in range(1, 6)]


async def test_retry_after_is_honoured() -> None:
    clock = FakeClock()
    stage = Stage({"one": Player((RateLimited("Slow.", retry_after=7),), HELLO)}, clock=clock)
    heard, say = listener()
    async with anyio.create_task_group() as group:
        group.start_soon(stage.run, asked(), say)
        await settle()
        assert clock.slept == [7]
        await clock.advance(7)
    assert heard.answer.text == "hello"


@pytest.mark.parametrize(("retry_after", "deadline"), [(31.0, None), (7.0, 1006.9), (7.0, 1007.0)])
async def test_nobody_waits_beyond_the_deadline_or_beyond_reason(
    retry_after: float, deadline: float | None
) -> None:
    clock, one = FakeClock(), Player((RateLimited("Slow.", retry_after=retry_after),))
    stage = Stage({"one": one}, clock=clock)
    with pytest.raises(RateLimited):
        await stage.run(asked(), deaf, deadline=deadline)
    assert (clock.slept, one.calls) == ([], 1)


async def test_nobody_is_asked_after_the_deadline() -> None:
    one = Player(HELLO)
    with pytest.raises(TimedOut):
        await Stage({"one": one}, clock=FakeClock()).run(asked(), deaf, deadline=1000.0)
    assert one.calls == 0


async def test_pauses_grow() -> None:
    pause = Patience(first_pause_seconds=0.5).pause
    assert [pause(round_number, [None], lambda: 0.5) for round_number in (1, 2, 3)] == [0.5, 1, 2]
    assert pause(1, [None], lambda: 0.0) == 0.25
    assert pause(1, [0.0, None], lambda: 0.5) == 0


async def test_a_giant_prompt_is_not_sent_again_where_it_may_have_been_billed() -> None:
    giant = asked("x" * 500_000)
    for fault, calls in ((TimedOut("Slow."), 0), (TimedOut("Slow.", unbilled=True), 1)):
        spare = Player(HELLO)
        stage = Stage(
            {"one": Player((fault,)), "spare": spare},
            an_offer("one", context=10**6),
            an_offer("spare", context=10**6),
        )
        if calls:
            await stage.run(giant, deaf)
        else:
            with pytest.raises(TimedOut):
                await stage.run(giant, deaf)
        assert spare.calls == calls


async def test_a_request_that_no_window_holds_is_refused_before_anyone_is_asked() -> None:
    one, two = Player(HELLO), Player(HELLO)
    stage = Stage({"one": one, "two": two}, an_offer("one", context=900), an_offer("two"))
    with pytest.raises(ContextTooLong) as caught:
        await stage.run(asked("word " * 100_001), deaf)
    assert caught.value.message == "No offer of m fits 100,001 tokens (largest: 100,000)."
    assert one.calls + two.calls == 0
    await stage.run(asked("word " * 100_000), deaf)
    assert (one.calls, two.calls) == (0, 1), "the smaller one is left out"


async def test_what_might_fit_is_sent() -> None:
    one = Player(HELLO)
    await Stage({"one": one}, an_offer("one", context=10)).run(asked("漢" * 100_000), deaf)
    assert one.calls == 1


async def test_a_name_that_nobody_serves_is_refused_with_advice() -> None:
    stage = Stage({"one": Player(HELLO), "manymind/reader": Player(HELLO)}, an_offer("one"))
    for name, advice in {
        "x-ai/grok-4": "Set XAI_API_KEY or OPENROUTER_API_KEY.",
        "manymind/raeder": "Did you mean manymind/reader?",
        "manymind/multi-agent": "Configured providers: manymind, one.",
    }.items():
        with pytest.raises(NoSuchModel) as caught:
            await stage.run(asked(model=name), deaf)
        assert advice in caught.value.advice


async def test_an_alias_and_a_single_model_of_ours_lead_to_their_provider() -> None:
    reader = Player(HELLO)
    stage = Stage({"manymind/reader": reader}, aliases={"x-ai/grok-4": "manymind/reader"})
    purse = Watched(0)
    heard, say = listener()
    await stage.run(asked(model="x-ai/grok-4", max_output_tokens=None), say, purse)
    assert reader.requests[0].model == "reader"
    assert (heard.answer.text, purse.spent) == ("hello", 0)


async def test_under_a_cap_only_what_can_be_promised_is_bought() -> None:
    unlimited = Player(HELLO)
    stage = Stage({"one": unlimited}, an_offer("one", context=None))
    request = asked(max_output_tokens=None)
    with pytest.raises(OverBudget) as caught:
        await stage.run(request, deaf, Watched(10**9))
    assert "limits its output" in caught.value.message
    assert "max_output_tokens" in caught.value.advice
    assert unlimited.calls == 0
    await stage.run(request, deaf)
    await stage.run(asked(max_output_tokens=5), deaf, Watched(10**9))
    assert unlimited.calls == 2


async def test_a_cheaper_offer_is_taken_where_the_first_does_not_fit_the_budget() -> None:
    dear, cheap = Player(HELLO), Player(HELLO)
    stage = Stage({"dear": dear, "cheap": cheap}, an_offer("dear", rate=10**6), an_offer("cheap"))
    purse = Watched(10**4)
    await stage.run(asked(), deaf, purse)
    assert (dear.calls, cheap.calls, purse.spent) == (0, 1, 12)


@pytest.mark.parametrize("place", range(len(HELLO) + 1))
@pytest.mark.parametrize("fault", [Overloaded("Full."), TimedOut("Slow."), ValueError("A bug.")])
async def test_wherever_an_attempt_breaks_its_hold_is_settled_once(
    place: int, fault: Exception
) -> None:
    class Breaking(Player):
        async def run(self, request: Request, say: Say, desk: Desk) -> None:
            await super().run(request, say, desk)
            raise fault

    stage = Stage({"one": Breaking(HELLO[:place])}, patience=Patience(attempts_max=1))
    purse = Watched(10**6)
    with pytest.raises(type(fault)):
        await stage.run(asked(), deaf, purse)
    (hold,) = purse.holds
    assert hold.used is not None
    assert (purse.open, purse.reserved, purse.spent) == (0, 0, hold.used)
    assert hold.used <= hold.worst
    assert len(stage.attempts) == 1


@pytest.mark.parametrize("place", range(len(HELLO)))
async def test_a_caller_who_hangs_up_pays_for_what_had_come(place: int) -> None:
    lines: tuple[Happened | None, ...] = (*HELLO[:place], None)
    stage, purse = Stage({"one": Player(lines)}), Watched(10**6)
    async with anyio.create_task_group() as group:
        group.start_soon(stage.run, asked(), deaf, purse)
        await settle()
        assert purse.open == 1
        group.cancel_scope.cancel()
    (attempt,) = stage.attempts
    (hold,) = purse.holds
    assert hold.used is not None
    assert (attempt.outcome, attempt.bill.basis) == ("cancelled", "arrived")
    said = sum(len(line.text) for line in lines if isinstance(line, Wrote))
    assert hold.used == attempt.bill.ticks
    assert hold.used >= said + USED.input_tokens
    assert (purse.open, purse.left()) == (0, 10**6 - hold.used)


async def test_64_runs_at_once_stay_within_one_budget() -> None:
    clock = FakeClock()

    class Slow(Player):
        async def run(self, request: Request, say: Say, desk: Desk) -> None:
            await desk.clock.sleep(1)
            await super().run(request, say, desk)

    slow = Slow(HELLO)
    stage = Stage({"one": slow}, clock=clock)
    one = stage.pricing.worst("one/one-m", asked()).ticks
    purse = Watched(10 * one + one // 2)
    refused: list[OverBudget] = []

    async def run() -> None:
        try:
            await stage.run(asked(), deaf, purse)
        except OverBudget as fault:
            refused.append(fault)

    async with anyio.create_task_group() as group:
        for _ in range(64):
            group.start_soon(run)
        await settle()
        assert purse.reserved == 10 * one
        await clock.advance(1)
    assert (slow.calls, len(refused)) == (10, 54)
    assert (purse.spent, purse.reserved) == (120, 0)


async def test_an_attempt_is_told_with_times_and_without_words() -> None:
    clock = FakeClock()

    class Slow(Player):
        async def run(self, request: Request, say: Say, desk: Desk) -> None:
            await desk.clock.sleep(2)
            await super().run(request, say, desk)
            await desk.clock.sleep(3)

    stage = Stage({"one": Slow(HELLO)}, clock=clock)
    async with anyio.create_task_group() as group:
        group.start_soon(stage.run, asked("secret words"), deaf)
        await clock.advance(2)
        await clock.advance(3)
    (attempt,) = stage.attempts
    assert (attempt.requested, attempt.offer, attempt.served) == ("m", "one/one-m", "m-0309")
    assert (attempt.first_word_seconds, attempt.seconds) == (2, 5)
    assert (attempt.bill.ticks, attempt.bill.basis) == (12, "usage")
    assert "secret" not in repr(attempt)
    assert "hello" not in repr(attempt)
