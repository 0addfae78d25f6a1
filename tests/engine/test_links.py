"""Links that a model wrote: what could pass for a citation goes, everything else stays."""

import time

import pytest

from manymind.engine.links import bare

GONE = [
    ("A [[1]](https://e.org) b", "A  b"),
    ("A [1](https://e.org) b", "A  b"),
    ("A [**1**](https://e.org) b", "A  b"),
    ("A [¹](https://e.org) b", "A  b"),
    ("A [①](https://e.org) b", "A  b"),
    ("A [\u200b[1]](https://e.org) b", "A  b"),
    ("A [[1]][ref] b", "A  b"),
    ("A [1][] b", "A  b"),
    ("A ［［1］］（https://e.org） b", "A  b"),
    ("A 【1】(https://e.org) b", "A  b"),
    ("A [](https://e.org) and [†](https://e.org) b", "A  and  b"),
    ("[1]: https://e.org\nA", "A"),
    ("[^1]: https://e.org\nA", "A"),
    ('A <a href="https://e.org">1</a> b', "A 1 b"),
    ("A <!-- {{E1}} --> b", "A  b"),
    ("A [[[1]](https://e.org)](https://e.org) b", "A  b"),
    ("A [x {{E1}}](https://e.org) b", "A x {{E1}} b"),
    ("A [x]({{E1}}) b", "A x{{E1}} b"),
    ("A ![{{E1}}](https://e.org/p.png) b", "A {{E1}} b"),
    ("A [x [y [z {{E1}}]]](https://e.org) b", "A x [y [z {{E1}}]] b"),
    ('A <img src="{{E1}}"> b', "A {{E1}} b"),
    ("A !{{E1}} and \\{{E2}}", "A {{E1}} and {{E2}}"),
    ("A {{\u0415\u0031}} and ｛｛E1｝｝ and {{E\u200b1}} b", "A  and  and  b"),
    ("`{{E1}}` and\n```\n{{E2}}\n```", "`` and\n```\n\n```"),
    ("```\n[1](https://e.org)\n```", "```\n\n```"),
]
STAYS = [
    "A [link with words](https://e.org/1) b",
    "A [Chapter 3](https://e.org) b",
    "`handlers[0](event)` and [see](x)",
    "```python\nhandlers[0](event)\nmatrix[[1]]\n```",
    "A list [1, 2], an index [3] and a note (4).",
    "{{E1}} and {{E2, E3}}.",
    "Es ist 5 < 7 und 8 > 3, {{E1}}.",
    "{{ name }} and {{e1}}",
    "（全角の括弧）と【見出し】",
    "![a picture](https://e.org/p.png)",
]


@pytest.mark.parametrize(("text", "clean"), GONE)
def test_what_could_pass_for_a_citation_goes(text: str, clean: str) -> None:
    assert bare(text) == clean


@pytest.mark.parametrize("text", STAYS)
def test_everything_else_stays(text: str) -> None:
    assert bare(text) == text


@pytest.mark.parametrize(
    "piece",
    ["[", "]", "[1](", "[[1]](a", "`", "``` ", "{{E1}}", "<a ", "![", "](", "[1](a)", "<!--"],
)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    began = time.process_time()
    bare(text)
    assert time.process_time() - began < 5
