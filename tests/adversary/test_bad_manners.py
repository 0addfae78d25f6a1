"""Silent, looping, rate-limited, lying, over-talkative and JSON-breaking agents, on real sockets:
each team still gives what it has, says that it is not the whole, and names the reason."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import aiohttp
import pytest

from manymind.canon.items import Called, Returned
from manymind.canon.requests import Request
from manymind.providers.acts import Line
from manymind.providers.researcher import researcher
from manymind.server.simulated import Simulated
from tests.adversary.stage import Json
from tests.flows.stage import HANDBOOK, KEY, on_stage

TRUTH = "The lamp at Grey Point was electrified in 1931."
QUESTION = f"{HANDBOOK}\nWho approves leave, and when was the lamp electrified?"


def after_a_truth(act: Callable[[int], Sequence[Line]]) -> Callable[[Request], Sequence[Line]]:
    """Notes one claim that stands, and from then on behaves badly."""

    def work(request: Request) -> Sequence[Line]:
        done = len([item for item in request.items if isinstance(item, Returned)])
        if done == 0:
            return (called("note_claim", f'{{"text": "{TRUTH}", "evidence": [{quote(TRUTH)}]}}'),)
        return act(done)

    return work


def quote(words: str) -> str:
    return f'{{"document_id": "lamp", "quote": "{words}"}}'


def called(tool: str, arguments: str) -> Called:
    return Called(call_id="call-1", name=tool, arguments=arguments)


def lie(turn: int) -> Sequence[Line]:
    claim = (
        f'{{"text": "It burns.", "evidence": [{quote(f"The lamp burns {turn} ships a night")}]}}'
    )
    return (called("note_claim", claim),)


BAD: Mapping[str, tuple[Callable[[int], Sequence[Line]], str]] = {
    "looping": (lambda _: (called("search", '{"query": "the same again"}'),), "repeats"),
    "lying": (lie, "claims_refused"),
    "over-talkative": (lambda _: ("bla bla bla " * 3_000,), "max_output_tokens"),
    "JSON-breaking": (lambda _: (called("search", '{"query": "lamp'),), "bad_calls"),
}


async def asked(folder: Path, agent: str, played: Simulated, limits: str = "") -> Json:
    settings = f'[team]\nleader = "vllm/sim-researcher"\nagent = "vllm/{agent}"\n{limits}'
    body = {"model": "manymind/multi-agent", "input": QUESTION, "agent_count": 3}
    async with (
        on_stage(folder, settings=settings, simulated=played) as stage,
        aiohttp.ClientSession() as session,
        session.post(f"{stage.url}/v1/responses", json=body) as answered,
    ):
        assert answered.status == 200
        return await answered.json()


def said(reply: Json) -> Json:
    [part] = next(item for item in reply["output"] if item["type"] == "message")["content"]
    return part


@pytest.mark.parametrize("kind", BAD)
async def test_a_team_of_bad_agents_gives_what_it_has_and_names_the_reason(
    tmp_path: Path, kind: str
) -> None:
    act, reason = BAD[kind]
    played = Simulated(key=KEY, acts={"bad": after_a_truth(act)})
    reply = await asked(tmp_path, "bad", played)
    assert (reply["status"], reply["incomplete_details"]) == ("incomplete", {"reason": reason})
    part = said(reply)
    assert TRUTH in part["text"]
    assert [note["quote"] for note in part["annotations"]] == [TRUTH]
    agents = reply["verification"]["agents"]
    assert [(agent["status"], agent["reason"]) for agent in agents] == [("cut", reason)] * 2


@pytest.mark.parametrize("kind", BAD)
async def test_one_bad_agent_does_not_spoil_the_answer_of_the_others(
    tmp_path: Path, kind: str
) -> None:
    act, reason = BAD[kind]
    bad = after_a_truth(act)

    def mixed(request: Request) -> Sequence[Line]:
        second = re.findall(r"You are agent-(\d)", str(request.items))[-1] == "2"
        return bad(request) if second else researcher(request)

    reply = await asked(tmp_path, "mixed", Simulated(key=KEY, acts={"mixed": mixed}))
    assert reply["status"] == "completed" and said(reply)["annotations"]
    agents = reply["verification"]["agents"]
    assert [agent.get("reason") for agent in agents] == [None, reason]


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        ("sim-researcher;hang", "deadline"),
        ("sim-researcher;fault=429;retry_after=0", "rate_limit_exceeded"),
        ("sim-researcher;fault=500", "upstream_error"),
        ("sim-researcher;stall=2", "deadline"),
        ("sim-researcher;malformed=1", "upstream_error"),
    ],
)
async def test_agents_that_never_speak_leave_the_leader_to_say_so(
    tmp_path: Path, agent: str, reason: str
) -> None:
    limits = "[limits]\nrequest_seconds = 5\n"
    reply = await asked(tmp_path, agent, Simulated(key=KEY), limits)
    assert (reply["status"], reply["incomplete_details"]) == ("incomplete", {"reason": reason})
    assert said(reply)["text"]
    spots = reply["verification"]["agreement"]["blind_spots"]
    assert [spot["agent"] for spot in spots] == ["agent-1", "agent-2"]
