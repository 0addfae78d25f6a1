"""No body that a stranger can write is a 500 or a hang."""

import json
from collections.abc import Callable, Generator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.asking import Asked, at_home, carried
from tests.fuzz.mutations import BODIES, CHAT, DAMAGES, Json, spoilt

RUN = "/client/v4/accounts/a/ai/run"
OWN = ("manymind/reader", "manymind/multi-agent")
MANY = settings(
    max_examples=settings().max_examples * 3,
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
)
FEWER = settings(MANY, max_examples=settings().max_examples // 2)


@pytest.fixture(scope="module")
def door() -> Generator[Asked]:
    with carried() as asked:
        yield asked


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Generator[Asked]:
    with at_home(tmp_path_factory.mktemp("home")) as asked:
        yield asked


def check(status: int, reply: bytes) -> None:
    """An answer, or a refusal that says why; a stream may not end in a bug of ours either."""
    assert status < 500, reply
    assert b"Something went wrong" not in reply
    if status != 200:
        assert "message" in json.dumps(json.loads(reply))


@pytest.mark.parametrize("path", BODIES)
@MANY
@given(data=st.data())
def test_a_request_with_something_wrong_in_it_is_answered_or_refused(
    path: str, data: st.DataObject, door: Asked
) -> None:
    check(*door.post(path, json.dumps(data.draw(spoilt(BODIES[path]))).encode()))


@pytest.mark.parametrize("path", BODIES)
@MANY
@given(damage=st.sampled_from(DAMAGES), number=st.integers(0, 2**32), stream=st.booleans())
def test_damaged_bytes_are_answered_or_refused(
    path: str, damage: Callable[[bytes, int], bytes], number: int, stream: bool, door: Asked
) -> None:
    written = json.dumps({**BODIES[path], "stream": stream}).encode()
    check(*door.post(path, damage(written, number)))


@MANY
@given(data=st.data(), path=st.sampled_from(sorted(BODIES)))
def test_cloudflares_envelope_takes_nothing_amiss(
    data: st.DataObject, path: str, door: Asked
) -> None:
    body: Json = {"model": "acme/small", "input": BODIES[path]}
    check(*door.post(RUN, json.dumps(data.draw(spoilt(body))).encode()))


@pytest.mark.parametrize("model", OWN)
def test_a_schema_whose_required_names_are_no_names_is_refused(model: str, home: Asked) -> None:
    schema: Json = {
        "type": "object",
        "properties": {"city": {}},
        "required": [["city"], {"city": 1}],
    }
    wanted: Json = {"type": "json_schema", "json_schema": {"name": "fact", "schema": schema}}
    body: Json = {"model": model, "messages": CHAT["messages"][:1], "response_format": wanted}
    check(*home.post("/v1/chat/completions", json.dumps(body).encode()))


@pytest.mark.parametrize("model", OWN)
@pytest.mark.parametrize("path", BODIES)
@FEWER
@given(data=st.data())
def test_our_own_models_take_or_refuse_what_is_wrong(
    path: str, model: str, data: st.DataObject, home: Asked
) -> None:
    body = data.draw(spoilt({**BODIES[path], "model": model}))
    check(*home.post(path, json.dumps({**body, "model": model}).encode()))
