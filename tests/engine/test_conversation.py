"""What the models hear of the conversation: documents by name, words as they were said."""

from manymind.canon.documents import Card
from manymind.canon.items import Called, Returned, Said, Thought
from manymind.canon.parts import File, Image, Text
from manymind.engine.conversation import abridged, in_words, question, words
from tests.world import said

CARDS = tuple(Card(id=name, size=9) for name in ("moon", "a b.txt", "text-1", "document-2"))


def heard(text: str) -> str:
    item = abridged((said(text),), CARDS)[0]
    assert isinstance(item, Said)
    return words(item.parts)


def test_a_document_of_the_library_is_named_in_its_place() -> None:
    nested = '<document id="moon" title="x">The <document id="in">inner</document> text</document>'
    assert heard(f"Before {nested} after") == "Before [document: moon] after"
    assert heard("<document id='a b.txt'>x</document>?") == "[document: a b.txt]?"
    assert heard(f"<document>{'long ' * 200}</document>?") == "[document]?"


def test_what_is_not_in_the_library_stays() -> None:
    text = '<document id="mars">red</document> and <documentary>film</documentary>'
    assert heard(text) == text
    assert heard('<document id="moon">never closed') == '<document id="moon">never closed'
    item = said('<document id="moon">x</document>')
    assert abridged((item,), ()) == (item,)


def test_of_a_long_text_the_question_is_left() -> None:
    long = "Paragraph of the text.\n\n" * 400
    assert heard(f"{long}How far is it?") == "[long text]\n\nHow far is it?"
    assert heard(f"How far is it?\n\n{long}") == "[long text]\n\nHow far is it?"
    assert len(heard("x" * 50_000)) < 700


def test_files_of_the_library_are_named_and_pictures_stay() -> None:
    picture = Image(url="https://e.org/x.png")
    item = Said(role="user", parts=(File(name="moon", text="far"), picture))
    assert abridged((item,), CARDS) == (
        Said(role="user", parts=(Text(text="[file: moon]"), picture)),
    )


def test_calls_are_told_in_words_and_thoughts_left_out() -> None:
    items = (
        said("Look."),
        Thought(),
        Called(call_id="c", name="f", arguments='{"x":1}'),
        Returned(call_id="c", parts=(Text(text="7"),)),
    )
    told = in_words(abridged(items, ()))
    assert [(item.role, words(item.parts)) for item in told] == [
        ("user", "Look."),
        ("assistant", '[Called f with {"x":1}]'),
        ("user", "[The call c returned: 7]"),
    ]


def test_the_question_is_the_users_last_word_without_documents() -> None:
    items = (
        said("First?"),
        said('<document id="moon">x</document> How far?'),
        said("Ok", "assistant"),
    )
    assert question(abridged(items, CARDS)) == "How far?"
    assert question(abridged((said('<document id="moon">x</document>'),), CARDS)) == ""
    assert question(()) == ""
