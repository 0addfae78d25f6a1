"""Search, grep, slice and check, over both engines."""

import string
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.documents import Document, Found, Missing
from manymind.canon.faults import BadRequest, NotFound
from manymind.corpus.collection import Collection, build
from manymind.corpus.fts_engine import Fts
from manymind.corpus.index import Engine
from manymind.corpus.tantivy_engine import Tantivy

DOCUMENTS = (
    Document(
        id="log.md",
        text="# Log\n\n## Storm\n\nThe west steps were torn away on 9 January 2018.\n\n"
        "## Calm\n\nNothing happened. The keepers painted the rails.\n",
    ),
    Document(id="code.py", text="def watchBattery(low_volts):\n    return low_volts < 23.5\n"),
    Document(
        id="灯塔", text="灯塔的高度是三十八米。\n\n海鸥在西边的岩石上筑巢。", url="https://a.b/x(1)"
    ),
    Document(id="ru", text="Смотритель зажёг фонарь на закате.\n"),
    Document(id="empty", text=""),
    Document(id="blank", text=" \n\n\t\n"),
    Document(id="odd", text="a lone \ud800 surrogate stands here, twice \udfff"),
)


@pytest.fixture(params=[Tantivy(), Fts()], ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param


@pytest.fixture
def library(engine: Engine) -> Collection:
    return build(DOCUMENTS, engine=engine)


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("Which steps were torn away?", "log.md"),
        ("painting a rail", "log.md"),
        ("watch battery", "code.py"),
        ("low volts", "code.py"),
        ("高度", "灯塔"),
        ("海鸥在哪里筑巢？", "灯塔"),
        ("фонарь смотрителя зажег", "ru"),
        ("surrogate", "odd"),
    ],
)
async def test_the_words_of_a_question_find_their_document(
    library: Collection, query: str, document: str
) -> None:
    found = await library.search(query)
    assert found[0].document_id == document
    assert found[0].text == _text(document)[found[0].start : found[0].end]


async def test_a_passage_knows_under_which_headings_it_stands(library: Collection) -> None:
    found = await library.search("steps torn away")
    assert found[0].heading == "Log > Storm"


async def test_scores_say_how_much_of_the_question_was_met(library: Collection) -> None:
    whole = await library.search("west steps torn away")
    part = await library.search("west zeppelin mongolia steps parliament")
    assert whole[0].score > 0.8 > 0.6 > part[0].score


@pytest.mark.parametrize(
    "query",
    ["", "   ", "the of and", '"', "a AND (b OR", "title:*", "\ud800", "x" * 5_000, "NEAR("],
)
async def test_no_query_is_a_syntax_error(library: Collection, query: str) -> None:
    assert isinstance(await library.search(query), tuple)


async def test_a_search_can_be_kept_within_documents(library: Collection) -> None:
    found = await library.search("steps volts", within=("code.py",))
    assert {passage.document_id for passage in found} == {"code.py"}
    assert await library.search("steps", within=("nowhere",)) == ()


async def test_the_limit_holds(library: Collection) -> None:
    assert await library.search("steps", limit=0) == ()
    assert len(await library.search("steps keepers volts", limit=1)) == 1


async def test_grep_gives_whole_lines_with_their_places(library: Collection) -> None:
    (line,) = await library.grep(r"January \d{4}")
    assert line.text == "The west steps were torn away on 9 January 2018."
    assert line.heading == "Log > Storm"
    assert _text("log.md")[line.start : line.end] == line.text


async def test_grep_counts_code_points_not_bytes(library: Collection) -> None:
    (line,) = await library.grep("岩石")
    assert _text("灯塔")[line.start : line.end] == line.text == "海鸥在西边的岩石上筑巢。"


@pytest.mark.parametrize("pattern", ["(", "a(?=b)", "(.)\\1", "", "x" * 2_000, "*"])
async def test_a_pattern_that_cannot_run_is_a_bad_request_with_advice(
    library: Collection, pattern: str
) -> None:
    with pytest.raises(BadRequest) as fault:
        await library.grep(pattern)
    assert fault.value.field == "pattern"


async def test_grep_takes_no_longer_for_an_evil_pattern(engine: Engine) -> None:
    library = build([Document(id="a", text="a" * 100_000 + "!")], engine=engine)
    start = time.perf_counter()
    await library.grep(r"(a+)+$")
    assert time.perf_counter() - start < 5.0


@pytest.mark.parametrize("pattern", ["^", "$", "x*", "\\b"])
async def test_grep_ends_for_patterns_that_match_nothing_at_all(
    library: Collection, pattern: str
) -> None:
    assert len(await library.grep(pattern, limit=500)) < 40


async def test_a_slice_is_cut_to_what_there_is(library: Collection) -> None:
    assert (await library.slice("log.md", -5, 5)).text == "# Log"
    assert (await library.slice("log.md", 10_000, 20_000)).text == ""
    with pytest.raises(NotFound):
        await library.slice("nowhere", 0, 1)


async def test_a_checked_quote_says_where_and_how_it_stands(library: Collection) -> None:
    found = await library.check("log.md", "steps were  torn\naway")
    assert isinstance(found, Found)
    assert (found.text, found.url) == ("steps were torn away", "document:log.md")
    found = await library.check("灯塔", "灯塔的高度是三十八米")
    assert isinstance(found, Found)
    assert found.url == "https://a.b/x%281%29"


async def test_a_missed_quote_comes_with_what_is_nearest(library: Collection) -> None:
    missing = await library.check("log.md", "The west steps were torn away in 2019.")
    assert isinstance(missing, Missing)
    assert "torn away" in missing.nearest[0].text


@pytest.mark.parametrize("document", ["code.py", "nowhere"])
async def test_a_quote_of_another_document_is_told_apart(
    library: Collection, document: str
) -> None:
    missing = await library.check(document, "The west steps were torn away")
    assert isinstance(missing, Missing)
    assert "'log.md'" in missing.reason


async def test_twenty_thousand_tiny_files_are_one_library(engine: Engine) -> None:
    documents = [Document(id=f"{n}.txt", text=f"note {n}") for n in range(20_000)]
    documents[777] = Document(id="777.txt", text="the teal umbrella")
    library = build(documents, engine=engine)
    found = await library.search("umbrella")
    assert [passage.document_id for passage in found] == ["777.txt"]


async def test_no_documents_at_all_are_a_library_too(engine: Engine) -> None:
    library = build([], engine=engine)
    assert await library.search("anything") == ()
    assert await library.grep("anything") == ()
    assert library.cards() == ()


def test_an_index_on_disk_is_opened_again(engine: Engine, tmp_path: Path) -> None:
    made = build(DOCUMENTS, engine=engine, folder=tmp_path)
    opened = engine.open(tmp_path)
    assert opened is not None
    again = Collection(DOCUMENTS, made.pieces, opened)
    assert again.search_now("torn steps", 3) == made.search_now("torn steps", 3)


def test_a_folder_without_an_index_opens_as_none(engine: Engine, tmp_path: Path) -> None:
    assert engine.open(tmp_path) is None


@given(st.lists(st.text(max_size=400), max_size=5), st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_indexed_and_asked(texts: list[str], query: str) -> None:
    library = build([Document(id=f"d{n}", text=text) for n, text in enumerate(texts)], engine=Fts())
    for passage in library.search_now(query, 8):
        text = texts[int(passage.document_id[1:])]
        assert text[passage.start : passage.end] == passage.text


def test_both_engines_put_the_same_first(tmp_path: Path) -> None:
    words = [a + b for a in string.ascii_lowercase for b in ("al", "or", "ish")]
    documents = [
        Document(id=str(n), text=" ".join(words[(n * 7 + k * k) % 78] for k in range(40)))
        for n in range(60)
    ]
    one, other = (build(documents, engine=engine) for engine in (Tantivy(), Fts()))
    for query in ("bal cor dish", "zish", "mor qal"):
        first, second = one.search_now(query, 5), other.search_now(query, 5)
        assert first[0].score == pytest.approx(second[0].score, abs=0.12)


def _text(document_id: str) -> str:
    return next(document.text for document in DOCUMENTS if document.id == document_id)
