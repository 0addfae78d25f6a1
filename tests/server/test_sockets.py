"""Responses by WebSocket, turn by turn."""

import json

import aiohttp
import pytest
from websockets.exceptions import InvalidStatus

from manymind.canon.events import Noted
from manymind.canon.faults import Overloaded
from manymind.canon.items import Called, Said
from manymind.canon.parts import Text
from manymind.canon.requests import Request
from manymind.providers.scripted import Pause, Scripted
from tests.server.socketing import Event, talk, talking, text
from tests.server.stage import Terms, application, calling
from tests.world import serving


def words(request: Request) -> list[str]:
    """What a provider was given to read."""
    return [
        part.text
        for item in request.items
        if isinstance(item, Said)
        for part in item.parts
        if isinstance(part, Text)
    ]


async def test_the_events_are_those_of_a_stream() -> None:
    scripted = Scripted("s", "Hello there, you.")
    async with serving(application(scripted)) as url, talking(url) as talker:
        await talker.send(input="Hi")
        told = await talker.rest()
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{url}/v1/responses", json={"model": "acme/small", "input": "Hi", "stream": True}
            ) as reply,
        ):
            streamed = [
                json.loads(line.removeprefix(b"data: "))
                async for line in reply.content
                if line.startswith(b"data: ")
            ]
    assert [event["type"] for event in told] == [event["type"] for event in streamed]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert [event.keys() for event in told] == [event.keys() for event in streamed]
    assert text(told[-1]) == "Hello there, you."


@pytest.mark.parametrize("path", ["/v1/responses", "/api/v1/responses", "/v1/responses?a=b"])
async def test_a_socket_opens_where_responses_are_posted(path: str) -> None:
    async with (
        serving(application(Scripted("s", "hello"))) as url,
        talking(url, path) as talker,
    ):
        assert text(await talker.ask("Hi")) == "hello"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/chat/completions", 405),
        ("/v1/messages", 405),
        ("/healthz", 200),
        ("/nowhere", 404),
        ("/client/v4/accounts/a/ai/v1/responses", 405),
    ],
)
async def test_no_socket_opens_anywhere_else(path: str, status: int) -> None:
    async with serving(application(Scripted("s", "hello"))) as url:
        with pytest.raises(InvalidStatus) as refused:
            async with talking(url, path):
                pass
    assert refused.value.response.status_code == status


async def test_a_plain_request_is_told_what_the_path_takes() -> None:
    async with calling(Scripted("s", "hello")) as caller:
        heard = await caller.get("/v1/responses")
    assert (heard.status, heard.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Authorization": "Bearer wrong"}, 401),
        ({}, 401),
    ],
    ids=["origin", "wrong key", "no key"],
)
async def test_a_handshake_passes_the_guard_of_every_request(
    headers: dict[str, str], status: int
) -> None:
    async with serving(application(Scripted("s", "hello"), Terms(key="right"))) as url:
        given = {"Authorization": "Bearer right", **headers} if headers else {}
        with pytest.raises(InvalidStatus) as refused:
            async with talking(url, additional_headers=given):
                pass
    assert refused.value.response.status_code == status
    error = json.loads(refused.value.response.body or b"")["error"]
    assert error["request_id"] == refused.value.response.headers["x-request-id"]


async def test_a_page_cannot_make_its_own_name_lead_here() -> None:
    async with serving(application(Scripted("s", "hello"))) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(InvalidStatus) as refused:
            async with talking(f"http://evil.example:{port}", host="127.0.0.1", port=port):
                pass
    assert refused.value.response.status_code == 403


async def test_the_right_key_opens_a_socket_and_so_does_our_own_page() -> None:
    async with serving(application(Scripted("s", "hello"), Terms(key="right"))) as url:
        headers = {"Authorization": "Bearer right", "Origin": url}
        async with talking(url, additional_headers=headers) as talker:
            assert text(await talker.ask("Hi")) == "hello"


async def test_an_answer_is_gone_on_from_where_nothing_is_stored() -> None:
    scripted = Scripted("s", "Noted.", "ember", "still ember")
    async with talk(scripted) as talker:
        first = await talker.ask("The word is ember.")
        second = await talker.ask("Which?", previous_response_id=first["response"]["id"])
        third = await talker.ask("And now?", previous_response_id=second["response"]["id"])
    assert second["response"]["previous_response_id"] == first["response"]["id"]
    assert text(third) == "still ember"
    assert words(scripted.requests[2]) == [
        "The word is ember.",
        "Noted.",
        "Which?",
        "ember",
        "And now?",
    ]
    assert scripted.requests[2].previous_response_id is None


async def test_one_answer_may_be_gone_on_from_twice() -> None:
    scripted = Scripted("s", "Noted.", "a", "b")
    async with talk(scripted) as talker:
        first = await talker.ask("The word is ember.")
        for _ in range(2):
            await talker.ask("Which?", previous_response_id=first["response"]["id"])
    assert words(scripted.requests[2]) == ["The word is ember.", "Noted.", "Which?"]


async def test_another_connection_knows_nothing_of_it() -> None:
    async with serving(application(Scripted("s", "hello"))) as url, talking(url) as talker:
        first = await talker.ask("Hi")
        async with talking(url) as other:
            assert_unknown(await other.ask("?", previous_response_id=first["response"]["id"]))
            assert text(await other.ask("Anew")) == "hello"


async def test_an_unknown_answer_is_named_as_such() -> None:
    async with talk(Scripted("s", "hello")) as talker:
        assert_unknown(await talker.ask("?", previous_response_id="resp_unknown"))
        assert text(await talker.ask("Anew")) == "hello"


def assert_unknown(event: Event) -> None:
    assert (event["type"], event["status"]) == ("error", 400)
    assert event["error"]["code"] == "previous_response_not_found"
    assert event["error"]["param"] == "previous_response_id"


async def test_what_failed_to_go_on_is_forgotten() -> None:
    async with talk(Scripted("s", "hello", Overloaded("no room"))) as talker:
        first = await talker.ask("Hi")
        previous = first["response"]["id"]
        failed = await talker.ask("Go on", previous_response_id=previous)
        assert (failed["type"], failed["status"]) == ("error", 503)
        assert_unknown(await talker.ask("Again", previous_response_id=previous))


async def test_the_result_of_a_call_that_nobody_made_is_refused() -> None:
    async with talk(Scripted("s", "hello")) as talker:
        previous = (await talker.ask("Hi"))["response"]["id"]
        result = {"type": "function_call_output", "call_id": "call_none", "output": "42"}
        failed = await talker.ask([result], previous_response_id=previous)
        assert (failed["status"], failed["error"]["param"]) == (400, "input[0].call_id")
        assert_unknown(await talker.ask("Again", previous_response_id=previous))


async def test_the_result_of_a_call_is_gone_on_with() -> None:
    call = Called(call_id="call_1", name="weather", arguments="{}")
    async with talk(Scripted("s", [call], "It is fine.")) as talker:
        first = await talker.ask("How is it?")
        result = {"type": "function_call_output", "call_id": "call_1", "output": "fine"}
        last = await talker.ask([result], previous_response_id=first["response"]["id"])
    assert text(last) == "It is fine."


async def test_a_warm_up_costs_nothing_and_is_gone_on_from() -> None:
    scripted = Scripted("s", "hello")
    async with talk(scripted) as talker:
        warm = await talker.ask("Remember this.", generate=False)
        assert scripted.calls == 0
        assert (warm["response"]["output"], warm["response"]["status"]) == ([], "completed")
        assert warm["response"]["usage"]["total_tokens"] == 0
        await talker.ask("Now", previous_response_id=warm["response"]["id"])
    assert words(scripted.requests[0]) == ["Remember this.", "Now"]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("", None),
        ("{", None),
        ("[]", None),
        ('"response.create"', None),
        ("{}", "type"),
        ('{"type": 7}', None),
        ('{"type": "response.cancel"}', "type"),
        ('{"type": "response.create"}', "model"),
        ('{"type": "response.create", "model": "m"}', "input"),
        ('{"type": "response.create", "model": "m", "input": 7}', "input"),
        ('{"type": "response.create", "model": "m", "input": "x", "stream_id": "a"}', "stream_id"),
        (
            '{"type": "response.create", "model": "m", "input": "x", "background": true}',
            "background",
        ),
        ("[" * 20_000, None),
        ('{"type": "response.create", "model": ' + "[" * 20_000, None),
        ('{"type": "response.create", "model": "\\ud800"}', None),
        (b'{"type": "response.create", "model": "m", "input": "x"}', None),
    ],
    ids=lambda value: repr(value)[:50],
)
async def test_what_is_no_request_is_refused_and_the_socket_stays(
    message: str | bytes, field: str | None
) -> None:
    async with talk(Scripted("s", "hello")) as talker:
        await talker.socket.send(message)
        refused = await talker.hear()
        assert (refused["type"], refused["status"]) == ("error", 400)
        assert refused["error"]["param"] == field
        assert text(await talker.ask("Hi")) == "hello"


async def test_two_requests_at_once_are_one_too_many() -> None:
    async with talk(Scripted("s", ["slow", Pause(0.2), "ly"])) as talker:
        await talker.send(input="Hi")
        await talker.send(input="And?")
        events = await talker.rest()
        while events[-1]["type"] == "error":
            assert (events[-1]["status"], events[-1]["error"]["code"]) == (409, "conflict")
            events = await talker.rest()
        assert text(events[-1]) == "slowly"
        assert text(await talker.ask("Again")) == "slowly"


async def test_a_fault_after_the_first_event_ends_the_answer_as_failed() -> None:
    async with talk(Scripted("s", ["Some", Overloaded("no room")])) as talker:
        failed = await talker.ask("Hi")
        assert failed["type"] == "response.failed"
        assert failed["response"]["error"]["type"] == "overloaded"


async def test_what_could_not_be_carried_is_told_after_the_first_event() -> None:
    dropped = Noted(what="dropped", data={"parameters": ["seed", "top_k"]})
    async with talk(Scripted("s", [dropped, "hello"])) as talker:
        await talker.send(input="Hi")
        events = await talker.rest()
    assert events[0]["type"] == "response.created"
    (told,) = [event for event in events if event["type"] == "manymind.dropped"]
    assert told == {"type": "manymind.dropped", "parameters": "seed, top_k"}
    assert text(events[-1]) == "hello"
