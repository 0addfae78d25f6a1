"""No body, path or query that a stranger can write at the other doors is a 500 or a hang."""

import json
import re
from collections.abc import Callable, Generator
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.asking import Asked, at_home
from tests.fuzz.doors import BODIES, FOLDERS, NAMES, READ
from tests.fuzz.mutations import BODIES as SPOKEN
from tests.fuzz.mutations import DAMAGES, spoilt
from tests.fuzz.test_bodies import RUN

GOOGLES = ("/v1beta/", "/v1/models/manymind/multi-agent:")
MANY = settings(
    max_examples=settings().max_examples // 5,
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
)

_values = st.sampled_from(
    ["", "0", "-1", "1", "true", "null", "9" * 30, "٣", "a,b", "\0", "\n", "é", "x" * 5000, "{}"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_pairs = st.lists(st.tuples(st.sampled_from(NAMES) | _values, _values), max_size=120)
_queries = _pairs.map(lambda pairs: urlencode(pairs).encode()) | st.binary(max_size=40).map(
    lambda raw: quote_from_bytes(raw, safe="=&%;+").encode()
)
_tails = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [":generateContent", "x:", "x:countTokens", "..", "../..", "%2e%2e", "\0", "a" * 9000, "x/y/z"]
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Generator[Asked]:
    with at_home(tmp_path_factory.mktemp("home")) as asked:
        yield asked


def test_every_door_that_takes_a_body_is_attacked(home: Asked) -> None:
    """Under one of its names at least: OpenRouter's and Cloudflare's paths lead to the same."""
    attacked = {*SPOKEN, RUN, f"{RUN}/manymind/reader"}
    attacked |= {path.replace("/v1beta/", "/v1/") for path in BODIES}
    for route in home.routes:
        if route.needs in ("manage", "operator"):  # Attacked as those write who may.
            continue
        path = re.sub(r"^/api/v1/|^/client/v4/accounts/{account}/ai/v1/", "/v1/", route.path)
        pattern = re.sub(r"{\w+(\.\.\.)?}", ".+", path.replace("/v1beta/", "/v1/"))
        if route.method == "POST" and not path.endswith("/cancel"):  # which reads none
            assert any(re.fullmatch(pattern, door) for door in attacked), path


def check(path: str, status: int, reply: bytes) -> None:
    """An answer, or a refusal that says why, in the words of whoever calls such a path."""
    assert status < 500, (path, reply)
    assert b"Something went wrong" not in reply
    if status < 300:
        return
    refusal = json.loads(reply)
    assert refusal["error"]["message"]
    assert ("status" in refusal["error"]) == path.startswith(GOOGLES)
    assert (refusal.get("type") == "error") == path.startswith("/v1/messages")


@pytest.mark.parametrize("path", BODIES)
@MANY
@given(data=st.data())
def test_a_body_with_something_wrong_in_it_is_taken_or_refused(
    path: str, data: st.DataObject, home: Asked
) -> None:
    body = json.dumps(data.draw(spoilt(BODIES[path]))).encode()
    check(path, *home.call("POST", path, body, b"alt=sse"))


@pytest.mark.parametrize("path", BODIES)
@MANY
@given(damage=st.sampled_from(DAMAGES), number=st.integers(0, 2**32))
def test_damaged_bytes_are_taken_or_refused(
    path: str, damage: Callable[[bytes, int], bytes], number: int, home: Asked
) -> None:
    written = json.dumps(BODIES[path]).encode()
    check(path, *home.call("POST", path, damage(written, number), b"alt=sse"))


@pytest.mark.parametrize("path", READ)
@MANY
@given(query=_queries)
def test_any_query_is_taken_or_refused(path: str, query: bytes, home: Asked) -> None:
    check(path, *home.call("GET", path, query=query))


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("folder", FOLDERS)
@MANY
@given(tail=_tails)
def test_any_name_in_a_path_is_found_or_refused(
    folder: str, method: str, tail: str, home: Asked
) -> None:
    status, reply = home.call(method, folder + tail, b"{}" if method == "POST" else b"")
    assert status < 500, reply
    assert status < 300 or json.loads(reply)["error"]["message"]
