"""`manymind cost` says to the tick what a call costs."""

import pytest

from tests.cli.shell import Shell

TEAM = "x-ai/grok-4.20-multi-agent"


@pytest.mark.parametrize(
    ("input_tokens", "output_tokens", "dollars"),
    [
        (25_000, 2_000, "0.03625"),
        (400_000, 8_000, "0.52"),
        (900_000, 12_000, "1.155"),
        (1_900_000, 20_000, "2.425"),
        (2_000_000, 50_000, "2.625"),
    ],
)
def test_published_examples_come_out(
    shell: Shell, input_tokens: int, output_tokens: int, dollars: str
) -> None:
    asked = ("cost", "-m", TEAM, "-i", str(input_tokens), "-o", str(output_tokens))
    assert f"${dollars}\n" in shell.run(*asked).out
    row = shell.run(*asked, "--json").data["rows"][0]
    assert (row["cost_usd"], row["bound"], row["missing"]) == (dollars, "exact", None)


def test_priced_tool_calls_are_added(shell: Shell) -> None:
    row = shell.run("cost", "-m", TEAM, "--tool", "web_search=40", "--json").data["rows"][0]
    assert (row["cost_usd"], row["tools"]) == ("0.2", {"web_search": 40})


@pytest.mark.parametrize(
    ("total", "dollars"),
    [(127_999, "0.395997"), (128_000, "0.396"), (128_001, "0.792006")],
)
def test_the_second_tier_of_grok_4_begins_beyond_128000_tokens_in_total(
    shell: Shell, total: int, dollars: str
) -> None:
    asked = ("cost", "-m", "x-ai/grok-4", "-i", str(total - 1_000), "-o", "1000", "--json")
    assert shell.run(*asked).data["rows"][0]["cost_usd"] == dollars


def test_cached_tokens_are_cheaper(shell: Shell) -> None:
    asked = ("cost", "-m", TEAM, "-i", "1000000", "--json")
    whole = shell.run(*asked).data["rows"][0]
    cached = shell.run(*asked, "--cached", "1000000").data["rows"][0]
    assert (whole["cost_usd"], cached["cost_usd"]) == ("1.25", "0.2")


def test_several_models_make_a_table_with_the_cheapest_first(shell: Shell) -> None:
    asked = ("cost", "-m", "x-ai/grok-4", "-m", "openai/gpt-5", "-m", "ollama/llama3")
    lines = shell.run(*asked, "-i", "100000", "-o", "3000").out.splitlines()
    assert lines[0].split() == ["model", "at", "in", "cached", "out", "cost"]
    assert [line.split()[0] for line in lines[1:]] == [
        "ollama/llama3",
        "openai/gpt-5",
        "x-ai/grok-4",
    ]
    assert len({line.index("$") for line in lines[2:]}) <= 2
    assert lines[1].endswith("$0")


def test_files_lie_between_two_bounds(shell: Shell) -> None:
    (shell.home / "report.md").write_text("The tower is 36.7 metres high.\n" * 100)
    rows = shell.run("cost", "report.md", "-m", "x-ai/grok-4", "--json").data["rows"]
    assert [row["bound"] for row in rows] == ["at least", "at most"]
    assert 0 < rows[0]["input_tokens"] < rows[1]["input_tokens"]
    assert rows[0]["cost_in_usd_ticks"] < rows[1]["cost_in_usd_ticks"]


def test_prices_are_those_of_the_day(shell: Shell) -> None:
    asked = ("cost", "-m", "x-ai/grok-4", "-i", "1000", "--json", "--on")
    assert shell.run(*asked, "2026-01-01").data["rows"][0]["cost_usd"] == "0.003"


def test_the_settings_say_what_a_provider_of_ones_own_takes(shell: Shell) -> None:
    shell.settle(
        """
        [providers.acme]
        base_url = "https://acme.example/v1"
        [providers.acme.prices."large-1"]
        input = "2.50"
        cached = 0.25
        output = 10
        [providers.acme.prices."*"]
        input = 0
        output = 0
        """
    )
    asked = ("-i", "1000000", "-o", "100000", "--cached", "200000", "--json")
    row = shell.run("cost", "-m", "acme/large-1", *asked).data["rows"][0]
    assert (row["provider"], row["cost_usd"]) == ("acme", "3.05")
    assert shell.run("cost", "-m", "acme/any", *asked).data["rows"][0]["cost_usd"] == "0"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["-m", "grok-99"], 4, "Did you mean x-ai/grok"),
        (["-m", "x-ai/grok-4", "--on", "tomorrow"], 2, "--on tomorrow is no day."),
        (["-m", "x-ai/grok-4", "-i", "-5"], 2, "--input"),
        (["-m", "x-ai/grok-4", "-i", "5", "--cached", "6"], 2, "--cached is part of --input"),
        (["-m", "x-ai/grok-4", "--tool", "web_search"], 2, "no name and count"),
        (["absent.md"], 4, "absent.md cannot be read: no such file"),
    ],
)
def test_a_mistake_takes_one_line(shell: Shell, arguments: list[str], code: int, said: str) -> None:
    ran = shell.run("cost", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (code, "", 1)
    assert said in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m", "manymind/multi-agent"], "costs what the models inside it cost"),
        (["-m", "openai/gpt-5", "--tool", "palm_reading=1"], "No fee is known for palm_reading"),
    ],
)
def test_a_cost_that_nobody_knows_has_its_reason(
    shell: Shell, arguments: list[str], said: str
) -> None:
    ran = shell.run("cost", *arguments, "-i", "10")
    assert ran.code == 4
    assert "?" in ran.out
    assert said in ran.out
