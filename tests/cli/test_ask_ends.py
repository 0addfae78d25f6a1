"""Every way in which a question can end badly: one line on stderr, and its exit code."""

import os
import signal

import pytest

from tests.cli.shell import CORPUS, Shell

ECHO = "vllm/sim-echo"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["ask"], 2, "There is no question."),
        (["ask", "hi", "--budget", "much"], 2, "--budget much is no amount in dollars."),
        (["ask", "hi", "--budget", "-1"], 2, "--budget -1 is no amount in dollars."),
        (["ask", "hi", "--max-time", "soon"], 2, "--max-time soon is no time."),
        (["ask", "hi", "--max-time", "0s"], 2, "--max-time 0s is no time."),
        (["ask", "hi", "--effort", "huge"], 2, "'huge' is not one of 'none'"),
        (["ask", "hi", "--agents", "65"], 2, "--agents"),
        (["ask", "hi", "--frobnicate"], 2, "No such option: --frobnicate"),
        (["ask", "hi", "-o", "/nowhere/answer.md"], 2, "there is no folder /nowhere"),
        (["ask", "hi", "-o", "."], 2, "it is a folder"),
        (["ask", "hi", "--schema", "absent.json"], 4, "absent.json cannot be read"),
        (["ask", "hi", "-f", "absent"], 4, "There is no file or folder absent."),
        (["ask", "hi", "-f", ".", "-m", ECHO], 2, "is a folder. Only the models manymind/…"),
        (["ask", "hi", "-m", "manymind/redaer"], 4, "Did you mean manymind/reader?"),
        (["ask", "hi", "-m", "x-ai/grok-4"], 4, "Set XAI_API_KEY or OPENROUTER_API_KEY."),
        (
            ["ask", "hi", "--config", "absent.toml"],
            3,
            "The configuration file absent.toml is not there",
        ),
        (["modles"], 2, "Did you mean manymind models?"),
    ],
)
def test_a_mistake_costs_nothing_and_takes_one_line(
    wired: Shell, arguments: list[str], code: int, said: str
) -> None:
    ran = wired.run(*arguments)
    assert ran.code == code
    assert ran.out == ""
    assert ran.err.startswith("manymind: ")
    assert said in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([f"{ECHO};fault=500"], 6, "The provider failed (500)"),
        ([f"{ECHO};fault=401"], 3, "does not accept our key"),
        ([f"{ECHO};fault=429;retry_after=3600"], 6, "rate limit is reached"),
        ([f"{ECHO};hang", "--max-time", "1s"], 7, "before the deadline"),
        ([f"{ECHO};malformed=2"], 6, "manymind: "),
        (["openai/gpt-5", "--budget", "0.01"], 5, "--max-output"),
    ],
)
def test_what_a_provider_does_has_its_exit_code(
    wired: Shell, arguments: list[str], code: int, said: str
) -> None:
    ran = wired.run("ask", "Say hello.", "-m", *arguments)
    assert ran.code == code
    assert said in ran.err.splitlines()[-1]


def test_a_cut_answer_is_kept_but_is_no_success(wired: Shell) -> None:
    ran = wired.run("ask", "one two three four five", "-m", f"{ECHO};cut=4", "-o", "part.md")
    assert ran.code == 6
    assert ran.out.startswith("one two")
    assert "five" not in ran.out
    assert (wired.home / "part.md").read_text() == ran.out
    assert "what came so far is not the whole answer" in ran.err


def test_time_that_runs_out_leaves_the_partial_answer(wired: Shell) -> None:
    words = "one two three four five six seven eight nine ten"
    ran = wired.run("ask", words, "-m", f"{ECHO};tps=4", "--max-time", "1s")
    assert ran.code == 7
    assert ran.out.startswith("one")
    assert "ten" not in ran.out


def test_json_tells_a_failure_too(wired: Shell) -> None:
    said = wired.run("ask", "one two three", "-m", f"{ECHO};fault=400", "--json").data
    assert said["status"] == "failed"
    assert said["error"]["code"] == "invalid_request"
    assert said["error"]["provider"] == "vllm"


def test_ctrl_c_keeps_what_there_is(wired: Shell) -> None:
    words = " ".join(str(number) for number in range(100))
    process = wired.start("ask", words, "-m", f"{ECHO};tps=10")
    assert process.stdout is not None
    first = process.stdout.read(4)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert (first + out).startswith("0 1 ")
    assert (first + out).endswith("\n")
    assert "99" not in out
    assert err.splitlines()[-1].startswith("interrupted in ")


def test_ctrl_c_tells_what_was_paid(wired: Shell) -> None:
    settings = '[providers.vllm.prices."*"]\ninput = 2\noutput = 10\n'
    wired.settle(settings)
    process = wired.start("ask", "word " * 500, "-m", f"{ECHO};tps=10", "--max-output", "900")
    assert process.stdout is not None
    process.stdout.read(4)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert " · $0.00" in err.splitlines()[-1]


def test_ctrl_c_ends_a_team(wired: Shell) -> None:
    settings = '[team]\nleader = "vllm/sim-researcher;latency=1"\n'
    wired.settle(settings)
    process = wired.start("ask", "How high is the tower?", "-f", str(CORPUS))
    assert process.stderr is not None
    assert any("begins on vllm/" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130


@pytest.mark.parametrize("command", ["ask", "serve"])
def test_ctrl_c_does_not_wait_for_an_index(shell: Shell, command: str) -> None:
    library = shell.home / "library"
    library.mkdir()
    (library / "0.txt").write_text(" ".join(f"word{number}" for number in range(6000)))
    for number in range(1, 4000):
        os.link(library / "0.txt", library / f"{number}.txt")
    shell.settle(f'corpus.folders = ["{library}"]')
    arguments = ["word7", "-m", "manymind/reader"] if command == "ask" else ["--port", "0"]
    process = shell.start(command, *arguments)
    assert process.stderr is not None
    assert any("indexing: " in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130


def test_a_reader_who_has_enough_ends_the_run_quietly(wired: Shell) -> None:
    words = " ".join(str(number) for number in range(400))
    process = wired.start("ask", words, "-m", f"{ECHO};tps=40", "-q")
    assert process.stdout is not None
    assert process.stdout.read(3)
    process.stdout.close()
    assert process.wait(20) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_a_file_that_finds_no_room_is_told_after_the_answer(wired: Shell) -> None:
    ran = wired.run("ask", "hello", "-m", ECHO, "-q", "-o", "/dev/full")
    assert (ran.code, ran.out) == (1, "hello\n")
    assert "no space left" in ran.err


def test_secrets_are_never_shown(wired: Shell) -> None:
    for model in ("openai/sim-echo;fault=401", "openai/sim-echo"):
        ran = wired.run("ask", "hi", "-m", model, "--max-output", "9")
        assert "sk-canary" not in ran.out + ran.err


def test_what_is_not_text_does_not_go_into_a_prompt(wired: Shell) -> None:
    (wired.home / "blob.bin").write_bytes(bytes(range(256)))
    ran = wired.run("ask", "hi", "-f", "blob.bin", "-m", ECHO)
    assert (ran.code, ran.err) == (
        2,
        "manymind: blob.bin is not text. Only text can be put into the prompt.\n",
    )
