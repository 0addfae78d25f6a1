"""What the examples are held against can tell right from wrong."""

import pytest

from tests.docs.curl import commands, read_curl
from tests.docs.pages import Page, page
from tests.docs.proof import citations_proved, lacks, quotes_shown

QUOTE = "The coxswain is Maren Hollis."


def test_a_quote_that_stands_there_is_taken() -> None:
    assert quotes_shown(f"“{QUOTE}” [[1]](document:boats.md)", "") == [QUOTE]
    assert quotes_shown("“27 days” [[1]](document:leave)", "It gives 27 days.") == ["27 days"]


@pytest.mark.parametrize(
    "answer",
    [
        "“The coxswain is Bram Oduya.” [[1]](document:boats.md)",
        f"“{QUOTE}” [[1]](document:birds.md)",
        f"“{QUOTE}” [[2]](document:boats.md)",
        f"“{QUOTE}” [[1]](document:nowhere)",
    ],
)
def test_a_quote_that_does_not_is_refused(answer: str) -> None:
    with pytest.raises(AssertionError):
        quotes_shown(answer, "")


def test_a_citation_must_stand_at_its_place() -> None:
    cited: dict[str, object] = {
        "quote": QUOTE,
        "document_id": "boats.md",
        "source_start": 302,
        "source_end": 331,
        "verified": True,
    }
    assert citations_proved([{"annotations": [cited]}], "") == 1
    with pytest.raises(AssertionError):
        citations_proved(cited | {"source_start": 301}, "")
    with pytest.raises(AssertionError):
        citations_proved(cited | {"verified": False}, "")


def test_a_reply_may_be_shown_in_part_but_not_otherwise() -> None:
    true = {"model": "m", "list": [{"n": 1, "x": 1}, {"n": 2}]}
    assert lacks({"list": [{"n": 2}, {"n": 1}]}, true) == []
    assert lacks({"model": "other"}, true) == ["reply.model"]
    assert lacks({"list": [{"n": 3}]}, true) == ["reply.list[0]"]


def test_a_call_is_read_as_curl_reads_it() -> None:
    text = "make run  # a remark\ncurl -s http://127.0.0.1:1/a \\\n  -H 'A: b' \\\n  -d '{\n}'\n"
    first, second = commands(text)
    assert first == ["make", "run"]
    asked = read_curl(second)
    assert (asked.method, asked.url, asked.body) == ("POST", "http://127.0.0.1:1/a", "{\n}")
    assert asked.headers == {"a": "b", "content-type": "application/x-www-form-urlencoded"}
    with pytest.raises(AssertionError):
        read_curl(["curl", "--proxy", "http://127.0.0.1:1"])
    with pytest.raises(AssertionError):
        list(commands("curl -d '{"))


def test_a_page_is_read_with_its_links_headings_and_tables() -> None:
    text = "# One title\n\n[a](b.md#c) `[x](y)`\n\n```bash\n# no title\n```\n\n"
    text += "| a | `b` |\n|---|---|\n| 1 | `2` |\n"
    each = Page(page("README.md").path, text)
    assert each.links == ["b.md#c"]
    assert each.anchors == {"one-title"}
    assert each.rows("a", "`b`") == [["1", "`2`"]]
    assert [block.line for block in each.blocks("bash")] == [5]
