"""The curl commands of the documentation, understood as curl understands them, and sent."""

import shlex
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

from msgspec import Struct

_SWITCHES = {"-s", "-S", "-sS", "-N", "-sN", "-f", "-i", "-si", "--silent", "--no-buffer"}
_FORM = "application/x-www-form-urlencoded"


class Curl(Struct, frozen=True, kw_only=True):
    """A request as one command makes it."""

    url: str
    method: str
    headers: dict[str, str]
    body: str | None = None


class Answered(Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: str


def commands(text: str) -> Iterator[list[str]]:
    """The commands of a shell example, each in words. Quotes may reach over lines."""
    held = ""
    for line in text.replace("\\\n", " ").splitlines():
        held += line + "\n"
        try:
            words = shlex.split(held, comments=True)
        except ValueError:
            continue  # A quotation is still open.
        held = ""
        if words:
            yield words
    assert not held.strip(), f"an unfinished command: {held}"


def read_curl(words: list[str]) -> Curl:
    """Only the options that our pages use are known; any other fails the test that reads it."""
    url, method, body = "", "", None
    headers: dict[str, str] = {}
    rest = iter(words[1:])
    for word in rest:
        match word:
            case "-H" | "--header":
                name, _, value = next(rest).partition(":")
                headers[name.strip().lower()] = value.strip()
            case "-d" | "--data":
                body = next(rest)
            case "-X" | "--request":
                method = next(rest)
            case _ if word in _SWITCHES:
                pass
            case _:
                assert word.startswith("http"), f"an option of curl that is not known: {word}"
                url = word
    if body is not None:
        headers.setdefault("content-type", _FORM)
    return Curl(
        url=url, method=method or ("GET" if body is None else "POST"), headers=headers, body=body
    )


def send(asked: Curl) -> Answered:
    where = urlsplit(asked.url)
    assert where.hostname == "127.0.0.1", "examples call one's own machine"
    connection = HTTPConnection(where.hostname, where.port or 80, timeout=60)
    try:
        path = where.path + (f"?{where.query}" if where.query else "")
        body = None if asked.body is None else asked.body.encode()
        connection.request(asked.method, path, body=body, headers=asked.headers)
        reply = connection.getresponse()
        headers = {name.lower(): value for name, value in reply.getheaders()}
        return Answered(reply.status, headers, reply.read().decode())
    finally:
        connection.close()
