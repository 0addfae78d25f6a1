"""Every example of the pages that can run is run, against servers started as the pages say."""

import io
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import msgspec
import pytest

from manymind.cli.main import commands as cli_commands
from manymind.config import Flags, load
from tests.docs.conftest import Addresses
from tests.docs.curl import Answered, commands, read_curl, send
from tests.docs.pages import ROOT, Block, manual, page, plain
from tests.docs.proof import citations_proved, lacks, quotes_shown

Start = Callable[[str], Addresses]


def moved(text: str, addresses: Addresses) -> str:
    """The example with the addresses under which the servers are to be found now."""
    for written, true in addresses.items():
        text = text.replace(written, true)
    return text


def calls(block: Block) -> list[list[str]]:
    return [words for words in commands(block.text) if words[0] == "curl"]


def answers(block: Block, addresses: Addresses) -> list[Answered]:
    return [send(read_curl(words)) for words in commands(moved(block.text, addresses)) if words]


SHELL = manual("bash", "sh", "console")
CURLS = [block for block in SHELL if calls(block)]


def test_there_are_examples_to_run() -> None:
    assert len(CURLS) >= 4
    assert len(manual("python")) >= 3


@pytest.mark.parametrize("block", CURLS, ids=lambda block: block.name)
def test_a_call_is_answered(block: Block, addresses: Start) -> None:
    for answered in answers(block, addresses(block.page)):
        assert answered.status == 200, answered.body
        if answered.headers["content-type"].startswith("application/json"):
            citations_proved(msgspec.json.decode(answered.body), block.text)
        else:
            assert "event: " in answered.body or "data: [DONE]" in answered.body


@pytest.mark.parametrize("block", manual("python"), ids=lambda block: block.name)
def test_a_snippet_runs(block: Block, addresses: Start) -> None:
    heard = io.StringIO()
    code = compile(moved(block.text, addresses(block.page)), block.name, "exec")
    with redirect_stdout(heard):
        exec(code, {"__name__": "__main__"})
    assert heard.getvalue().strip()
    quotes_shown(heard.getvalue(), block.text)


def test_the_first_call_answers_as_the_page_shows(addresses: Start) -> None:
    readme = page("README.md")
    [first, *_] = [block for block in readme.blocks("bash") if calls(block)]
    [answered] = answers(first, addresses("README.md"))
    true: object = msgspec.json.decode(answered.body)
    [shown] = [msgspec.json.decode(block.text) for block in readme.blocks("json")]
    assert lacks(shown, true) == []
    assert citations_proved(true, first.text) == 2


def test_the_first_snippet_quotes_two_documents(addresses: Start) -> None:
    [snippet] = page("README.md").blocks("python")
    heard = io.StringIO()
    with redirect_stdout(heard):
        exec(moved(snippet.text, addresses("README.md")), {})
    assert len(quotes_shown(heard.getvalue(), snippet.text)) == 2
    assert "\n1 document:" in heard.getvalue()
    assert "\n2 document:" in heard.getvalue()


def test_the_terminal_answers_with_a_quote(tmp_path: Path) -> None:
    [asked] = [
        words
        for block in page("README.md").blocks("bash")
        for words in commands(block.text)
        if words[1:2] == ["ask"]
    ]
    done = subprocess.run(
        [sys.executable, "-m", "manymind", *asked[1:]],
        cwd=ROOT,
        env={"PATH": "", "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert quotes_shown(done.stdout, "") == [
        "The lamp was lit for the first time on 14 October 1871."
    ]


def test_make_run_starts_what_these_tests_start() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "$(BIN)/manymind serve --config demo/manymind.toml --port $(PORT)" in makefile
    assert "PORT ?= 8484" in makefile
    words = {words[1] for block in SHELL for words in commands(block.text) if words[0] == "make"}
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert {"run", "test"} <= words <= targets


GOOGLES = '{"contents": [{"parts": [{"text": "Who is the coxswain?"}]}]}'


@pytest.mark.parametrize(
    "row", page("README.md").rows("client", "base URL"), ids=lambda row: row[0]
)
def test_a_client_finds_its_paths_under_its_base_url(row: list[str], addresses: Start) -> None:
    base = moved(plain(row[1]), addresses("README.md"))
    messages = '"messages": [{"role": "user", "content": "Who is the coxswain?"}]'
    body = f'{{"model": "manymind/reader", "max_tokens": 500, {messages}}}'
    path = "/v1/messages" if row[0].startswith("Anthropic") else "/chat/completions"
    if row[0].startswith("Google"):
        path, body = "/v1beta/models/manymind/reader:generateContent", GOOGLES
    sent = ["curl", "-d", body, "-H", "Content-Type: application/json", base + path]
    answered = send(read_curl(sent))
    assert answered.status == 200
    if body == GOOGLES:
        said = msgspec.json.decode(answered.body)["candidates"][0]["content"]["parts"]
        assert "oxswain" in said[0]["text"]
    else:
        assert citations_proved(msgspec.json.decode(answered.body), body) >= 1


@pytest.mark.parametrize("block", manual("json"), ids=lambda block: block.name)
def test_json_of_the_pages_is_json(block: Block) -> None:
    msgspec.json.decode(block.text)


@pytest.mark.parametrize("block", manual("toml"), ids=lambda block: block.name)
def test_settings_of_the_pages_are_taken(block: Block, tmp_path: Path) -> None:
    written = tmp_path / "manymind.toml"
    written.write_text(block.text, encoding="utf-8")
    load(Flags(config=written), {"HOME": str(tmp_path)})


def test_commands_of_the_pages_exist() -> None:
    """Each command, and each of its options, stands in the help of the program."""
    asked: dict[str, set[str]] = {}
    for block in SHELL:
        for words in commands(block.text):
            command, options = _command(words)
            asked.setdefault(command, set()).update(options)
    asked.pop("")
    assert asked
    for command, options in asked.items():
        help_text = _help(command)
        assert [option for option in sorted(options) if option not in help_text] == []


def _command(words: list[str]) -> tuple[str, set[str]]:
    """The command of ours in a line, if it is one, and the options that it is given."""
    words = [word for word in words if "=" not in word or not word.split("=")[0].isupper()]
    if "|" in words:
        words = words[words.index("|") + 1 :]
    if not words or Path(words[0]).name != "manymind":
        return "", set()
    options = {word.partition("=")[0] for word in words[1:] if word.startswith("-")}
    two = " ".join(words[1:3])
    known = len(words) > 1 and re.fullmatch(r"[a-z]+(-[a-z]+)*", words[1]) is not None
    return (two if two in cli_commands() else words[1] if known else "ask"), options


def _help(command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "manymind", command, "--help"],
        env={"PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
