"""Agents that die, dawdle, lie, loop, babble or break their JSON do not sink the answer."""

from collections.abc import Sequence

import pytest

from manymind.canon.events import Ended, Opened, Wrote
from manymind.canon.faults import (
    CutShort,
    NoSuchModel,
    Overloaded,
    RateLimited,
    UpstreamBroken,
    UpstreamRefused,
)
from manymind.canon.items import Called, Said
from manymind.canon.requests import Caps, Reasoning, Request
from manymind.providers.scripted import Entry, Line
from tests.engine.laws import assert_cited, assert_grammar, assert_quoted, citations_of
from tests.engine.roles import call, encoded, noting, planner, researcher, returned, saying
from tests.engine.stage import LIBRARY, Shelf, Stage, noted, performed
from tests.world import Heard, a_request

QUESTION = "How far away is the Moon, and how high are the tides?"
SHELF = Shelf(*LIBRARY)


def assert_good(heard: Heard) -> None:
    assert heard.answer.status == "completed"
    assert citations_of(heard.answer)
    assert_grammar(heard.events)
    assert_cited(heard.answer, SHELF)
    assert_quoted(heard.answer.text, SHELF)


def looping(request: Request) -> Sequence[Line]:
    return (call("search", query="the same Moon again"),)


def babbling(request: Request) -> Sequence[Line]:
    """Ignores the limit it was given, and never comes to an end."""
    opened = Opened(item="talk", value=Said(role="assistant"))
    return (opened, *(Wrote(item="talk", text="blah " * 10_000) for _ in range(1_000)))


def breaking(request: Request) -> Sequence[Line]:
    if len(returned(request)) > 3:
        return ("I gave up on it.",)
    return (Called(call_id="c", name="search", arguments='{"query": "Moon'),)


def lying(request: Request) -> Sequence[Line]:
    """Makes up another quote every time."""
    quote = f"The tides reach {len(returned(request))} metres in the dark"
    return (call("note_claim", text="Dark.", document_id="tides", quote=quote),)


def wandering(request: Request) -> Sequence[Line]:
    """Finds the same in ever other words."""
    return (call("search", query=f"far side {'so ' * len(returned(request))}"),)


BAD: dict[str, tuple[Entry, str]] = {
    "dead": (UpstreamBroken("It fell over."), "upstream_error"),
    "refused": (UpstreamRefused("A wrong key."), "upstream_unauthorized"),
    "gone": (NoSuchModel("There is none."), "model_not_found"),
    "overloaded": (Overloaded("Too busy."), "overloaded"),
    "rate limited": (RateLimited("Slow down.", retry_after=3), "rate_limit_exceeded"),
    "cut off": (("Half a sen", CutShort("The stream ended.")), "stream_cut"),
    "babbling": (babbling, "output_too_long"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_an_agent_that_fails_is_reported_and_the_answer_is_good(kind: str) -> None:
    entry, reason = BAD[kind]
    stage = Stage({"agent-2": entry})
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    assert_good(heard)
    failed = [event for event in heard.events if isinstance(event, Ended) and event.reason]
    assert [(event.voice, event.reason) for event in failed] == [("agent-2", reason)]
    assert noted(heard, "failed")[0]["reason"] == reason
    assert f"{reason}" in encoded(stage.asked("write")[0])


NOWHERE: dict[str, tuple[Entry, str]] = {
    "repeats": (looping, "your last calls were the same as before"),
    "bad_calls": (breaking, "no tool could make sense of your last calls"),
    "claims_refused": (lying, "none of your last quotes stands in its document"),
    "no_progress": (wandering, "your last calls brought nothing new"),
}


@pytest.mark.parametrize("reason", NOWHERE)
async def test_an_agent_that_gets_nowhere_loses_its_tools_and_is_told_why(reason: str) -> None:
    role, told = NOWHERE[reason]
    stage = Stage({"agent-2": role})
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    assert_good(heard)
    asked = stage.asked("agent-2")
    assert len(asked) <= 4
    assert asked[-1].tool_choice is not None and asked[-1].tool_choice.mode == "none"
    assert f"Stop here: {told}" in encoded(asked[-1].items)
    account = heard.answer.verification
    assert account is not None
    assert (account.agents[1].status, account.agents[1].reason) == ("cut", reason)


@pytest.mark.parametrize("reason", NOWHERE)
async def test_where_all_agents_get_nowhere_the_answer_is_partial_and_says_why(
    reason: str,
) -> None:
    heard = await performed(Stage({"agent": NOWHERE[reason][0]}), a_request(QUESTION), *LIBRARY)
    assert (heard.answer.status, heard.answer.reason) == ("incomplete", reason)
    assert heard.answer.text
    assert_grammar(heard.events)
    assert_cited(heard.answer, SHELF)


async def test_an_agent_whose_every_claim_was_refused_has_failed_and_the_loss_is_told() -> None:
    stage = Stage({"agent-2": LIES["invented"]})
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    assert noted(heard, "failed")[0]["reason"] == "claims_refused"
    account = heard.answer.verification
    assert account is not None
    assert (account.counts.lost, account.lost[0].voice) == (1, "agent-2")
    assert account.lost[0].text == "The Moon is cheese."


async def test_a_wrong_call_is_answered_with_how_to_call_it() -> None:
    stage = Stage({"agent-2": breaking, "agent-3": saying(call("fly"))})
    await performed(stage, a_request(QUESTION), *LIBRARY)
    assert (
        "It takes JSON with: query, limit, document_ids." in returned(stage.asked("agent-2")[1])[0]
    )
    assert (
        "The tools are: grep, note_claim, read, recall, search."
        in returned(stage.asked("agent-3")[1])[0]
    )


LIES = {
    "invented": noting("The Moon is cheese.", "moon", "The Moon is made of green cheese."),
    "altered": noting("It is 999 km away.", "moon", "Its mean distance is 999,400 kilometres"),
    "swapped": noting("Tides.", "sun", "A spring tide comes twice a month."),
    "nowhere": noting("Tides.", "no-such-document", "A spring tide comes twice a month."),
    "empty": noting("Nothing.", "moon", ""),
}


@pytest.mark.parametrize("kind", LIES)
async def test_an_invented_quote_is_refused_and_never_cited(kind: str) -> None:
    stage = Stage({"agent-2": LIES[kind]})
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    assert_good(heard)
    assert noted(heard, "rejected")
    for lie in ("cheese", "999"):
        assert lie not in heard.answer.text


async def test_a_claim_with_a_figure_that_is_not_in_its_quote_is_refused() -> None:
    lie = noting("The tides are 61 metres high.", "tides", "The highest tides are 16 metres")
    stage = Stage({"plan": planner(1), "agent-1": lie})
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    assert "Of the claim's figures 61 stands in no quote of it." in encoded(
        noted(heard, "rejected")
    )
    assert not noted(heard, "claim") and not citations_of(heard.answer)
    account = heard.answer.verification
    assert account is not None
    assert [(lost.voice, lost.text) for lost in account.lost] == [
        ("agent-1", "The tides are 61 metres high.")
    ]


async def test_a_failed_quote_may_be_mended_twice_and_is_then_unsupported() -> None:
    def stubborn(request: Request) -> Sequence[Line]:
        n = len(returned(request))
        quote = "The highest tides are 16 metres" if n == 3 else f"The tides reach {n} metres"
        if n > 3:
            return ("Done.",)
        search = call("search", query=f"tides {n}")
        return (call("note_claim", text="High.", document_id="tides", quote=quote), search)[: n + 1]

    stage = Stage({"plan": planner(1), "agent-1": stubborn})
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    rejected = noted(heard, "rejected")
    assert len(rejected) >= 2
    assert "{{E" not in heard.answer.text


async def test_a_model_without_tools_gives_evidence_in_its_report() -> None:
    report = (
        'In tides it says "The highest tides are 16 metres at the Bay of Fundy." and in moon it '
        'says "The Moon is a very big lamp in the sky."\nThat is all.'
    )
    stage = Stage({"plan": planner(1), "agent": saying(report)})
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    assert [cited.document_id for cited in citations_of(heard.answer)] == ["tides"]
    assert_cited(heard.answer, SHELF)


@pytest.mark.parametrize(
    "plan", ["no JSON", '{"mode": "fly"}', '{"mode":"research","work":[]}', ""]
)
async def test_a_plan_that_is_none_is_made_by_code(plan: str) -> None:
    heard = await performed(Stage({"plan": saying(plan)}), a_request(QUESTION), *LIBRARY)
    assert_good(heard)
    assert noted(heard, "plan_failed")


async def test_a_leader_that_cannot_write_is_replaced_by_the_claims() -> None:
    stage = Stage({"write": UpstreamBroken("It fell over.")})
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    assert (heard.answer.status, heard.answer.reason) == ("incomplete", "upstream_error")
    assert len(citations_of(heard.answer)) >= 3
    assert_cited(heard.answer, SHELF)
    assert_quoted(heard.answer.text, SHELF)


async def test_a_leader_that_cites_nothing_gets_the_evidence_appended() -> None:
    heard = await performed(Stage({"write": saying("It is far.")}), a_request(QUESTION), *LIBRARY)
    assert heard.answer.text.startswith("It is far.\n\n- ")
    assert_good(heard)


async def test_a_leader_that_invents_is_stripped_of_it() -> None:
    text = (
        'It says "the Moon was painted by two old men" {{E1}}. See [[7]](https://evil.example) '
        "and {{E99}}.\n\n> The tides were made by the council of elders\n\nStill: “The Moon orbits "
        "the Earth.” {{E2}}"
    )
    heard = await performed(Stage({"write": saying(text)}), a_request(QUESTION), *LIBRARY)
    assert_good(heard)
    said = heard.answer.text
    assert '"' not in said and "> " not in said and "evil" not in said and "E99" not in said
    assert "the Moon was painted by two old men" in said


async def test_where_nobody_can_say_anything_the_caller_hears_why() -> None:
    dead = UpstreamRefused("A wrong key.")
    stage = Stage({"plan": dead, "agent": dead, "write": dead})
    with pytest.raises(UpstreamRefused):
        await performed(stage, a_request(QUESTION), *LIBRARY)


async def test_a_bug_in_a_model_is_not_taken_for_a_fault() -> None:
    def broken(request: Request) -> Sequence[Line]:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        await performed(Stage({"agent-2": broken}), a_request(QUESTION), *LIBRARY)


async def test_a_silent_agent_is_left_behind_when_the_others_are_done() -> None:
    stage = Stage()
    stage.delays["agent-2"] = 10_000.0
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    assert_good(heard)
    assert stage.now < 100
    assert [fact["reason"] for fact in noted(heard, "report") if fact["status"] == "cut"] == [
        "slow"
    ]


async def test_a_silent_leader_does_not_keep_the_agents_waiting() -> None:
    stage = Stage()
    stage.delays["plan"] = 10_000.0
    stage.delays["write"] = 10_000.0
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    assert heard.answer.reason == "deadline"
    assert citations_of(heard.answer)
    assert_grammar(heard.events)


async def test_a_deadline_gives_a_partial_answer_in_time() -> None:
    stage = Stage()
    stage.delays.update({f"agent-{n}": 40.0 for n in (2, 3)})
    request = a_request(QUESTION, caps=Caps(seconds=20))
    heard = await performed(stage, request, *LIBRARY)
    assert stage.now <= 20
    assert (heard.answer.status, heard.answer.reason) == ("incomplete", "deadline")
    assert citations_of(heard.answer)
    assert_grammar(heard.events)


async def test_sixteen_agents_take_no_longer_than_one() -> None:
    request = a_request(QUESTION, reasoning=Reasoning(effort="high"))
    stage = Stage({"plan": planner(15)}, latency=1.0)
    heard = await performed(stage, request, *LIBRARY)
    critical = 1.0 + 3 * 1.0 + 1.0
    assert noted(heard, "spawned")[0]["agents_used"] == 16
    assert len(stage.requests) == 1 + 15 * 3 + 1
    assert stage.now <= 1.2 * critical


async def test_turns_end_where_the_caller_says() -> None:
    stage = Stage()
    heard = await performed(stage, a_request(QUESTION, caps=Caps(turns=2)), *LIBRARY)
    assert max(len(stage.asked(f"agent-{n}")) for n in (1, 2, 3)) == 2
    assert_grammar(heard.events)


async def test_tool_calls_end_where_the_caller_says() -> None:
    stage = Stage()
    heard = await performed(stage, a_request(QUESTION, caps=Caps(tool_calls=4)), *LIBRARY)
    assert len(noted(heard, "search")) + len(noted(heard, "claim")) <= 4
    assert heard.answer.reason == "max_tool_calls"
    assert_grammar(heard.events)


async def test_the_same_search_is_made_once_for_all() -> None:
    def same(query: str) -> Entry:
        return lambda request: (
            researcher(request) if returned(request) else (call("search", query=query),)
        )

    roles = {
        "agent-1": same("high tides"),
        "agent-2": same("High TIDES "),
        "agent": same("high tides"),
    }
    stage = Stage({"plan": planner(3), **roles})
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    asked_by = [fact["asked_by"] for fact in noted(heard, "search")]
    assert len(asked_by) == 3 and len(set(asked_by)) == 1
    found = {returned(stage.asked(f"agent-{n}")[-1])[0] for n in (1, 2, 3)}
    assert len(found) == 1, "who asked first makes no difference to what one is told"
