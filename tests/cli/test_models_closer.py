"""`manymind models` finds, shows and compares."""

import pytest

from tests.cli.shell import Shell


def test_filters_narrow_what_is_listed(shell: Shell) -> None:
    seeing = shell.run("models", "--all", "--takes", "image", "--provider", "xai", "--json").data
    names = {row["id"] for row in seeing["models"]}
    assert "x-ai/grok-4" in names
    assert all("image" in row["inputs"] for row in seeing["models"])
    drawing = shell.run("models", "--all", "--gives", "image", "--json").data["models"]
    assert drawing and all("image" in row["outputs"] for row in drawing)
    able = shell.run(
        "models", "--all", "--parameter", "tools", "--context", "1000000", "--max-price", "0.3",
        "--json",
    ).data["models"]  # fmt: skip
    assert able
    assert all("tools" in row["parameters"] and row["context"] >= 10**6 for row in able)


def test_a_list_is_sorted_as_it_is_asked(shell: Shell) -> None:
    def listed(order: str) -> list[int]:
        ran = shell.run("models", "--all", "gpt", "--sort", order, "--json")
        return [row["context"] for row in ran.data["models"]]

    assert listed("window") == sorted(listed("name"), reverse=True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--sort", "wealth"), "--sort wealth is no order."),
        (("--max-price", "cheap"), "max_price must be a number"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(
    shell: Shell, arguments: tuple[str, str], told: str
) -> None:
    ran = shell.run("models", *arguments)
    assert ran.code == 2
    assert told in ran.err


@pytest.mark.parametrize("name", ["x-ai/grok-4", "grok-4", "grok-4-0709", "xai/grok-4-latest"])
def test_a_model_is_shown_by_any_of_its_names(shell: Shell, name: str) -> None:
    ran = shell.run("models", "show", name)
    assert ran.out.startswith("x-ai/grok-4  xAI: Grok 4\n")
    assert "refuses      reasoning.effort, reasoning.enabled" in ran.out
    assert "above 128,000 tokens of total" in ran.out
    assert "openrouter calls it x-ai/grok-4" in ran.out
    assert "\x1b" not in ran.out


def test_json_shows_every_tier_and_every_source(shell: Shell) -> None:
    shown = shell.run("models", "show", "x-ai/grok-4", "--json").data
    offer = shown["offers"][0]
    assert [(line["above"], line["input"]) for line in offer["prices"]] == [
        (None, "3"),
        (128_000, "6"),
    ]
    assert offer["tools"]["web_search"] == "5"
    assert offer["priced_by"]["checked"] == "2026-11-21"


def test_an_alias_of_ones_own_is_shown_as_what_it_means(shell: Shell) -> None:
    shell.settle('[aliases]\nbest = "openai/gpt-5"\n')
    assert shell.run("models", "show", "best").out.startswith("openai/gpt-5 ")


def test_a_slip_of_the_pen_is_helped(shell: Shell) -> None:
    ran = shell.run("models", "show", "openai/gtp-5")
    assert ran.code == 4
    assert "Did you mean openai/gpt-5" in ran.err
    listed = shell.run("models", "--all", "calude-opus-5")
    assert (listed.code, "Did you mean anthropic/claude-opus-5" in listed.err) == (4, True)


def test_models_stand_side_by_side_with_the_cost_of_so_many_tokens(shell: Shell) -> None:
    ran = shell.run("models", "compare", "grok-4", "gpt-5", "-i", "100000", "-o", "1000")
    lines = ran.out.splitlines()
    assert lines[0].split() == ["x-ai/grok-4", "openai/gpt-5"]
    assert lines[-1].split("  ")[-1].strip() == "$0.135"
    assert "$0.315" in lines[-1]
    data = shell.run(
        "models", "compare", "grok-4", "gpt-5", "-i", "300000", "-o", "1", "--json"
    ).data
    assert [row["fits"] for row in data["models"]] == [False, True]
    assert data["models"][0]["cost_in_usd_ticks"] is None
    assert data["models"][1]["cost_in_usd_ticks"] == 300_000 * 12_500 + 100_000


def test_one_model_compares_with_nothing(shell: Shell) -> None:
    assert shell.run("models", "compare", "grok-4").code == 2
    assert shell.run("models", "compare", "grok-4", "none/such-model-at-all").code == 4
