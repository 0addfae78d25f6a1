"""`manymind serve` and `manymind simulate`: how they begin, what they say, how they end."""

import json
import re
import shlex
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.cli.shell import CORPUS, Shell


class Serving:
    """A server that runs; `told` is what it has said so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.told: list[str] = []

    def hear(self, wanted: str) -> str:
        """Its words up to the first line with these in it."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.told.append(line.rstrip("\n"))
            if wanted in line:
                return line
        raise AssertionError(f"It never said {wanted!r}, but: {self.told}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        assert self.process.stderr is not None
        self.told += self.process.stderr.read().splitlines()
        return self.process.wait(20)


@contextmanager
def started(shell: Shell, *arguments: str, **variables: str) -> Generator[Serving]:
    serving = Serving(shell.start(*arguments, **variables))
    try:
        yield serving
    finally:
        serving.process.kill()
        serving.process.wait(10)


def called(command: str, **variables: str) -> Any:
    """What a curl command that was printed comes back with."""
    words = shlex.split(
        command.replace("\\\n", " ").replace("$MANYMIND_API_KEY", variables.get("key", ""))
    )
    assert words[:2] == ["curl", "-s"]
    headers = dict(
        words[number + 1].split(": ", 1) for number, word in enumerate(words) if word == "-H"
    )
    data = words[words.index("-d") + 1].encode()
    request = urllib.request.Request(words[2], data, headers)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def first_call(serving: Serving) -> str:
    """The three lines that are to be tried."""
    serving.hear("  -d '")
    return "\n".join(line.strip() for line in serving.told[-3:])


def test_it_says_what_it_found_and_its_first_call_answers(shell: Shell) -> None:
    (shell.home / "m.toml").write_text(f'[corpus]\nfolders = ["{CORPUS}"]\n')
    with started(shell, "serve", "--config", "m.toml", "--port", "0") as serving:
        reply = called(first_call(serving))
        assert "history.md" in reply["choices"][0]["message"]["content"]
        assert "10 documents on the shelves" in serving.told
        assert "settings from m.toml" in serving.told
        assert "manymind/multi-agent runs on manymind/reader" in serving.told
        assert any(line.startswith("no provider is configured") for line in serving.told)
        assert serving.stop() == 0


def test_providers_are_named_without_their_keys(wired: Shell) -> None:
    with started(wired, "serve", "--port", "0") as serving:
        serving.hear("listens on")
        assert (
            "provider openai: key from OPENAI_API_KEY, address from OPENAI_BASE_URL" in serving.told
        )
        assert "manymind/multi-agent runs on openai/gpt-5.4-mini" in serving.told
        serving.stop()
        assert "sk-canary" not in "\n".join(serving.told)


def test_each_request_is_one_line_of_the_log_if_wanted(shell: Shell) -> None:
    with started(shell, "serve", "--port", "0", "-v") as serving:
        called(first_call(serving))
        line = serving.hear("/v1/chat/completions")
        assert re.search(r"INFO POST /v1/chat/completions ok in [\d.]+ s \(req_[\w-]+\)", line)
        serving.stop()
        assert "What can you do" not in "\n".join(serving.told[serving.told.index(line[:-1]) :])


def test_beyond_loopback_it_needs_a_key_and_then_its_first_call_brings_it(shell: Shell) -> None:
    refused = shell.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert (refused.code, refused.err.count("\n")) == (3, 1)
    assert "Set MANYMIND_API_KEY, or listen on 127.0.0.1." in refused.err
    with started(shell, "serve", "--port", "0", MANYMIND_API_KEY="sk-own") as serving:
        command = first_call(serving)
        assert "sk-own" not in command
        assert called(command, key="sk-own")["object"] == "chat.completion"


def test_a_port_that_is_taken_is_told_before_any_work_is_done(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for command in ("serve", "simulate"):
            ran = shell.run(command, "--port", port)
            assert ran.code == 3
            assert ran.err == (
                f"manymind: 127.0.0.1:{port} cannot be listened on: address already in use. "
                "Try --port 0.\n"
            )


@pytest.mark.parametrize("host", ["not a host", "203.0.113.7"])
def test_an_address_that_is_not_ours_is_told(shell: Shell, host: str) -> None:
    ran = shell.run("serve", "--host", host, "--port", "0", MANYMIND_API_KEY="k")
    assert ran.code == 3
    assert f"{host}:0 cannot be listened on" in ran.err


def test_a_data_folder_that_cannot_be_used_is_told(shell: Shell) -> None:
    (shell.home / "file").write_text("")
    (shell.home / "m.toml").write_text(f'[corpus]\nfolders = ["{CORPUS}"]\n')
    ran = shell.run("serve", "--config", "m.toml", "--port", "0", "--data", "file/data")
    assert ran.code == 3
    assert "The data folder file/data cannot be used: Not a directory." in ran.err


def test_a_corpus_that_is_not_there_is_told(shell: Shell) -> None:
    (shell.home / "m.toml").write_text('[corpus]\nfolders = ["absent"]\n')
    ran = shell.run("serve", "--config", "m.toml", "--port", "0")
    assert (ran.code, "corpus.folders: " in ran.err, "absent" in ran.err) == (3, True, True)


def test_the_simulation_says_how_to_use_it(shell: Shell) -> None:
    with started(shell, "simulate", "--port", "0", "--key", "sk-any") as serving:
        command = first_call(serving)
        reply = called(command.replace("YOUR_KEY", "sk-any"))
        assert reply["choices"][0]["message"]["content"] == "Hello"
        assert any("sim-echo, sim-adder" in line for line in serving.told)
        serving.hear("OPENAI_BASE_URL=http://127.0.0.1:")
        assert serving.stop() == 0
