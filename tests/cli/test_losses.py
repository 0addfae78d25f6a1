"""What a dead server had borrowed, as an operator sees it at a terminal."""

from pathlib import Path

import anyio
import pytest

from manymind.canon.budgets import Budget, Unit
from manymind.store.lost import Loss
from tests.cli.shell import Shell
from tests.ledger.books import a_budget
from tests.ledger.losing import lose


def lost(folder: Path, unit: Unit = "ticks") -> Loss:
    (folder / "data").mkdir()
    budget = a_budget(owner="owner", id="bud_1", unit=unit, cap=10**6)
    return anyio.run(lose, f"sqlite:///{folder}/data/manymind.db", budget)


def standing(shell: Shell) -> Budget:
    [found] = shell.run("budgets", "list", "--data", "data", "--json").data["budgets"]
    return found


def test_it_is_listed_until_somebody_says_what_it_came_to(shell: Shell, tmp_path: Path) -> None:
    loss = lost(tmp_path)
    there = ("--data", "data")
    [shown] = shell.run("budgets", "lost", "--json", *there).data["losses"]
    assert (shown["id"], shown["budget"], shown["unit"]) == (loss.id, "bud_1", "ticks")
    assert shown["amount_usd"] == loss.amount / 10**10
    table = shell.run("budgets", "lost", *there).out
    assert loss.id in table
    assert table.splitlines()[0].split() == ["loss", "budget", "since", "amount"]
    [before] = shell.run("budgets", "list", "--json", *there).data["budgets"]
    assert before["used_usd"] == shown["amount_usd"]
    named = ("budgets", "reconcile", loss.id, "--used")
    assert shell.run(*named, "much", *there).code == 2
    done = shell.run(*named, "0.000000005", "--json", *there).data
    assert (done["reconciled"], done["used_usd"]) == (True, 0.000000005)
    [after] = shell.run("budgets", "list", "--json", *there).data["budgets"]
    assert after["used_usd"] == 0.000000005
    assert shell.run("budgets", "lost", "--json", *there).data["losses"] == []
    again = shell.run(*named, "0", *there)
    assert (again.code, again.out) == (4, "")
    assert "nothing of this name to reconcile" in again.err


@pytest.mark.parametrize(
    ("said", "why"), [("0.5", "no whole number"), ("-1", "no whole number"), ("2T", "no whole")]
)
def test_of_tokens_it_is_a_whole_number(shell: Shell, tmp_path: Path, said: str, why: str) -> None:
    loss = lost(tmp_path, "tokens")
    named = ("budgets", "reconcile", loss.id, "--data", "data", f"--used={said}")
    ran = shell.run(*named)
    assert (ran.code, ran.out) == (2, "")
    assert why in ran.err
    done = shell.run(*named[:-1], "--used", "0")
    assert done.code == 0
    assert f"0 tokens instead of {loss.amount:,} tokens" in done.err
