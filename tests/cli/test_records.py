"""`usage` and `logs`: the ledger in the terminal."""

import json
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from manymind.store.database import Database
from tests.cli.shell import PROGRAM, Shell
from tests.store.rows import DAY, NOON, SECOND, row, write


@pytest.fixture
async def kept(tmp_path: Path) -> Shell:
    """A home whose ledger holds three calls."""
    database = Database.file(tmp_path / "data" / "manymind.db")
    line = {"what": "input", "quantity": 10, "rate": 12_500_000_000}
    await write(
        database,
        [
            row("req_1", at=NOON, ticks=20_000_000_000, slug="acme/large", user="u1"),
            row("req_2", 1, at=NOON + DAY, outcome="overloaded", ticks=0, finish=None),
            row(
                "req_2",
                2,
                at=NOON + DAY + SECOND,
                ticks=125_000,
                reply="chatcmpl-9",
                lines=[line],
                dropped=["seed"],
                app_title="\x1b[31mApp",
                app="https://a.example/",
            ),
        ],
    )
    await database.aclose()
    return Shell(tmp_path, MANYMIND_DATA=str(tmp_path / "data"))


async def test_usage_is_summed_up_as_asked(kept: Shell) -> None:
    plain = kept.run("usage")
    assert plain.code == 0, plain.err
    lines = [line.split() for line in plain.out.splitlines()]
    assert lines[0][:3] == ["day", "model", "requests"]
    assert lines[1] == ["2024-10-04", "acme/large", "1", "1", "0", "10", "0", "5", "$2"]
    assert lines[2][:5] == ["2024-10-05", "acme/small", "1", "2", "1"]
    assert lines[-1][0] == "total"
    assert lines[-1][-1] == "$2.0000125"
    told = kept.run("usage", "--by", "user", "--json").data
    assert [(each["user"], each["ticks"]) for each in told["data"]] == [
        ("", 125_000),
        ("u1", 20_000_000_000),
    ]
    assert told["total"]["ticks"] == 20_000_125_000
    late = kept.run("usage", "--since", "2024-10-05", "--until", "2024-10-06", "--json").data
    assert late["total"]["ticks"] == 125_000


async def test_a_call_is_shown_with_its_arithmetic(kept: Shell) -> None:
    listed = kept.run("logs")
    assert [line.split()[-1] for line in listed.out.splitlines()] == ["req_1", "req_2", "req_2"]
    failed = kept.run("logs", "--outcome", "failed", "--json")
    assert [json.loads(line)["key"] for line in failed.out.splitlines()] == ["req_2/attempt-1"]
    one = kept.run("logs", "chatcmpl-9").out
    assert "req_2/attempt-1" in one
    assert "overloaded in 2.000 s" in one
    assert "dropped: seed" in one
    assert "10 input × $1.25 a million = $0.0000125" in one
    assert one.rstrip().endswith("$0.0000125")
    assert kept.run("logs", "req_2", "--json").data["cost_in_usd_ticks"] == 125_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("usage", "--by", "prompt"), "--by prompt is none"),
        (("usage", "--by", "day", "--by", "week"), "Only one period"),
        (("usage", "--since", "yesterday"), "--since is no moment"),
        (("logs", "req_none"), "No request is recorded"),
        (("serve", "--log-level", "loud"), "--log-level loud is none"),
        (("serve", "--log-format", "xml"), "--log-format xml is none"),
    ],
)
async def test_what_cannot_be_told_is_refused(
    kept: Shell, arguments: tuple[str, ...], said: str
) -> None:
    ran = kept.run(*arguments)
    assert ran.code in (2, 4)
    assert said in ran.err
    assert ran.out == ""


async def test_logs_follow_what_is_written(kept: Shell) -> None:
    following = subprocess.Popen(
        [*PROGRAM, "logs", "--follow"],
        env=kept.environment({}),
        cwd=kept.home,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert following.stdout is not None
    try:
        for _ in range(3):
            following.stdout.readline()
        now = int(time.time() * SECOND)
        database = Database.file(kept.home / "data" / "manymind.db")
        await write(database, [row("req_now", at=now)])
        await database.aclose()
        assert "req_now" in following.stdout.readline()
    finally:
        following.kill()
        following.wait()
    with sqlite3.connect(kept.home / "data" / "manymind.db") as connection:
        assert connection.execute("SELECT count(*) FROM attempts").fetchone() == (4,)
