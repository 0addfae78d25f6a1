"""How large a team is, which models play its roles, and where everything that grows ends."""

from msgspec import Struct

from manymind.canon.faults import BadRequest
from manymind.canon.requests import Request

AGENTS_MAX = 64

_FEW, _MANY = 4, 16
_BY_EFFORT = {"low": _FEW, "medium": _FEW, "high": _MANY, "xhigh": _MANY, "max": _MANY}
_ALONE = frozenset({"none", "minimal"})


class TeamSettings(Struct, frozen=True, kw_only=True):
    """`leader`, `agent`, `reader` (who reads documents through; an agent unless set) and
    `verifier` are model ids that the router knows. Without a verifier nobody judges whether a
    quote supports its claim, and `unjudged` says why. `unsupported` says what is done with a
    claim that is not supported: it is marked, or dropped.

    The reserve is what is kept back of a capped budget for writing the answer; past the soft
    share of the rest, agents are asked to come to an end.
    """

    leader: str
    agent: str
    reader: str | None = None
    verifier: str | None = None
    unjudged: str = "no verifier is set"
    unsupported: str = "mark"
    name: str = "manymind/multi-agent"
    depth_max: int = 2
    turns: int = 8
    total_turns: int = 512
    tool_calls: int = 400
    tool_calls_a_turn: int = 16
    retries: int = 1
    plan_tokens: int = 4_096
    agent_tokens: int = 8_192
    answer_tokens: int = 16_384
    verify_tokens: int = 4_096
    plan_seconds: float = 120.0
    work_seconds: float = 1_500.0
    verify_seconds: float = 120.0
    write_seconds: float = 600.0
    grace_seconds: float = 60.0
    reserve_percent: int = 20
    soft_percent: int = 70
    passages: int = 8
    passage_characters: int = 6_000
    report_characters: int = 8_000
    memory_characters: int = 200_000
    manifest_cards: int = 200


class Width(Struct, frozen=True):
    """How many agents may work, the leader counted. `fixed`: the caller named the number."""

    agents: int
    fixed: bool = False


def width(request: Request) -> Width:
    """The size of the team that a request asks for."""
    asked = request.caps.agents
    if asked is not None:
        if not 1 <= asked <= AGENTS_MAX:
            raise BadRequest(
                f"A team has 1 to {AGENTS_MAX} agents, not {asked}.",
                advice="Ask for a number in that range, or leave it out.",
                field="agent_count",
            )
        return Width(asked, fixed=True)
    effort = request.reasoning.effort if request.reasoning else None
    if effort in _ALONE:
        return Width(1)
    return Width(_BY_EFFORT.get(effort or "medium", _FEW))
