"""What a request brings along is found, named and cut, whatever it looks like."""

import time
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.documents import Document
from manymind.canon.items import Said
from manymind.canon.parts import File, Image, Part, Text
from manymind.canon.requests import Request
from manymind.corpus.intake import LONG_TEXT, Intake, split_question, take_in
from manymind.corpus.marked import read_marked
from manymind.corpus.naming import citation_url
from manymind.corpus.pieces import PIECE_MAX, cut


def taken(*parts: Part, role: str = "user") -> Intake:
    return take_in(Request(model="m", items=(Said(role=role, parts=parts),)))


def test_documents_leave_the_text_and_keep_their_names() -> None:
    marked = read_marked(
        'Read these.\n<document id="a &amp; b" title=\'T > U\' url="https://x.example">\nOne\n'
        "</document>\n<document>Two</document>\nWhat is said?"
    )
    assert [(one.id, one.text, one.title) for one in marked.documents] == [
        ("a & b", "One", "T > U"),
        ("document-2", "Two", None),
    ]
    assert " ".join(marked.rest.split()) == "Read these. What is said?"


def test_the_long_form_with_source_and_content_is_read_too() -> None:
    marked = read_marked(
        '<documents><document index="1">\n<source>log.txt</source>\n<document_content>\nA line.\n'
        "</document_content>\n</document></documents>Why?"
    )
    assert [(one.id, one.text) for one in marked.documents] == [("log.txt", "A line.")]


def test_an_inner_document_is_part_of_its_outer_one_and_that_is_told() -> None:
    marked = read_marked('<document id="o">x <document id="i">y</document> z</document> q')
    assert [one.id for one in marked.documents] == ["o"]
    assert "y" in marked.documents[0].text
    assert marked.remarks[0].name == "o"
    assert marked.rest.strip() == "q"


def test_an_unclosed_document_ends_where_the_next_begins() -> None:
    marked = read_marked('<document id="a">one <document id="b">two</document> rest')
    assert [(one.id, one.text) for one in marked.documents] == [("a", "one "), ("b", "two")]
    assert "never closed" in marked.remarks[0].why
    assert marked.rest.strip() == "rest"


def test_a_second_document_of_the_same_name_gets_another_and_that_is_told() -> None:
    intake = taken(
        Text(
            text='<document id="a">1</document><document id="a">2</document>'
            '<document id="a">1</document>'
        )
    )
    assert [(one.id, one.text) for one in intake.documents] == [("a", "1"), ("a-2", "2")]
    assert "a-2" in intake.skipped[0].why


@pytest.mark.parametrize(
    "text", ["</document>", "<document", "<document id=>", "<documents>x</documents>", "document"]
)
def test_what_only_looks_like_a_document_is_left_alone(text: str) -> None:
    assert "".join(one.text for one in read_marked(text).documents).strip() == ""


@given(
    st.lists(
        st.sampled_from(["<document>", '<document id="a">', "</document>", "text ", '"', "'", ">"]),
        max_size=30,
    )
)
@settings(max_examples=200)
def test_no_arrangement_of_tags_loses_or_doubles_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    marked = read_marked(text)
    kept = sum(one.text.count("text") for one in marked.documents) + marked.rest.count("text")
    assert kept == text.count("text")


@pytest.mark.parametrize("bait", ["<document ", '<document a="', "<document>", "</document "])
def test_hostile_tags_take_no_longer_than_their_length(bait: str) -> None:
    text = bait * (2_000_000 // len(bait))
    start = time.perf_counter()
    read_marked(text)
    assert time.perf_counter() - start < 10.0


def test_text_files_are_read_and_others_are_left_out_with_a_reason() -> None:
    intake = taken(
        File(name="a.txt", text="plain"),
        File(
            name="b.md", data=b64encode("gr\u00fcn".encode()).decode(), media_type="text/markdown"
        ),
        File(name="c.csv", data="data:text/csv;base64," + b64encode(b"x,y").decode()),
        File(name="d.pdf", data=b64encode(b"%PDF-1.7 ...").decode(), media_type="application/pdf"),
        File(name="e.bin", data=b64encode(b"\0\1\2").decode()),
        File(name="f.txt", data="!!!", media_type="text/plain"),
        File(name="g.txt", url="https://x.example/g.txt"),
        File(name="h.txt", text="  "),
    )
    assert [(one.id, one.text) for one in intake.documents] == [
        ("a.txt", "plain"),
        ("b.md", "gr\u00fcn"),
        ("c.csv", "x,y"),
    ]
    assert {one.name for one in intake.skipped} == {"d.pdf", "e.bin", "f.txt", "g.txt", "h.txt"}


def test_a_long_text_is_a_document_without_the_question_at_its_end() -> None:
    body = "The keeper wrote the log. " * (LONG_TEXT // 20)
    intake = taken(Text(text=f"{body}\n\nWhat did the keeper write?"), Image(url="https://x"))
    assert intake.turns[0].text == "What did the keeper write?"
    assert intake.turns[0].images == 1
    assert "What did" not in intake.documents[0].text


def test_the_question_may_stand_before_a_long_text() -> None:
    body, question = split_question("Who wrote it?\n\n" + "Some text. " * 10)
    assert question == "Who wrote it?"
    assert body.startswith("Some text.")


def test_what_the_assistant_said_is_no_document() -> None:
    assert taken(Text(text="<document>x</document>"), role="assistant").documents == ()


@pytest.mark.parametrize(
    ("document", "url"),
    [
        (Document(id="a b(c).md", text=""), "document:a%20b%28c%29.md"),
        (Document(id="a", text="", url="https://x.example/a)b c"), "https://x.example/a%29b%20c"),
        (Document(id="a", text="", url="javascript:alert(1)"), "document:a"),
        (Document(id="\ud800", text=""), "document:%3F"),
    ],
)
def test_a_citation_points_to_the_web_or_to_the_document_and_nowhere_else(
    document: Document, url: str
) -> None:
    assert citation_url(document) == url


@given(st.text(alphabet="ab #\n-|`.", max_size=6_000), st.sampled_from(["x.md", "x.py"]))
@settings(max_examples=100)
def test_pieces_follow_one_another_and_leave_out_only_blank_lines(text: str, name: str) -> None:
    at = 0
    for piece in cut(Document(id=name, text=text)):
        assert not text[at : piece.start].strip()
        assert piece.start < piece.end
        assert piece.end - piece.start <= PIECE_MAX
        at = piece.end
    assert not text[at:].strip()


def test_a_megabyte_without_a_line_break_is_cut_all_the_same() -> None:
    pieces = cut(Document(id="x", text="word " * 200_000))
    assert max(piece.end - piece.start for piece in pieces) <= PIECE_MAX


def test_a_definition_begins_a_piece_and_names_it() -> None:
    body = "\n".join(f"    line_{n} = {n}" for n in range(40))
    text = f"def first():\n{body}\n\n\ndef second():\n{body}\n"
    pieces = cut(Document(id="a.py", text=text))
    assert any(text[piece.start :].startswith("def second") for piece in pieces)
    assert pieces[-1].heading == "def second()"
