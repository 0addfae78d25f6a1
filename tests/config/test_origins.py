"""Every setting says where it comes from, and no secret is told."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from manymind.config import Flags
from manymind.config.lines import lines
from manymind.config.origins import DEFAULT, NOT_SET, SET, settings

FILE = """\
# A comment, with [brackets] = 1
[server]
port = 9000
hosts = [
  "a.example", # port = 1
  "b.example",
]

[providers.acme]
base_url = "https://acme.example/v1"
headers = { "x-secret" = "canary-1" }

[providers.acme.prices."large-1"]
input = "1"
output = 2

[aliases]
"a/b.c" = "manymind/reader"
"""


def origins(tmp_path: Path, flags: Flags | None = None, **variables: str) -> dict[str, object]:
    file = tmp_path / "manymind.toml"
    file.write_text(FILE)
    found = settings(flags or Flags(config=file), {"HOME": str(tmp_path), **variables})
    return {each.name: (each.value, each.origin.removeprefix(str(file))) for each in found}


def test_a_file_is_named_with_the_line(tmp_path: Path) -> None:
    found = origins(tmp_path)
    assert found["server.port"] == (9000, ":3")
    assert found["server.hosts"] == (("a.example", "b.example"), ":4")
    assert found["providers.acme.base_url"] == ("https://acme.example/v1", ":10")
    assert found["providers.acme.prices.large-1.output"] == ("2", ":15")
    assert found["aliases.a/b.c"] == ("manymind/reader", ":18")
    assert found["server.host"] == ("127.0.0.1", DEFAULT)


def test_the_nearest_place_is_named(tmp_path: Path) -> None:
    flags = Flags(config=tmp_path / "manymind.toml", port=1)
    found = origins(tmp_path, flags, MANYMIND_PORT="2", MANYMIND_HOST="::1")
    assert found["server.port"] == (1, "--port")
    assert found["server.host"] == ("::1", "MANYMIND_HOST")
    assert found["key"] == (NOT_SET, DEFAULT)


def test_of_secrets_it_says_only_that_they_are_set(tmp_path: Path) -> None:
    found = origins(
        tmp_path,
        MANYMIND_API_KEY="canary-2",
        MANYMIND_STORE_URL="postgresql://user:canary-3@db/house",
        HTTPS_PROXY="http://user:canary-4@proxy:1",
    )
    assert found["key"] == (SET, "MANYMIND_API_KEY")
    assert found["store.url"] == (SET, "MANYMIND_STORE_URL")
    assert found["egress.https_proxy"] == (SET, "HTTPS_PROXY")
    assert found["providers.acme.headers.x-secret"] == (SET, ":11")
    assert not re.search(r"canary-\d", str(found))


@given(st.text(alphabet="[]=.\"'{}a1,# \n\\", max_size=60))
def test_no_text_is_too_strange_to_look_for_lines_in(text: str) -> None:
    assert all(1 <= line <= len(text.splitlines()) for line in lines(text).values())
