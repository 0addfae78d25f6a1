"""What code can tell of two statements: that they say the same, or plainly disagree."""

import pytest

from manymind.engine.facts import fact, opposed, same

SAME = [
    ("The tower is 30 metres high.", "the tower is 30 metres high"),
    ("In 1931 the lamp was electrified.", "The lamp was electrified in 1931."),
    ("It costs 1,234 dollars a year.", "A year it costs 1 234 dollars".replace(" 234", "'234")),
    ("Der Turm ist 30 Meter hoch.", "Hoch ist der Turm: 30 Meter."),
]
APART = [
    ("The tower is high.", "The tower is wide."),
    ("Lamp 3 burns 21 litres a night.", "Lamp 17 burns 119 litres a night."),
    ("In 2020 there were 100 keepers.", "In 2021 there were 112 keepers."),
    ("Far.", "Far."),
    ("Between 3 and 5 boats go out.", "Between 4 and 6 boats go out."),
]
OPPOSED = [
    ("The tower is 30 metres high.", "The tower is 40 metres high.", "figure"),
    ("Lamp 3 burns 21 litres a night.", "Lamp 3 burns 22 litres a night.", "figure"),
    ("The lamp was electrified in 1931.", "The lamp was electrified in 1932.", "figure"),
    ("In 2020 there were 100 keepers.", "In 2020 there were 101 keepers.", "figure"),
    ("Leave is paid for keepers.", "Leave is not paid for keepers.", "denial"),
    ("The boat was seen again.", "The boat was never seen again.", "denial"),
    ("Der Hafen ist im Winter offen.", "Der Hafen ist im Winter nicht offen.", "denial"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_the_same_words_and_figures_are_one_fact(left: str, right: str) -> None:
    assert same(fact(left), fact(right))
    assert opposed(fact(left), fact(right)) is None


@pytest.mark.parametrize(("left", "right"), APART)
def test_what_speaks_of_something_else_is_neither_the_same_nor_opposed(
    left: str, right: str
) -> None:
    assert not same(fact(left), fact(right))
    assert opposed(fact(left), fact(right)) is None


@pytest.mark.parametrize(("left", "right", "by"), OPPOSED)
def test_what_plainly_disagrees_is_found(left: str, right: str, by: str) -> None:
    assert opposed(fact(left), fact(right)) == opposed(fact(right), fact(left)) == by
    assert not same(fact(left), fact(right))
