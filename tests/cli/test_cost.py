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
    assert lines[0].split() == ["model", "at", "in", "cached", "out", "window", "price", "cost"]
    assert [line.split()[0] for line in lines[1:]] == [
        "ollama/llama3",
        "openai/gpt-5",
        "x-ai/grok-4",
    ]
    assert len({line.index("$") for line in lines[2:]}) <= 2
    assert lines[1].endswith("$0")


def test_files_are_counted_exactly_where_that_can_be(shell: Shell) -> None:
    (shell.home / "report.md").write_text("The tower is 36.7 metres high.\n" * 100)
    asked = ("cost", "report.md", "-m", "x-ai/grok-4", "-m", "openai/gpt-4o")
    rows = {row["model"]: row for row in shell.run(*asked, "--json").data["rows"]}
    public, other = rows["openai/gpt-4o"], rows["x-ai/grok-4"]
    assert (public["bound"], public["input_tokens"]) == ("exact", 1007)
    assert other["bound"] == "estimate"
    assert public["input_tokens"] < other["input_tokens"]
    out = shell.run(*asked).out
    assert "~1," in out
    assert "about the most" in out


def test_a_plan_is_priced_call_by_call_and_in_all(shell: Shell) -> None:
    asked = ("cost", "-m", TEAM, "-i", "400k", "-o", "8k", "--cached", "80%", "--calls", "1_000")
    row = shell.run(*asked, "--json").data["rows"][0]
    one = 80_000 * 12_500 + 320_000 * 2_000 + 8_000 * 25_000
    assert (row["cached_tokens"], row["cost_in_usd_ticks"]) == (320_000, one)
    assert row["total_in_usd_ticks"] == 1000 * one
    assert (row["fits"], row["input_price"], row["output_price"]) == (True, "1.25", "2.5")
    line = shell.run(*asked).out.splitlines()[1].split()
    assert line[-2:] == ["1,000", f"${row['total_usd']}"]


def test_a_call_that_is_too_long_says_so(shell: Shell) -> None:
    asked = ("cost", "-m", "openai/gpt-4o", "-i", "2M")
    assert "too long" in shell.run(*asked).out
    assert shell.run(*asked, "--json").data["rows"][0]["fits"] is False


def test_a_folder_is_read_and_each_file_can_be_a_call(shell: Shell) -> None:
    (shell.home / "big").mkdir()
    for name in ("a.md", "b.md"):
        (shell.home / "big" / name).write_text("The tower is high.\n" * 50)
    asked = ("cost", "big", "-m", "openai/gpt-4o", "--each")
    rows = shell.run(*asked, "--json").data["rows"]
    assert [row["file"] for row in rows] == ["big/a.md", "big/b.md"]
    out = shell.run(*asked).out
    assert out.splitlines()[-1].startswith("openai/gpt-4o: $")
    together = shell.run("cost", "big", "-m", "openai/gpt-4o", "--json").data["rows"]
    assert len(together) == 1
    assert together[0]["input_tokens"] > rows[0]["input_tokens"]


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
        (["-m", "x-ai/grok-4", "-o", "8x"], 2, "--output 8x is no whole number"),
        (["-m", "x-ai/grok-4", "-o", "1.2345k"], 2, "no whole number"),
        (["-m", "x-ai/grok-4", "-i", "9", "--cached", "101%"], 2, "--cached 101% is no share"),
        (["-m", "x-ai/grok-4", "--tool", "web_search"], 2, "no name and count"),
        (["-i", "9" * 30], 2, "is more than 1,000,000,000,000."),
        (["-i", "8", "--calls", "0"], 2, "--calls 0 is no call at all."),
        (["-m", "no/such"], 4, "manymind models --all lists every name."),
        (["/dev/zero"], 2, "/dev/zero is not text."),
        (["absent.md"], 4, "absent.md cannot be read: no such file"),
    ],
)
def test_a_mistake_takes_one_line(shell: Shell, arguments: list[str], code: int, said: str) -> None:
    ran = shell.run("cost", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (code, "", 1)
    assert said in ran.err


def test_who_asks_for_nothing_sees_the_price_and_what_to_say(shell: Shell) -> None:
    ran = shell.run("cost")
    assert (ran.code, TEAM in ran.out) == (0, True)
    assert "name files, or say -i 400k -o 8k" in ran.err


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
