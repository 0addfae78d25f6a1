"""Figures that the pages tell are those that the program goes by."""

import pytest

from manymind.canon.requests import Reasoning, Request
from manymind.config.settings import LimitSettings, ServerSettings
from manymind.corpus.intake import LONG_TEXT
from manymind.corpus.quotes import GAP_MAX
from manymind.dialects.reading import DEPTH_MAX, VALUES_MAX
from manymind.engine.settings import AGENTS_MAX, TeamSettings, width
from manymind.routing.patience import Patience
from manymind.server.connection import Patience as ConnectionPatience
from tests.docs.pages import page, plain

TEAM, GATEWAY, WIRE = (
    page("docs/guides/team.md"),
    page("docs/guides/gateway.md"),
    page("docs/reference/wire.md"),
)
SIZES = TEAM.rows("`reasoning.effort`", "agents at most, the leader counted")


@pytest.mark.parametrize("row", SIZES, ids=lambda row: plain(row[0]))
def test_an_effort_makes_a_team_of_the_told_size(row: list[str]) -> None:
    efforts: list[str | None] = [*row[0].split("`")[1::2]]
    if "nothing said" in row[0]:
        efforts.append(None)
    for effort in efforts:
        asked = Request(model="m", reasoning=Reasoning(effort=effort))
        assert width(asked).agents == int(row[1])


def test_the_bounds_of_a_team_are_told() -> None:
    team = TeamSettings(leader="l", agent="a")
    assert f"`max_turns` of each agent ({team.turns} unless set)" in TEAM.text
    assert f"`max_tool_calls` of the team ({team.tool_calls} unless set)" in TEAM.text
    assert f"When {team.soft_percent} % of the rest is spent" in TEAM.text
    assert (team.reserve_percent, "A fifth is withheld first" in TEAM.text) == (20, True)
    assert (team.depth_max, "ends at a depth of two" in TEAM.text) == (2, True)
    assert (team.grace_seconds, "at least a minute" in TEAM.text) == (60, True)
    assert f"1 to {AGENTS_MAX}" in TEAM.text
    assert f"more than {LONG_TEXT:,} characters" in TEAM.text
    assert f"within {GAP_MAX:,} characters" in TEAM.text


def test_the_patience_of_the_router_is_told() -> None:
    patience = Patience()
    assert (patience.attempts_max, patience.rounds_max) == (4, 3)
    assert "At most four attempts in three rounds" in GATEWAY.text
    assert (patience.first_pause_seconds, "half a second" in GATEWAY.text) == (0.5, True)
    assert f"{patience.giant_tokens:,} bytes" in GATEWAY.text
    assert f"longer than {patience.wait_seconds_max:.0f} seconds" in GATEWAY.text


def test_the_limits_of_the_door_are_told() -> None:
    limits = {plain(row[0]): plain(row[1]) for row in WIRE.rows("what", "bound")}
    server, patience = ServerSettings(), ConnectionPatience()
    assert limits["body"].startswith(f"{server.body_limit_mb} MiB")
    assert limits["time for a body"].startswith(f"{server.body_seconds:.0f} s")
    head = f"{patience.beside_bytes // 1024} KiB, {patience.head_seconds:.0f} s"
    assert limits["head of a request"] == head
    together = limits["all bodies under way together"]
    assert together.startswith(f"{server.body_total_mb} MiB")
    assert limits["values in one body"] == f"{VALUES_MAX:,}"
    assert limits["nesting of JSON"] == f"{DEPTH_MAX} levels"
    assert limits["an answer that nobody reads"] == f"{patience.stalled_seconds:.0f} s"
    standing = LimitSettings()
    assert (standing.request_seconds, "one hour" in limits["a request on the whole"]) == (
        3600,
        True,
    )
    assert f"({standing.team_cost_usd:.0f} dollars unless set)" in limits["cost of one request"]
    assert f"which is {standing.team_cost_usd:.0f} dollars unless set" in TEAM.text
    assert standing.request_cost_usd is None
    assert f"({server.heartbeat_seconds:.0f} unless set)" in WIRE.text
