"""Whatever a stranger says on a WebSocket, each message has one end, and nobody else notices."""

import json
import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct, convert
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.fuzz.mutations import DAMAGES, RESPONSES, Json, spoilt
from tests.fuzz.stage import running_home
from tests.server.socketing import ENDS

SECONDS_MAX = 10.0
"""Longer than this is a hang."""

SETTINGS = "[server]\nbody_limit_mb = 1\nbody_seconds = 0.1\n"
CREATE: Json = {
    **{name: value for name, value in RESPONSES.items() if name != "stream"},
    "type": "response.create",
    "model": "manymind/reader",
}
SOUND: Json = {**CREATE, "input": "Hi", "tools": [], "tool_choice": "auto", "text": {}}

MANY = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    deadline=None,
)


class _Error(Struct, forbid_unknown_fields=True):
    message: str
    type: str
    param: str | None
    code: str
    request_id: str


class _Complaint(Struct, forbid_unknown_fields=True):
    """As the reference of the wire has it."""

    type: Literal["error"]
    status: int
    error: _Error


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with running_home(tmp_path_factory.mktemp("home"), SETTINGS) as url:
        yield url.replace("http", "ws", 1) + "/v1/responses"


@pytest.fixture(autouse=True)
def bugs(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """No test here may bring one to light."""
    caplog.set_level(logging.ERROR)
    yield
    assert "bug in" not in caplog.text


@contextmanager
def talking(url: str) -> Generator[ClientConnection]:
    with connect(url, proxy=None, max_size=None, close_timeout=1) as socket:
        yield socket


def end_of_turn(socket: ClientConnection, seconds_max: float = SECONDS_MAX) -> Json:
    """The event that ends a turn; a complaint has the form that is documented."""
    while True:
        event: Json = json.loads(socket.recv(seconds_max))
        if event["type"] == "error":
            complaint = convert(event, _Complaint)
            assert 400 <= complaint.status < 500, event
            assert complaint.error.message
        if event["type"] in ENDS:
            assert "Something went wrong" not in json.dumps(event)
            return event


def check_served(socket: ClientConnection) -> None:
    socket.send(json.dumps(SOUND))
    assert end_of_turn(socket)["type"] == "response.completed"


def check_next_served(url: str) -> None:
    with talking(url) as socket:
        check_served(socket)


@MANY
@given(data=st.data())
def test_a_message_with_something_wrong_in_it_is_answered_or_refused(
    data: st.DataObject, url: str
) -> None:
    with talking(url) as socket:
        socket.send(json.dumps(data.draw(spoilt(CREATE))))
        end_of_turn(socket)
        check_served(socket)


@MANY
@given(damage=st.sampled_from(DAMAGES), number=st.integers(0, 2**32))
def test_a_damaged_message_is_answered_or_refused(
    damage: Callable[[bytes, int], bytes], number: int, url: str
) -> None:
    sent = damage(json.dumps(CREATE).encode(), number)
    with talking(url) as socket:
        try:
            socket.send(sent, text=True)
            end_of_turn(socket)
        except ConnectionClosed as closed:
            assert _code(closed) == (1009 if len(sent) > 2**20 else 1007)
        else:
            check_served(socket)
    check_next_served(url)


_LONG: Mapping[str, str] = {"nested": "[" * 20_000, "large": "x" * 250_000}
_texts = st.one_of(
    st.just(SOUND).map(json.dumps),
    spoilt(CREATE).map(json.dumps),
    st.text(max_size=50),
    st.sampled_from(["", "{}", "null", '{"type": "response.cancel"}']),
    st.sampled_from(sorted(_LONG)).map(lambda name: _LONG[name]),
)
_steps = st.one_of(
    st.tuples(st.just("text"), _texts),
    st.tuples(st.just("pieces"), _texts),
    st.tuples(st.just("binary"), st.binary(max_size=50) | _texts.map(str.encode)),
    st.tuples(st.just("ping"), st.none()),
)


@MANY
@given(steps=st.lists(_steps, max_size=6), cut=st.sampled_from(["hear", "close", "abort", "half"]))
def test_messages_that_do_not_wait_have_an_end_each_wherever_the_client_leaves(
    steps: list[tuple[str, Any]], cut: str, url: str
) -> None:
    with talking(url) as socket:
        for kind, said in steps:
            _say(socket, kind, said)
        if cut == "hear":
            asked = [kind for kind, _ in steps if kind != "ping"]
            assert len([end_of_turn(socket) for _ in asked]) == len(asked)
            check_served(socket)
        elif cut == "half":
            socket.socket.sendall(_frame(0x81, json.dumps(SOUND).encode())[:-3])
        elif cut == "abort":
            socket.socket.shutdown(SHUT_RDWR)
    check_next_served(url)


def _say(socket: ClientConnection, kind: str, said: Any) -> None:
    match kind:
        case "pieces":
            socket.send([said[n : n + 7_000] for n in range(0, len(said), 7_000)] or [""])
        case "ping":
            socket.ping()
        case _:
            socket.send(said)


def _frame(first: int, data: bytes) -> bytes:
    """Any first byte, and a whole frame behind it, under a mask of noughts."""
    return bytes([first, 0xFF]) + len(data).to_bytes(8, "big") + bytes(4) + data


_frames = st.builds(_frame, st.integers(0, 255), st.binary(max_size=130))


@MANY
@given(rubbish=st.binary(min_size=1, max_size=60) | st.lists(_frames, max_size=4).map(b"".join))
def test_rubbish_among_the_frames_is_hung_up_on(rubbish: bytes, url: str) -> None:
    """Who is neither hung up on nor told anything, as after half of a frame's head, costs nothing
    and is found out by a ping."""
    with talking(url) as socket, suppress(TimeoutError):
        try:
            socket.socket.sendall(rubbish)
            end_of_turn(socket, seconds_max=0.3)
        except ConnectionClosed as closed:
            assert _code(closed) != 1011
    check_next_served(url)


def _code(closed: ConnectionClosed) -> int | None:
    return closed.rcvd.code if closed.rcvd is not None else None
