"""What callers say of their calls beside the question."""

from manymind.canon.origins import App, Marks
from manymind.server.exchange import Exchange
from manymind.server.line import AsgiLine, Receive
from manymind.server.marks import marks


def asking(**fields: str) -> Exchange:
    async def receive() -> dict[str, object]:
        raise AssertionError("nobody reads the body")

    async def send(message: object) -> None:
        raise AssertionError("nobody answers")

    hearing: Receive = receive
    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    scope = {"method": "POST", "path": "/", "headers": headers}
    return Exchange(AsgiLine(scope, hearing, send), "req_1")


def test_most_requests_have_no_marks() -> None:
    assert marks(asking(host="here")) == Marks()


def test_a_program_is_known_by_its_page_and_its_title() -> None:
    app = marks(asking(http_referer="https://app.example/x", x_title="App")).app
    assert app == App(url="https://app.example/x", title="App")
    assert marks(asking(referer="https://other.example/")).app.url == "https://other.example/"


def test_what_may_be_private_in_an_address_is_left_out() -> None:
    said = "https://ann:secret@app.example/page?token=1#here"
    assert marks(asking(referer=said)).app.url == "https://app.example/page"


def test_a_mark_is_one_short_line() -> None:
    found = marks(asking(x_manymind_feature="a\x00b" + "c" * 900, x_manymind_session="s1"))
    assert (found.feature[:4], len(found.feature), found.session) == ("abcc", 200, "s1")
