"""The scanner: pieces, overlaps, bad patterns, and time that grows with the text alone."""

import time
from random import Random

import pytest

from manymind.policy.redaction.remembering import Remembering
from manymind.policy.redaction.rules import Kind, Rule
from manymind.policy.redaction.scanner import AHEAD_BYTES, PIECE_BYTES, BadPattern, Find, Scanner
from tests.policy.redaction import samples
from tests.policy.redaction.test_rules import ALL, RULES, found


def _own(name: str, pattern: str, kind: Kind = "secret") -> Rule:
    return Rule(name=name, kind=kind, pattern=pattern)


@pytest.mark.parametrize("name", ["openai_key", "private_key", "jwt", "email", "card", "iban"])
def test_nothing_is_lost_where_two_pieces_meet(name: str) -> None:
    chance = Random(name)
    text, value = samples.examples(chance)[name]
    for back in (0, 1, 2, len(text) // 2, len(text) - 1, len(text), len(text) + 1):
        filler = "ab \n" * (PIECE_BYTES // 4)
        before = filler[: PIECE_BYTES - back - 1] + " "
        assert found(f"{before}{text} {filler}") == [(name, value)], back


def test_what_is_longer_than_a_piece_is_found_whole() -> None:
    chance = Random(3)
    words = "PRIVATE KEY"
    body = "\n".join(samples.of(chance, samples.BASE62, 64) for _ in range(3000))
    key = f"-----BEGIN {words}-----\n{body}\n-----END {words}-----"
    token = samples.jwt(chance)
    long_token = token.replace(".eyJ", ".eyJ" + samples.of(chance, samples.BASE62, 100_000))
    text = "x " * (PIECE_BYTES // 2 - AHEAD_BYTES) + f"{key}\n\n{long_token} end"
    assert found(text) == [("private_key", key), ("jwt", long_token)]


def test_the_earlier_rule_has_what_both_find() -> None:
    rules = [_own("first", "b+"), _own("second", "b+c"), _own("third", "a?b+c?", "personal")]
    assert found("abbc", Scanner(rules)) == [("second", "bbc")]
    assert found("abb", Scanner(rules)) == [("first", "bb")]


def test_a_password_is_no_part_of_an_address() -> None:
    text = "postgresql://ann:" + "hunter2hunter" + "@db.acme.example.net/app"
    assert found(text) == [("connection_password", "hunter2hunter")]


def test_a_check_may_take_less_than_the_pattern_found() -> None:
    account = samples.iban(Random(5))
    assert found(f"{account} AND MORE 1234") == [("iban", account)]
    assert found("+49 30 1234567 89012345678 22") == [("phone", "+49 30 1234567")]


def test_what_a_check_refuses_hides_nothing_behind_it() -> None:
    card = samples.card(Random(6))
    assert found(f"4111 1111 1111 1112 {card}") == [("card", card)]


@pytest.mark.parametrize("pattern", ["(", "a(?=b)", r"(a)\1", "[", "a{2000}", "(?<!x)y"])
def test_a_pattern_that_re2_does_not_take_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern) as caught:
        Scanner([_own("own", pattern)])
    assert str(caught.value)


def test_a_pattern_that_finds_nothing_at_all_finds_nothing() -> None:
    assert found("abc", Scanner([_own("own", "x*")])) == []
    assert found("axxb", Scanner([_own("own", "x*")])) == [("own", "xx")]


def test_a_keyword_saves_the_search() -> None:
    scanner = Scanner([Rule(name="staff", kind="personal", pattern=r"\b\d{6}\b", keyword="Staff")])
    assert found("number 123456", scanner) == []
    assert found("staff number 123456", scanner) == [("staff", "123456")]


def test_no_rules_find_nothing() -> None:
    assert Scanner([]).find(b"anything") == ()


def _seconds(text: bytes, scanner: Scanner = ALL) -> float:
    """Of this thread's own work, on a machine where others work too."""
    scanner.find(text)
    begun = time.thread_time()
    scanner.find(text)
    return time.thread_time() - begun


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "1",
        "1 ",
        "-",
        "sk-",
        "+1",
        "a@",
        "a.",
        "eyJ",
        "-----BEGIN ",
        "password=",
        "://:",
        '"\\',
    ],
)
def test_a_hostile_text_takes_time_by_its_length(piece: str) -> None:
    small = (piece * (100_000 // len(piece))).encode()
    short, long = _seconds(small), _seconds(small * 10)
    assert long < 40 * short + 0.2


def test_a_hostile_pattern_takes_time_by_the_length_of_the_text() -> None:
    scanner = Scanner([_own("own", "(a+)+$"), _own("other", "(a|aa)+b")])
    assert _seconds(b"a" * 200_000 + b"!", scanner) < 2


def test_clean_text_costs_little() -> None:
    text = ("The keeper lit the lamp at dusk and wrote it down.\n" * 170_000)[: 8 << 20].encode()
    assert _seconds(text) < 1.5


class Counting(Scanner):
    def __init__(self) -> None:
        super().__init__(RULES)
        self.scanned = 0

    def find(self, text: bytes) -> tuple[Find, ...]:
        self.scanned += len(text)
        return super().find(text)


def test_what_was_seen_is_not_read_again() -> None:
    scanner = Counting()
    finding = Remembering(scanner)
    text = f"{'word ' * 1000}{samples.card(Random(7))}".encode()
    assert finding.find(text) == finding.find(bytes(bytearray(text)))
    assert scanner.scanned == len(text)
    assert finding.rules == scanner.rules


def test_what_is_remembered_is_bounded() -> None:
    finding = Remembering(Scanner([_own("a", "a")]), finds_max=4000)
    for n in range(12):
        assert len(finding.find(b"a" * 1000 + str(n).encode())) == 1000
        assert finding.remembered <= 4000
    assert len(finding.find(b"a" * 4001)) == 4001
    assert finding.remembered <= 4000
