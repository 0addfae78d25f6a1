"""`manymind doctor` says what is there, what is missing, and what to do; never a secret."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Ran, Shell

CANARY = "sk-canary-93ab"


def check(ran: Ran, name: str) -> Any:
    return next(each for each in ran.data["checks"] if each["name"] == name)


def test_a_fresh_machine_is_well(shell: Shell) -> None:
    ran = shell.run("doctor")
    assert ran.code == 0
    assert "✓ program: manymind " in ran.out
    assert "! providers: none is configured" in ran.out
    assert "    Set the key of one, such as XAI_API_KEY; " in ran.out
    assert "✕" not in ran.out


def test_json_says_the_same(shell: Shell) -> None:
    ran = shell.run("doctor", "--json")
    assert (ran.data["schema_version"], ran.data["ok"]) == (1, True)
    assert {each["state"] for each in ran.data["checks"]} == {"ok", "note"}


def test_live_asks_every_provider(wired: Shell) -> None:
    ran = wired.run("doctor", "--live", "--json")
    assert ran.code == 0
    assert check(ran, "reach vllm")["said"] == "answers, and accepts the key"
    assert check(ran, "provider openai")["said"] == (
        "key from OPENAI_API_KEY, address from OPENAI_BASE_URL"
    )


def test_a_provider_that_refuses_or_is_not_there_is_wrong(shell: Shell, tmp_path: Path) -> None:
    locked = Shell(tmp_path).start("simulate", "--port", "0", "--key", "sk-right")
    assert locked.stderr is not None
    where = locked.stderr.readline().split()[-1]
    try:
        ran = shell.run(
            *("doctor", "--live", "--json"),
            OPENAI_API_KEY=CANARY,
            OPENAI_BASE_URL=f"{where}/v1",
            OLLAMA_HOST="http://127.0.0.1:9",
        )
    finally:
        locked.terminate()
        locked.wait(10)
    assert (ran.code, ran.data["ok"]) == (3, False)
    assert "does not accept our key. Check OPENAI_API_KEY." in check(ran, "reach openai")["said"]
    assert check(ran, "reach ollama")["state"] == "wrong"


def test_a_provider_that_lacks_half_is_told_what_is_missing(shell: Shell) -> None:
    ran = shell.run("doctor", "--json", CLOUDFLARE_API_TOKEN=CANARY, XAI_API_KEY=CANARY)
    half = check(ran, "provider cloudflare")
    assert (ran.code, half["state"]) == (0, "note")
    assert half["said"] == "CLOUDFLARE_ACCOUNT_ID is not set"
    assert half["advice"].startswith("Set CLOUDFLARE_API_TOKEN or ")
    others = check(ran, "providers")["said"]
    assert "gemini" in others and "xai" not in others and "cloudflare" not in others
    wrong = shell.run("doctor", AWS_BEARER_TOKEN_BEDROCK=CANARY, AWS_REGION="evil.example/")
    assert wrong.code == 3
    assert "AWS_REGION does not fit into the address of bedrock" in wrong.out
    assert "evil.example" not in wrong.out


def test_no_secret_is_ever_shown(wired: Shell) -> None:
    (wired.home / "key").write_text(CANARY)
    (wired.home / "m.toml").write_text(
        f"""
        [providers.acme]
        base_url = "http://127.0.0.1:9/v1"
        key_file = "key"
        headers = {{ "x-secret" = "{CANARY}" }}
        """
    )
    named = {
        "MANYMIND_API_KEY": CANARY,
        "XAI_API_KEY": CANARY,
        "HTTPS_PROXY": f"http://u:{CANARY}@p:1",
    }
    for more in ([], ["--live"], ["--json"]):
        ran = wired.run("doctor", "--config", "m.toml", *more, **named)
        assert CANARY not in ran.out + ran.err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[server", "is not TOML"),
        ("[server]\nprot = 1", "[server] has no setting prot. Did you mean port?"),
        (
            '[providers.acme]\ndialect = "klingon"\nbase_url = "http://a/v1"',
            "providers.acme.dialect",
        ),
        ("[providers.acme]\nauthors = []", "providers.acme has no base_url"),
        ('[providers.acme]\nbase_url = "http://a"\nprices.x = {input = 1, output = -1}', "-1"),
    ],
)
def test_a_mistake_in_the_settings_is_found(shell: Shell, settings: str, said: str) -> None:
    (shell.home / "m.toml").write_text(settings)
    ran = shell.run("doctor", "--config", "m.toml", "--json")
    assert ran.code == 3
    assert said in check(ran, "settings")["said"]


@pytest.mark.parametrize(
    ("settings", "name", "said"),
    [
        ('corpus.folders = ["absent"]', "corpus", "absent is not there"),
        ('team.leader = "x-ai/grok-4"', "team.leader", "nobody here serves x-ai/grok-4"),
        ('server.host = "0.0.0.0"', "address", "open to others and no key is set"),
        ('egress.ca_file = "absent.pem"', "certificates", "absent.pem is not there"),
    ],
)
def test_what_will_not_work_is_wrong(shell: Shell, settings: str, name: str, said: str) -> None:
    (shell.home / "m.toml").write_text(settings)
    ran = shell.run("doctor", "--config", "m.toml", "--json")
    assert ran.code == 3
    found = check(ran, name)
    assert found["state"] == "wrong"
    assert said in found["said"]
    assert found["advice"]


def test_what_only_may_be_a_slip_is_a_note(shell: Shell) -> None:
    (shell.home / "m.toml").write_text('[aliases]\nbest = "x-ai/grok-4"\n')
    ran = shell.run("doctor", "--config", "m.toml", "--json", MANYMIND_PROT="1")
    assert ran.code == 0
    assert check(ran, "variables")["said"] == "MANYMIND_PROT: no setting is called so"
    assert check(ran, "alias best")["state"] == "note"


def test_a_port_that_is_taken_is_told(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = shell.run("doctor", "--json", MANYMIND_PORT=str(port))
    assert (ran.code, check(ran, "port")["said"]) == (0, f"{port}: address already in use")


def test_a_data_folder_that_cannot_be_is_wrong(shell: Shell) -> None:
    (shell.home / "file").write_text("")
    ran = shell.run("doctor", "--json", "--data", os.fspath(shell.home / "file" / "data"))
    assert (ran.code, check(ran, "data folder")["state"]) == (3, "wrong")
