"""The order in which offers are tried, by price, by what was measured, and by chance."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from msgspec.structs import replace

from manymind.canon.faults import Overloaded, RateLimited
from manymind.canon.preferences import Cutoffs, Preferences
from manymind.canon.usage import Usage
from manymind.catalog.offers import Offer
from manymind.routing.candidates import Candidate
from manymind.routing.choosing import Chooser
from manymind.routing.health import Health
from manymind.routing.till import Served
from tests.routing.attempts import an_attempt
from tests.routing.stage import HELLO, Player, an_offer

NOW = 1000.0


def candidates(*offers: Offer) -> list[Candidate]:
    return [
        Candidate(Served(each, Player(HELLO)), "m", each.provider == "openrouter")
        for each in offers
    ]


def names(ordered: Sequence[Candidate]) -> list[str]:
    return [each.served.offer.provider for each in ordered]


A, B, C = (an_offer(name, rate=rate) for name, rate in (("a", 3), ("b", 1), ("c", 2)))


def order(
    health: Health | None = None,
    wish: Preferences | None = None,
    sort: str | None = None,
    offers: Sequence[Offer] = (A, B, C),
    chance: float = 0.0,
    now: float = NOW,
) -> list[str]:
    chooser = Chooser(health or Health(), lambda: chance)
    return names(chooser.ordered(candidates(*offers), wish, sort, now, NOW))


def test_chance_follows_the_inverse_square_of_the_price() -> None:
    """Prices of 1, 2 and 3: weights of 36, 9 and 4."""
    chance = Random(7).random
    chooser = Chooser(Health(), chance)
    first = Counter(
        names(chooser.ordered(candidates(A, B, C), None, None, NOW, NOW))[0] for _ in range(4900)
    )
    assert first["b"] == pytest.approx(3600, rel=0.05)
    assert first["c"] == pytest.approx(900, rel=0.12)
    assert first["a"] == pytest.approx(400, rel=0.2)


def test_behind_the_first_the_cheapest_come_first() -> None:
    assert order(chance=0.0) == ["b", "c", "a"]
    assert order(chance=1.0) == ["a", "b", "c"]


def test_a_reseller_and_an_unknown_price_come_last() -> None:
    unknown = replace(an_offer("x"), prices=())
    reseller = an_offer("openrouter", rate=0)
    assert order(offers=(reseller, unknown, A, B)) == ["b", "a", "x", "openrouter"]


def test_what_is_free_shares_alike() -> None:
    free = [an_offer(name, rate=0) for name in ("p", "q")]
    assert order(offers=(*free, A), chance=0.4)[0] == "p"
    assert order(offers=(*free, A), chance=0.9)[0] == "q"


def test_one_that_failed_just_now_is_not_drawn() -> None:
    health = Health()
    health.failed("b/b-m", Overloaded("Full."), NOW)
    assert {order(health, chance=n / 10)[-1] for n in range(11)} == {"b"}
    assert order(health, now=NOW + 31)[0] == "b"
    assert order(health, sort="price")[0] == "b", "an order that was asked for stands"


def test_one_that_is_open_or_has_had_enough_is_left_for_last_in_any_order() -> None:
    health = Health()
    for _ in range(5):
        health.failed("b/b-m", Overloaded("Full."), NOW)
    health.failed("c/c-m", RateLimited("Slow.", retry_after=5), NOW)
    assert order(health, sort="price") == ["a", "c", "b"]
    assert order(health, Preferences(order=("b", "c"))) == ["a", "c", "b"]
    assert order(health, Preferences(order=("b", "c")), now=NOW + 20) == ["b", "c", "a"]


def measured() -> Health:
    health = Health()
    for offer, seconds, tokens in (("a/a-m", 1.0, 10), ("b/b-m", 4.0, 400), ("c/c-m", 2.0, 100)):
        for _ in range(10):
            usage = Usage(output_tokens=tokens)
            health.heard(
                an_attempt(offer, at=NOW - 60, first=seconds, seconds=seconds + 1, usage=usage)
            )
    return health


def test_sorting_by_what_was_measured() -> None:
    health = measured()
    assert order(health, sort="latency") == ["a", "c", "b"]
    assert order(health, sort="throughput") == ["b", "c", "a"]
    assert order(health, Preferences(sort="price"), "throughput") == ["b", "c", "a"]
    assert order(health, sort="latency", offers=(an_offer("new"), A)) == ["a", "new"]


def test_what_is_preferred_comes_first_and_rules_nobody_out() -> None:
    health = measured()
    quick = Preferences(max_latency=Cutoffs(p90=1.5))
    assert order(health, quick) == ["a", "b", "c"]
    fast = Preferences(min_throughput=Cutoffs(p50=50, p99=50), sort="latency")
    assert order(health, fast) == ["c", "b", "a"]
    assert sorted(order(health, Preferences(max_latency=Cutoffs(p50=0.0)))) == ["a", "b", "c"]


def test_exacto_goes_by_calls_that_parse() -> None:
    health = Health()
    health.called("a/a-m", 10, 10, NOW)
    health.called("b/b-m", 10, 5, NOW)
    health.called("c/c-m", 2, 0, NOW)
    assert order(health, sort="exacto") == ["a", "c", "b"], "too few are no judgement"


def test_only_the_best_where_nobody_may_stand_in() -> None:
    assert order(wish=Preferences(allow_fallbacks=False)) == ["b"]
    wish = Preferences(allow_fallbacks=False, order=("c", "a", "b"))
    assert order(wish=wish) == ["c", "a", "b"]


def test_a_chooser_stands_for_the_first_name_that_nobody_here_is() -> None:
    wish = Preferences(order=("a", "deepinfra", "b"))
    offers = (an_offer("openrouter"), B, A)
    assert order(wish=wish, offers=offers) == ["a", "openrouter", "b"]
    assert order(wish=Preferences(order=("openrouter",)), offers=offers)[0] == "openrouter"
