"""Goals are weighed as they are worded."""

from bench.gateways.goals import GOALS, UNJUDGED, Goal
from bench.gateways.table import MEANINGS, Rounds

AT_LEAST = Goal("c64_rps", 0.2, "nginx", least=True)
AT_MOST = Goal("idle_mb", 120)


def rounds_of(**figures: dict[str, float]) -> Rounds:
    rounds = Rounds()
    for name, each in figures.items():
        rounds.add(name, each)
    return rounds


def test_a_goal_beside_another_is_kept_missed_or_not_measured() -> None:
    nginx = {"c64_rps": 100.0}
    assert AT_LEAST.kept(rounds_of(manymind={"c64_rps": 20.0}, nginx=nginx)) is True
    assert AT_LEAST.kept(rounds_of(manymind={"c64_rps": 19.0}, nginx=nginx)) is False
    assert AT_LEAST.kept(rounds_of(manymind={"c64_rps": 19.0})) is None
    assert AT_LEAST.kept(rounds_of(nginx=nginx)) is None


def test_a_goal_by_itself_is_kept_up_to_its_bound() -> None:
    assert AT_MOST.kept(rounds_of(manymind={"idle_mb": 120.0})) is True
    assert AT_MOST.kept(rounds_of(manymind={"idle_mb": 120.1})) is False


def test_a_peak_counts_over_what_was_there_before() -> None:
    goal = Goal("big_peak_mb", 120, less="idle_mb")
    rounds = rounds_of(manymind={"big_peak_mb": 200.0, "idle_mb": 70.0})
    assert (goal.reached(rounds), goal.kept(rounds)) == (130, False)
    assert goal.short(rounds) == "200 where 190 was aimed at"


def test_a_translated_chunk_stands_beside_one_that_is_passed_on() -> None:
    goal = Goal("responses_cpu_us", 4, "nginx", beside="paced_cpu_us")
    rounds = rounds_of(manymind={"responses_cpu_us": 50.0}, nginx={"paced_cpu_us": 10.0})
    assert (goal.reached(rounds), goal.kept(rounds)) == (5, False)
    assert goal.short(rounds) == "50.0 where 40.0 was aimed at"


def test_on_a_busy_machine_the_clock_gives_no_verdict() -> None:
    fast = rounds_of(manymind={"c64_rps": 99.0, "idle_mb": 70.0}, nginx={"c64_rps": 100.0})
    assert AT_LEAST.verdict(fast, others=0.02) == "kept"
    assert AT_LEAST.verdict(fast, others=0.5) == UNJUDGED
    assert AT_MOST.verdict(fast, others=0.5) == "kept"
    assert AT_LEAST.verdict(rounds_of(), others=0.5) == "not measured"


def test_every_goal_is_one_of_a_figure_that_the_page_explains() -> None:
    named = {name for goal in GOALS for name in (goal.figure, goal.less, goal.beside) if name}
    assert named - MEANINGS.keys() == set()
