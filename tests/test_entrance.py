"""The way in, by itself: how long it takes, and that what nobody limits goes on as it is."""

import json
import time

import pytest

from manymind.canon.courses import DIRECT
from manymind.canon.faults import ContextTooLong, Forbidden
from manymind.canon.origins import Marks, Rights
from manymind.catalog.offers import Offer
from manymind.dialects.openai_chat import letters
from manymind.dialects.openai_chat.requests import read_request
from manymind.entrance import Entrance, unguarded
from manymind.policy.keys import Caller
from manymind.policy.limits import Limits, Standing
from manymind.policy.weighing import Scales
from manymind.routing.routes import Route
from manymind.tokens.counter import Counter
from tests.world import FakeClock, a_request

ANYBODY = Caller(id="owner")


def entrance(*routes: Route) -> Entrance:
    limits = Limits(Standing(), lambda model: (), Scales(Counter()))
    return Entrance(limits, FakeClock(), routes={each.name: each for each in routes})


async def test_a_prompt_of_1_900_000_tokens_is_refused_in_a_tenth_of_a_second() -> None:
    """From its body to its refusal, by the processor's time: other tests run beside this one."""
    way_in = entrance(Route(name="short", models=("a/b",), max_prompt_tokens=100_000))
    words = "lorem ipsum dolor sit amet " * 380_000
    messages = [{"role": "user", "content": words}]
    body = json.dumps({"model": "route/short", "messages": messages}).encode()
    took: list[float] = []
    for _ in range(5):
        begun = time.process_time()
        letter = letters.read_letter(body)
        assert letter is not None
        assert not way_in.passes(ANYBODY, letter)
        with pytest.raises(ContextTooLong, match="100,000 maximum of the route short"):
            await way_in.admit(ANYBODY, letter.opener(), Marks())
        took.append(time.process_time() - begun)
    assert min(took) < 0.1


async def test_what_nobody_limits_goes_on_as_it_is() -> None:
    request = a_request(model="acme/small")
    admitted = await entrance().admit(ANYBODY, request, Marks())
    assert admitted.request is request
    assert admitted.course is DIRECT


async def test_a_key_with_a_list_of_models_fails_closed() -> None:
    bound = Caller(id="owner", rights=Rights(models=("*",)))
    with pytest.raises(Forbidden):
        await unguarded(FakeClock()).admit(bound, a_request(), Marks())


async def test_an_alias_of_an_allowed_name_is_judged_by_what_it_stands_for() -> None:
    offer = Offer(provider="acme", native="large", slug="acme/large")
    limits = Limits(Standing(), lambda model: (offer,), Scales(Counter()))
    bound = Caller(id="owner", rights=Rights(models=("openai/*",)))
    with pytest.raises(Forbidden, match="openai/gpt, which is acme/large here"):
        await Entrance(limits, FakeClock()).admit(bound, a_request(model="openai/gpt"), Marks())


def test_a_small_letter_passes_unopened() -> None:
    body = b'{"model":"acme/small","messages":[{"role":"user","content":"hello"}]}'
    letter = letters.read_letter(body)
    assert letter is not None
    assert letter.opener() == read_request(body)
    capped = Caller(id="owner", rights=Rights(max_prompt_tokens=len(body)))
    assert entrance().passes(capped, letter)
    tight = Caller(id="owner", rights=Rights(max_prompt_tokens=len(body) - 1))
    assert not entrance().passes(tight, letter)
