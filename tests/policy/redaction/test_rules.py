"""Each rule finds what it is for, and what only looks like it is left alone."""

from random import Random

import pytest

from manymind.policy.redaction.personal import PERSONAL
from manymind.policy.redaction.rules import Rule
from manymind.policy.redaction.scanner import Scanner
from manymind.policy.redaction.secrets import SECRETS
from tests.policy.redaction import samples

RULES = tuple(rule for rule in (*SECRETS, *PERSONAL) if rule.action != "off")
ALL = Scanner(RULES)

FRAMES = (
    "{}",
    "It is {}, as you know.",
    'x = "{}"',
    "x='{}';",
    "“{}”",
    "«{}»",
    "({})",
    "<b>{}</b>",
    "ключ {} и",
    "鍵は{}です",
    "🔑{}🔑",
    "\u00a0{}\u200b",
    "\n{}\r\n",
    "a,{},b",
    "| {} |",
)
"""What may stand round a value, signs of other scripts included."""


def found(text: str, scanner: Scanner = ALL) -> list[tuple[str, str]]:
    raw = text.encode()
    finds = scanner.find(raw)
    return [(scanner.rules[f.rule].name, raw[f.start : f.end].decode()) for f in finds]


def test_every_rule_has_an_example() -> None:
    made = samples.examples(Random(0))
    assert {rule.name for rule in RULES} == made.keys()
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_finds_its_own(rule: Rule) -> None:
    chance = Random(rule.name)
    for _ in range(20):
        text, value = samples.examples(chance)[rule.name]
        assert found(f"See {text} there.") == [(rule.name, value)]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_stands_round_it_hides_nothing(rule: Rule, frame: str) -> None:
    text, value = samples.examples(Random(f"{rule.name}{frame}"))[rule.name]
    assert (rule.name, value) in found(frame.format(text))


@pytest.mark.parametrize("name", samples.PUBLISHED)
def test_published_examples_are_found(name: str) -> None:
    for value in samples.PUBLISHED[name]:
        assert found(f"It is {value} now") == [(name, value)]


@pytest.mark.parametrize("text", samples.HARMLESS)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("name", ["card", "iban", "german_tax_id", "polish_pesel", "french_nir"])
def test_a_wrong_digit_makes_it_an_ordinary_number(name: str) -> None:
    chance = Random(name)
    wrong = 0
    for _ in range(200):
        value = samples.PERSONAL[name](chance)
        place = chance.choice([n for n, sign in enumerate(value) if sign.isdigit() and n > 6])
        digit = chance.choice([d for d in samples.DIGITS if d != value[place]])
        wrong += (name, value[:place] + digit + value[place + 1 :]) not in found(
            value[:place] + digit + value[place + 1 :]
        )
    assert wrong >= 195


def test_addresses_of_machines_are_looked_for_on_request() -> None:
    [rule] = [rule for rule in PERSONAL if rule.name == "ip_address"]
    assert rule.action == "off"
    scanner = Scanner([rule])
    assert found("from 192.168.7.31 to 2001:db8::8a2e:370:7334", scanner) == [
        ("ip_address", "192.168.7.31"),
        ("ip_address", "2001:db8::8a2e:370:7334"),
    ]
    assert found("127.0.0.1, 1.2.3.4 and 300.1.1.1", scanner) == []


def test_a_key_that_lacks_its_end_is_found_all_the_same() -> None:
    whole = samples.private_key(Random(1))
    cut = whole[: whole.rindex("\n")]
    [(name, value)] = found(f"Here: {cut}\n\nThat was all, it seems.")
    assert name == "private_key"
    assert value.startswith(cut)


def test_a_key_written_into_json_is_found() -> None:
    written = samples.private_key(Random(1)).replace("\n", "\\n")
    assert found(f'{{"key": "{written}"}}') == [("private_key", written)]
