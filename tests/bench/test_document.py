"""The page says what was measured, what was missed, and what failed; nothing of where."""

import re

from bench.gateways.document import Participant, Report, document
from bench.gateways.parts import Part
from bench.gateways.profiling import Section
from bench.gateways.sampled import Place, Spot
from bench.gateways.table import Rounds

OURS = {
    "c1_p50_ms": 0.3, "c64_rps": 5000.0, "c64_cpu_us": 200.0, "c64_kernel_us": 50.0,
    "paced_cpu_us": 30.0, "idle_mb": 70.0, "slow_reader_mb": 0.2,
}  # fmt: skip
NGINX = {"c1_p50_ms": 0.1, "c64_rps": 50_000.0, "c64_cpu_us": 20.0, "c64_kernel_us": 15.0,
         "paced_cpu_us": 15.0, "slow_reader_mb": 0.0}  # fmt: skip
SECTION = Section(
    "c64",
    (
        Spot(Place("server", "server/direct: DirectLine.reply"), 60),
        Spot(Place("loop"), 39),
        Spot(Place("clock", "clock: now"), 1),
    ),
)


def page(*failures: tuple[str, str], profile: tuple[Section, ...] = (SECTION,)) -> str:
    rounds = Rounds()
    rounds.add("direct", {"c1_p50_ms": 0.05})
    rounds.add("nginx", NGINX)
    rounds.add("manymind", OURS)
    for name, why in failures:
        rounds.failed(name, why)
    return document(
        Report(
            rounds=rounds,
            participants=(Participant("nginx", "1.2.3", "a plain proxy", 1),),
            machine="a processor, 2 cores",
            planned=3,
            seconds=3.0,
            minutes=12.3,
            others=0.012,
            profile=profile,
            parts=(Part("The team", "What it costs.", "calls  47"),),
        )
    )


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the tables of one section."""
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_a_figure_stands_beside_that_of_the_others_and_as_a_ratio() -> None:
    text = page()
    assert ["requests/s, 64 connections", "-", "50,000", "5,000"] in rows(text, "At a glance")
    assert ["requests/s, 64 connections", "0.1"] in rows(text, "Ratios")


def test_what_a_gateway_adds_is_beyond_the_load_by_itself() -> None:
    added = rows(page(), "Figures")
    assert ["latency, 1 connection, median, ms", "0.05", "0.25"] in added


def test_goals_are_told_kept_missed_or_not_measured() -> None:
    goals = {tuple(row[:2]): row[2:] for row in rows(page(), "Goals")}
    assert goals["requests/s, 64 connections", "≥ 0.2 × nginx"] == ["0.1 ×", "**missed**"]
    assert goals["CPU a paced chunk, Chat to Chat, µs", "≤ 3 × nginx"] == ["2 ×", "kept"]
    assert goals["requests/s, 64 connections", "≥ 3 × tensorzero"] == ["-", "not measured"]


def test_a_missed_goal_is_explained_in_its_own_unit() -> None:
    assert "- requests/s, 64 connections: 5,000 where 10,000 was aimed at (0.1 ×" in page()


def test_the_profile_shares_out_what_a_request_costs() -> None:
    shares = {row[0]: row[2] for row in rows(page(), "Where our time goes") if len(row) == 3}
    assert shares["`server`"] == "120 µs, 60%"
    assert shares["`loop`"] == "78.0 µs, 39%"
    assert shares["others"] == "2 µs, 1%"
    assert shares["all"] == "200 µs, 100%"
    assert "`server/direct: DirectLine.reply` 60%" in page()


def test_a_run_without_a_profile_says_so() -> None:
    assert "No profile was taken in this run." in page(profile=())


def test_what_failed_is_told_with_its_reason() -> None:
    assert "- portkey: paced: a wrong reply: 500" in page(("portkey", "paced: a wrong reply: 500"))
    assert "Nothing failed" in page()


def test_a_figure_that_may_be_nothing_has_no_ratio() -> None:
    text = page()
    named = "memory for a reader who does not read, MB"
    assert [named, "-", "0", "0.2"] in rows(text, "Figures")
    assert all(row[0] != named for row in rows(text, "Ratios"))


def test_every_table_is_as_wide_as_its_head() -> None:
    for table in re.findall(r"(?:^\|.*\|\n)+", page(), re.MULTILINE):
        assert len({line.count(" | ") for line in table.splitlines()}) == 1


def test_the_parts_of_the_program_stand_under_their_own_heads() -> None:
    assert "## The team\n\nWhat it costs.\n\n```\ncalls  47\n```" in page()
