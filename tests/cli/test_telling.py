"""What is said of an answer at its end."""

import pytest

from manymind.canon.answers import Answer, Output
from manymind.canon.items import Said
from manymind.canon.parts import Citation, Text
from manymind.canon.usage import Usage
from manymind.cli.telling import clock, cost, ending, sources

DOLLAR = 10**10


@pytest.mark.parametrize(
    ("ticks", "said"),
    [
        (0, "$0"),
        (1, "$0.0000000001"),
        (120_000, "$0.000012"),
        (123_000_000, "$0.0123"),
        (123_000_001, "$0.0124"),
        (DOLLAR // 10, "$0.10"),
        (DOLLAR + 1, "$1.01"),
        (12 * DOLLAR, "$12.00"),
    ],
)
def test_money_is_never_said_to_be_less_than_it_is(ticks: int, said: str) -> None:
    assert cost(ticks) == said


def test_a_clock_shows_minutes_and_seconds() -> None:
    assert [clock(each) for each in (-1, 0, 7.9, 65, 3600)] == [
        "0:00",
        "0:00",
        "0:07",
        "1:05",
        "60:00",
    ]


def cited(document: str, quote: str, number: str = "1", verified: bool = True) -> Citation:
    return Citation(title=number, document_id=document, quote=quote, verified=verified)


def answered(*citations: Citation, usage: Usage | None = None) -> Answer:
    said = Said(role="assistant", parts=(Text(text="It is so.", citations=citations),))
    return Answer(outputs=(Output(item=said),), usage=usage)


def test_each_source_is_listed_once_with_all_that_is_quoted_from_it() -> None:
    answer = answered(
        cited("a.md", "One."),
        cited("b.md", "Two.", "2"),
        cited("a.md", "Three."),
        cited("a.md", "One."),
    )
    assert sources(answer) == ("[1] a.md", "    “One.”", "    “Three.”", "[2] b.md", "    “Two.”")


def test_what_nobody_has_verified_is_said_to_be_so() -> None:
    assert (
        sources(answered(cited("a.md", "One.", verified=False)))[1] == "    “One.” (not verified)"
    )


def test_a_source_cannot_steer_the_terminal_or_fill_it() -> None:
    [name, quote] = sources(answered(cited("a\x1b[2J\nb", "word \x07" * 200)))
    assert name == "[1] a b"
    assert "\x07" not in quote
    assert len(quote) < 200


def test_the_last_line_says_how_it_ended_and_on_what_it_stands() -> None:
    answer = answered(cited("a.md", "One."), cited("b.md", "Two.", verified=False))
    assert ending(answer, "done", 3.21, 123_000_000) == (
        "done in 3.2 s · $0.0123 · 2 sources · 1 of 2 quotes verified"
    )


def test_without_a_price_tokens_are_told() -> None:
    usage = Usage(input_tokens=1000, output_tokens=234)
    assert ending(answered(usage=usage), "done", 1, 0).endswith("1,234 tokens, price not known")
