"""`manymind keys` and `manymind budgets` work on the store itself."""

import re
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.cli.shell import Shell


def words(line: str) -> list[str]:
    return line.split()


def test_a_key_is_printed_once_and_alone(shell: Shell) -> None:
    ran = shell.run("keys", "create", "Ann's laptop", "--limit", "5")
    assert re.fullmatch(r"mm-\w{43}\n", ran.out)
    assert ran.code == 0
    assert "shown this once" in ran.err
    secret = ran.out.strip()
    listed = shell.run("keys", "list")
    assert secret[:7] in listed.out
    for other in (listed, shell.run("keys", "show", "Ann's laptop", "--json")):
        assert secret not in other.out + other.err
    assert "$5 a day" in listed.out


def test_a_key_comes_and_goes(shell: Shell) -> None:
    made = shell.run(
        *("keys", "create", "ci", "--model", "openai/*", "--expires", "30d", "--json"),
        *("--max-cost", "0.50", "--requests-per-minute", "60"),
    ).data
    assert (made["limit"], made["limit_reset"]) == (10, "daily")
    assert made["rights"]["models"] == ["openai/*"]
    assert (made["rights"]["max_cost_usd"], made["rights"]["requests_per_minute"]) == (0.5, 60)
    assert shell.run("keys", "disable", "ci").code == 0
    assert shell.run("keys", "show", made["id"], "--json").data["disabled"]
    assert not shell.run("keys", "enable", "ci", "--json").data["disabled"]
    rotated = shell.run("keys", "rotate", "ci", "--grace", "24h")
    assert rotated.out.strip() not in ("", made["key"])
    assert shell.run("keys", "open", "ci").code == 0
    assert shell.run("keys", "delete", "ci", "--json").data["deleted"]
    assert shell.run("keys", "list", "--json").data["keys"] == []


def test_a_budget_is_set_changed_and_dropped(shell: Shell) -> None:
    first = shell.run(*words("budgets set tenant --usd 500 --per month --json")).data
    assert (first["cap_usd"], first["used_usd"], first["subject"]) == (500, 0, "owner")
    again = shell.run(*words("budgets set tenant --usd 400 --per month --json")).data
    assert (again["id"], again["cap_usd"]) == (first["id"], 400)
    assert shell.run(*words("budgets set feature search --tokens 2M --per day")).code == 0
    listed = shell.run("budgets", "list").out
    assert "2,000,000 tokens" in listed
    assert "$400" in listed
    assert shell.run("budgets", "drop", first["id"]).code == 0
    assert len(shell.run("budgets", "list", "--json").data["budgets"]) == 1


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("keys show absent", 4, "There is no key"),
        ("keys create x --user absent", 4, "There is no user"),
        ("keys create x --tenant absent", 4, "There is no tenant"),
        ("keys create x --limit much", 2, "no amount in dollars"),
        ("keys create x --limit -1", 2, "no amount in dollars"),
        ("keys create x --per hour", 2, "no period"),
        ("keys create x --expires yesterday", 2, "no time"),
        ("keys create x --expires 2020-01-01", 2, "past already"),
        ("keys rotate x --grace soon", 2, "no time"),
        ("budgets set planet --usd 5", 2, "no scope"),
        ("budgets set feature f", 2, "Give --usd, --tokens or --requests"),
        ("budgets set feature f --usd 5 --tokens 5", 2, "Give --usd, --tokens or --requests"),
        ("budgets set route --usd 5", 2, "Which route?"),
        ("budgets set key absent --usd 5", 4, "There is no key"),
        ("budgets drop absent", 4, "There is no budget"),
    ],
)
@pytest.mark.matrix(keep=5)
def test_what_is_wrong_is_said_in_one_line(shell: Shell, line: str, code: int, said: str) -> None:
    ran = shell.run(*line.split())
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_server_beside_it_notices_within_a_second(shell: Shell, tmp_path: Path) -> None:
    secret = shell.run("keys", "create", "ann").out.strip()
    server = shell.start("serve", "--port", "0", MANYMIND_API_KEY="mm-operator")
    try:
        assert server.stderr is not None
        url = ""
        while not url:
            found = re.search(r"listens on (http://\S+)", server.stderr.readline())
            url = "" if found is None else found[1]
        assert status(url, secret) == 200
        shell.run("keys", "disable", "ann")
        ended = time.monotonic()
        while status(url, secret) == 200:
            assert time.monotonic() - ended < 1.5
        assert status(url, secret) == 401
    finally:
        server.terminate()
        server.wait(20)


def status(url: str, key: str) -> int:
    headers = {"authorization": f"Bearer {key}"}
    asked = urllib.request.Request(f"{url}/api/v1/key", headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=10) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code
