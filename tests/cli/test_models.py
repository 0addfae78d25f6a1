"""`manymind models` lists what can be asked for."""

from tests.cli.shell import Shell


def test_without_any_key_there_are_our_own(shell: Shell) -> None:
    ran = shell.run("models")
    assert [line.split()[0] for line in ran.out.splitlines()] == [
        "model",
        "manymind/multi-agent",
        "manymind/reader",
    ]
    assert "free" in ran.out


def test_servers_of_ones_own_are_asked_what_they_serve(wired: Shell) -> None:
    ids = {row["id"] for row in wired.run("models", "--json").data["models"]}
    assert {"vllm/sim-echo", "manymind/reader"} <= ids
    assert any(name.startswith("openai/") for name in ids)


def test_a_server_that_is_down_does_not_hide_the_rest(shell: Shell) -> None:
    ran = shell.run("models", OLLAMA_HOST="http://127.0.0.1:9")
    assert (ran.code, "manymind/reader" in ran.out) == (0, True)


def test_all_words_must_fit(shell: Shell) -> None:
    rows = shell.run("models", "--all", "GROK", "multi", "--json").data["models"]
    assert "x-ai/grok-4.20-multi-agent" in {row["id"] for row in rows}
    assert all("grok" in row["id"] and "multi" in row["id"] for row in rows)


def test_prices_are_dollars_for_a_million(shell: Shell) -> None:
    line = next(
        line
        for line in shell.run("models", "--all", "grok-4.20-multi").out.splitlines()
        if line.startswith("x-ai/grok-4.20-multi-agent ")
    )
    assert line.split()[1:] == ["2M", "$1.25", "$0.20", "$2.50"]


def test_columns_stand_under_one_another(shell: Shell) -> None:
    lines = shell.run("models", "--all", "claude").out.splitlines()
    assert len(lines) > 5
    assert len({len(line) for line in lines}) == 1


def test_aliases_are_shown_with_what_they_mean(shell: Shell) -> None:
    shell.settle('[aliases]\n"house/best" = "manymind/reader"\n')
    assert "house/best → manymind/reader\n" in shell.run("models").out
    assert "house/best → manymind/reader\n" in shell.run("models", "best").out
    assert shell.run("models", "--json").data["aliases"] == {"house/best": "manymind/reader"}
    assert "house/best" not in shell.run("models", "multi-agent").out


def test_a_name_that_fits_nothing_is_told(shell: Shell) -> None:
    ran = shell.run("models", "nothing-like-it")
    assert ran.code == 4
    assert ran.err == (
        "manymind: No model has that name. Try --all: its provider may not be configured.\n"
    )
