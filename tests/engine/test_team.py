"""The team from its first call to its last word, with models that do their best."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from manymind.canon.answers import fold
from manymind.canon.events import Began, Cited, Closed, Ended, Noted, Spent, Wrote
from manymind.canon.faults import BadRequest, Overloaded, Unsupported
from manymind.canon.items import Called, Hosted, Returned
from manymind.canon.parts import Text
from manymind.canon.requests import Caps, Function, OutputFormat, Reasoning, Request
from manymind.canon.values import Json
from manymind.providers.scripted import Line
from tests.engine.laws import assert_cited, assert_grammar, assert_quoted, citations_of
from tests.engine.roles import encoded, planner, saying
from tests.engine.stage import LIBRARY, Shelf, Stage, a_desk, noted, performed
from tests.world import a_request, said

QUESTION = "How far away is the Moon, and how high are the tides?"
SHELF = Shelf(*LIBRARY)


async def test_a_team_answers_with_quotes_that_stand_in_their_documents() -> None:
    heard = await performed(Stage(chunk_tokens=1), a_request(QUESTION), *LIBRARY)
    answer = heard.answer
    assert (answer.status, answer.model) == ("completed", "manymind/multi-agent")
    assert len(citations_of(answer)) >= 3
    assert_grammar(heard.events)
    assert_cited(answer, SHELF)
    assert_quoted(answer.text, SHELF)


@pytest.mark.parametrize(
    ("effort", "agents"), [("low", 4), ("medium", 4), (None, 4), ("high", 16), ("xhigh", 16)]
)
async def test_effort_is_the_most_agents_that_work_the_leader_counted(
    effort: str | None, agents: int
) -> None:
    request = a_request(QUESTION, reasoning=Reasoning(effort=effort))
    heard = await performed(Stage({"plan": planner(40)}), request, *LIBRARY)
    spawned = noted(heard, "spawned")[0]
    assert spawned["agents_used"] == spawned["agents_allowed"] == agents


async def test_the_leader_may_use_fewer_agents_and_says_so() -> None:
    request = a_request(QUESTION, reasoning=Reasoning(effort="high"))
    heard = await performed(Stage({"plan": planner(2)}), request, *LIBRARY)
    spawned = noted(heard, "spawned")[0]
    assert (spawned["agents_used"], spawned["agents_allowed"]) == (3, 16)
    assert spawned["reason"] == "it has parts"


@pytest.mark.parametrize("agents", [2, 5, 64])
async def test_a_number_of_agents_that_the_caller_names_is_kept(agents: int) -> None:
    request = a_request(QUESTION, caps=Caps(agents=agents))
    heard = await performed(Stage(), request, *LIBRARY)
    assert noted(heard, "spawned")[0]["agents_used"] == agents
    assert len([event for event in heard.events if isinstance(event, Began)]) == agents


@pytest.mark.parametrize("agents", [0, -1, 65])
async def test_an_impossible_number_of_agents_is_refused(agents: int) -> None:
    with pytest.raises(BadRequest) as raised:
        await performed(Stage(), a_request(QUESTION, caps=Caps(agents=agents)), *LIBRARY)
    assert raised.value.field == "agent_count"


@pytest.mark.parametrize("effort", ["none", "minimal"])
async def test_without_effort_the_leader_works_alone_and_shows_its_searches(effort: str) -> None:
    stage = Stage()
    request = a_request(QUESTION, reasoning=Reasoning(effort=effort))
    heard = await performed(stage, request, *LIBRARY)
    assert {event.voice for event in heard.events} == {"leader"}
    searches = [item for item in heard.answer.items if isinstance(item, Hosted)]
    assert searches[0].action is not None and searches[0].action["sources"]
    assert not stage.asked("plan")
    assert_cited(heard.answer, SHELF)
    assert_grammar(heard.events)


async def test_a_plain_question_without_documents_is_one_call_when_one_works_alone() -> None:
    stage = Stage({"write": saying("Hello to you.")})
    heard = await performed(stage, a_request("Hello!", caps=Caps(agents=1)))
    assert heard.answer.text == "Hello to you."
    assert stage.requests[0].items == (said("Hello!"),)
    assert len(stage.requests) == 1


async def test_every_call_begins_with_the_same_bytes() -> None:
    stage = Stage()
    await performed(stage, a_request(QUESTION, instructions=(Text(text="Be brief."),)), *LIBRARY)
    beginnings = {encoded((each.instructions, each.items[0])) for each in stage.requests}
    assert len(stage.requests) > 8
    assert len(beginnings) == 1


async def test_no_two_calls_have_the_same_key() -> None:
    stage = Stage({"agent-2": saying(Overloaded("Too busy."))})
    await performed(stage, a_request(QUESTION), *LIBRARY)
    keys = [desk.key for desk in stage.desks]
    assert len(keys) == len(set(keys))
    assert {"run/plan", "run/agent-1/turn-1", "run/write/1"} <= set(keys)
    assert all(desk.depth == 1 for desk in stage.desks)


async def test_the_documents_of_the_conversation_are_named_and_not_repeated() -> None:
    stage = Stage()
    text = f'<document id="moon">{LIBRARY[0].text}</document>\n\n{QUESTION}'
    await performed(stage, a_request(text), *LIBRARY)
    assert LIBRARY[0].text not in encoded(stage.asked("plan")[0])
    assert "moon, 124" in encoded(stage.asked("plan")[0].instructions)


async def test_the_leaders_usage_is_the_sum_of_all_calls() -> None:
    stage = Stage()
    heard = await performed(stage, a_request(QUESTION), *LIBRARY)
    usage = heard.answer.usage
    assert usage is not None
    assert usage.input_tokens == 10 * len(stage.requests)
    assert usage.cost == 40 * len(stage.requests)
    assert usage.tools["document_search"] >= 4
    assert usage.sources == len({cited.url for cited in citations_of(heard.answer)})
    agents = [e.usage for e in heard.events if isinstance(e, Spent) and e.voice != "leader"]
    assert sum(each.cost or 0 for each in agents) == 40 * (len(stage.requests) - 2)


async def test_the_answer_comes_in_pieces_that_fold_to_it() -> None:
    heard = await performed(Stage(), a_request(QUESTION), *LIBRARY)
    spoken = [e for e in heard.events if isinstance(e, Wrote) and e.voice == "leader"]
    assert "".join(event.text for event in spoken) == heard.answer.text == fold(heard).text
    assert len(spoken) > 3
    for chunk in heard:
        for cited in (event for event in chunk.events if isinstance(event, Cited)):
            link = f"[[{cited.citation.title}]]({cited.citation.url})"
            assert [e.text for e in chunk.events if isinstance(e, Wrote)] == [link]


async def test_a_team_that_disagrees_with_nothing_to_read_compares_answers() -> None:
    roles = {
        "plan": planner(3, "deliberate"),
        "agent-1": saying("I counted.\nANSWER: 42"),
        "agent-2": saying("I guessed.\nANSWER: 41"),
        "agent-3": saying("I reasoned.\nANSWER:  42. "),
        "write": saying("It is 42."),
    }
    stage = Stage(roles)
    heard = await performed(stage, a_request("What is six times seven?"))
    assert heard.answer.text == "It is 42."
    assert "I guessed." in encoded(stage.asked("write")[0])
    assert all(not request.tools for request in stage.requests)


async def test_deliberation_stops_once_most_agree() -> None:
    slow = saying("ANSWER: 7")
    stage = Stage({"plan": planner(3, "deliberate"), "agent": slow, "write": saying("7")})
    stage.delays["agent-3"] = 500.0
    heard = await performed(stage, a_request("What is 3 + 4?"))
    assert [fact["reason"] for fact in noted(heard, "report") if fact["status"] == "cut"] == [
        "agreed"
    ]
    assert stage.now < 10
    assert heard.answer.status == "completed"


async def test_structured_output_is_json_of_the_form_that_was_asked_for() -> None:
    schema: Json = {"type": "object", "required": ["metres"], "properties": {"metres": {}}}
    output = OutputFormat(form="json_schema", name="tide", schema=schema)
    roles = {"write": saying('```json\n{"metres": 16, "note": "see {{E1}} and {{E9}}"}\n```')}
    stage = Stage(roles)
    heard = await performed(stage, a_request(QUESTION, output=output), *LIBRARY)
    assert heard.answer.text == '{"metres":16,"note":"see  and "}'
    assert stage.asked("write")[0].output == output
    assert not citations_of(heard.answer)


async def test_structured_output_is_repaired_once() -> None:
    output = OutputFormat(form="json_schema", schema={"type": "object", "required": ["metres"]})

    def write(request: Request) -> Sequence[Line]:
        repaired = "it lacks metres" in encoded(request.items[-1])
        return ('{"metres": 16}' if repaired else '{"meters": 16}',)

    stage = Stage({"write": write})
    heard = await performed(stage, a_request(QUESTION, output=output), *LIBRARY)
    assert (heard.answer.text, heard.answer.status) == ('{"metres": 16}', "completed")


@pytest.mark.parametrize("required", [[1, {}], "metres", {"a": 1}, None, [["metres"]]])
async def test_a_schema_that_is_none_is_no_crash(required: object) -> None:
    schema: Json = {"type": ["object", "null"], "required": required, "properties": 7}
    output = OutputFormat(form="json_schema", schema=schema)
    stage = Stage({"write": saying('{"metres": 16}')})
    heard = await performed(stage, a_request(QUESTION, output=output), *LIBRARY)
    assert heard.answer.text == '{"metres": 16}'


async def test_a_quote_in_json_stands_in_a_document_or_is_left_empty() -> None:
    true = "The highest tides are 16 metres"
    value = {
        "quote": true,
        "quotes": ["The Moon is a lamp.", true],
        "text": "He said “a b c d e f”",
    }
    stage = Stage({"write": saying(encoded(value))})
    request = a_request(QUESTION, output=OutputFormat(form="json_object"))
    heard = await performed(stage, request, *LIBRARY)
    assert heard.answer.text == encoded(
        {"quote": true, "quotes": ["", true], "text": "He said a b c d e f"}
    )


async def test_structured_output_that_cannot_be_had_is_incomplete_and_never_broken() -> None:
    output = OutputFormat(form="json_object")
    stage = Stage({"write": saying("I would rather talk.")})
    heard = await performed(stage, a_request(QUESTION, output=output), *LIBRARY)
    assert (heard.answer.text, heard.answer.status) == ("", "incomplete")
    assert heard.answer.reason == "invalid_output"
    assert_grammar(heard.events)


WEATHER = Function(name="get_weather", parameters={"type": "object"})


async def test_the_leader_may_call_the_callers_functions_and_go_on_with_the_results() -> None:
    call = Called(call_id="c1", name="get_weather", arguments='{"city":"Saint John"}')

    def write(request: Request) -> Sequence[Line]:
        back = [item for item in request.items if isinstance(item, Returned)]
        return ("It is sunny at the bay.",) if back else ("Let me look.", call)

    stage = Stage({"write": write})
    request = a_request("What is the weather at the bay?", tools=(WEATHER,))
    first = (await performed(stage, request)).answer
    calls = [item for item in first.items if isinstance(item, Called)]
    assert calls == [replace(call, status="completed")]
    assert (first.status, first.stops[0].reason) == ("completed", "tool_calls")
    back = Returned(call_id="c1", parts=(Text(text="sunny"),))
    again = replace(request, items=(*request.items, *first.items, back))
    heard = await performed(Stage({"write": write}), again)
    assert heard.answer.text == "It is sunny at the bay."
    assert heard.answer.stops[0].reason == "stop"


async def test_a_call_of_a_function_that_the_caller_does_not_have_is_not_passed_on() -> None:
    stray = Called(call_id="c1", name="rm_rf", arguments="{}")
    stage = Stage({"write": saying("Done.", stray)})
    heard = await performed(stage, a_request("Go.", tools=(WEATHER,)))
    assert heard.answer.text == "Done."
    assert not [item for item in heard.answer.items if isinstance(item, Called)]


async def test_teams_within_teams_end_at_a_fixed_depth() -> None:
    with pytest.raises(BadRequest):
        await performed(Stage(), a_request(QUESTION), desk=a_desk(depth=2))
    heard = await performed(Stage(), a_request(QUESTION), *LIBRARY, desk=a_desk(depth=1))
    assert heard.answer.status == "completed"


async def test_what_a_team_cannot_do_is_said_or_refused() -> None:
    with pytest.raises(Unsupported) as raised:
        await performed(Stage(), a_request(QUESTION, n=2))
    assert raised.value.field == "n"
    heard = await performed(Stage(), a_request(QUESTION, logprobs=True), *LIBRARY)
    assert noted(heard, "dropped")[0]["parameters"] == ["logprobs"]
    assert isinstance(heard[0].events[1], Noted), "it is told before the first word"
    with pytest.raises(Unsupported):
        await performed(Stage(), a_request(QUESTION, logprobs=True, require_parameters=True))


async def test_an_answer_that_reaches_its_limit_says_so() -> None:
    stage = Stage({"write": saying("The Moon is far, and {{E1}} the tid")})
    request = a_request(QUESTION, max_output_tokens=4)
    heard = await performed(stage, request, *LIBRARY)
    assert (heard.answer.status, heard.answer.reason) == ("incomplete", "max_output_tokens")
    assert heard.answer.stops[0].reason == "length"
    closed = [e for e in heard.events if isinstance(e, Closed) and e.item == "answer"]
    assert closed[0].status == "incomplete"
    assert isinstance(heard.events[-1], Ended)


async def test_facts_about_the_work_stay_beside_the_answer() -> None:
    heard = await performed(Stage(), a_request(QUESTION), *LIBRARY)
    names = {event.what for event in heard.events if isinstance(event, Noted)}
    assert {"spawned", "brief", "search", "claim", "report", "budget"} <= names


async def test_what_the_leaders_model_cannot_carry_is_told_to_the_caller() -> None:
    lost = Noted(what="dropped", data={"parameters": ["top_k"]})
    stage = Stage({"write": saying(lost, "It is far.")})
    heard = await performed(stage, a_request("How far?", top_k=3, caps=Caps(agents=1)))
    assert noted(heard, "dropped") == [{"parameters": ["top_k"]}]


async def test_a_figure_that_its_evidence_does_not_hold_is_counted() -> None:
    text = "1. The tides are 17 metres high {{E1}}.\n2. It is {{E2}} so.\nNo less than 99."
    heard = await performed(Stage({"write": saying(text)}), a_request(QUESTION), *LIBRARY)
    assert noted(heard, "figures_unproved") == [{"sentences": 1, "dropped": 0}]
    assert [cited.verified for cited in citations_of(heard.answer)] == [False, True]
