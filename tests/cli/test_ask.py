"""Asking in the terminal: what goes where, and what it is made of."""

import json
from pathlib import Path

import pytest

from tests.cli.shell import CORPUS, Ran, Shell

HEIGHT = "How high is the tower?"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def answered(shelf: Shell) -> Ran:
    """One question to the team, without any key."""
    return shelf.run("ask", HEIGHT, "-f", str(CORPUS), "-o", "answer.md")


def test_the_team_answers_from_a_folder_without_any_key(answered: Ran) -> None:
    assert answered.code == 0
    assert "36.7 metres" in answered.out
    assert "](document:tower-survey-2021.md)" in answered.out


def test_only_the_answer_goes_to_stdout(answered: Ran) -> None:
    assert "documents on the shelves" not in answered.out
    assert "quotes verified" not in answered.out
    assert "10 documents on the shelves" in answered.err
    assert "quotes verified" in answered.err.splitlines()[-1]


def test_the_answer_is_also_written_to_a_file(shelf: Shell, answered: Ran) -> None:
    assert (shelf.home / "answer.md").read_text() == answered.out


def test_a_pipe_gets_one_line_for_each_change_and_no_escape(answered: Ran) -> None:
    assert "\x1b" not in answered.out + answered.err
    told = answered.err.splitlines()
    assert "agent-1: begins on manymind/reader" in told
    assert any(line.startswith("agent-1: quotes ") for line in told)


def test_quiet_says_nothing_but_the_answer(shell: Shell) -> None:
    ran = shell.run("ask", HEIGHT, "-f", str(CORPUS), "-q")
    assert "36.7" in ran.out
    assert ran.err == ""


def test_a_question_needs_no_command(shell: Shell) -> None:
    assert "36.7" in shell.run("-f", str(CORPUS), HEIGHT, "-q").out


def test_json_is_one_object_with_all_there_is_to_know(shell: Shell) -> None:
    ran = shell.run("ask", HEIGHT, "-f", str(CORPUS), "--json")
    assert ran.out.count("\n") == 1
    said = ran.data
    assert said["schema_version"] == 1
    assert (said["status"], said["error"]) == ("completed", None)
    assert said["model"] == "manymind/multi-agent"
    cited = said["citations"][0]
    assert cited["verified"] is True
    assert cited["quote"] in (CORPUS / cited["document_id"]).read_text()
    assert said["answer"][cited["start"] :].startswith(f"[[{cited['number']}]]")
    assert said["spent_in_usd_ticks"] == 0


def test_what_is_piped_in_is_a_document_beside_the_question(shell: Shell) -> None:
    memo = "The bridge was painted green in 1987 by Ada Holm."
    ran = shell.run("ask", "Who painted the bridge?", "-m", "manymind/reader", given=memo)
    assert "Ada Holm" in ran.out


def test_what_is_piped_in_and_what_lies_in_files_can_both_be_quoted(shell: Shell) -> None:
    (shell.home / "bridge.md").write_text("The bridge was painted in 1987.\n")
    memo = "Ada Holm is the keeper of the light."
    for question, source in (
        ("Who is the keeper?", "stdin"),
        ("When was the bridge painted?", "bridge.md"),
    ):
        asked = ("ask", question, "-f", "bridge.md", "-m", "manymind/reader", "--json")
        [cited] = shell.run(*asked, given=memo).data["citations"]
        assert cited["document_id"] == source


def test_without_words_the_pipe_is_the_question(wired: Shell) -> None:
    ran = wired.run("ask", "-m", "vllm/sim-echo", given="Say this.\n")
    assert ran.out == "Say this.\n"


def test_a_schema_shapes_the_answer(shell: Shell) -> None:
    schema = {
        "type": "object",
        "properties": {"height_metres": {"type": "number"}},
        "required": ["height_metres"],
        "additionalProperties": False,
    }
    (shell.home / "schema.json").write_text(json.dumps(schema))
    asked = ("-f", str(CORPUS / "tower-survey-2021.md"), "--schema", "schema.json")
    ran = shell.run("ask", HEIGHT, *asked, "-m", "manymind/reader", "-q")
    assert json.loads(ran.out) == {"height_metres": 36.7}


def test_files_go_into_the_prompt_of_other_models(wired: Shell) -> None:
    (wired.home / "note.txt").write_text("The code word is heron.")
    ran = wired.run("ask", "Repeat.", "-f", "note.txt", "-m", "vllm/sim-echo", "-q")
    assert "The code word is heron." in ran.out


def test_an_alias_of_ours_reads_folders_too(shell: Shell) -> None:
    (shell.home / "m.toml").write_text('[aliases]\n"x-ai/old" = "manymind/reader"\n')
    asked = ("-f", str(CORPUS), "-m", "x-ai/old", "--config", "m.toml")
    assert "36.7" in shell.run("ask", HEIGHT, *asked).out


def test_a_budget_is_told_and_kept_by_a_team_that_costs(wired: Shell) -> None:
    settings = """
    [team]
    leader = "vllm/sim-researcher"
    [providers.vllm.prices."*"]
    input = 2.00
    output = "10"
    context = 128000
    """
    wired.settle(settings)
    asked = ("ask", HEIGHT, "-f", str(CORPUS), "--json", "--budget")
    spent = wired.run(*asked, "5").data["spent_in_usd_ticks"]
    assert 0 < spent < 5 * 10**10
    short = wired.run(*asked, "0.02")
    assert (short.code, short.data["status"], short.data["reason"]) == (5, "incomplete", "max_cost")
    assert short.data["answer"]
    assert short.data["spent_in_usd_ticks"] <= 2 * 10**8


def test_documents_are_indexed_once(shell: Shell, tmp_path: Path) -> None:
    data = tmp_path / "kept"
    for _ in range(2):
        asked = ("ask", HEIGHT, "-f", str(CORPUS), "-m", "manymind/reader")
        assert shell.run(*asked, "--data", str(data)).code == 0
    assert len(list((data / "indexes").iterdir())) == 1
