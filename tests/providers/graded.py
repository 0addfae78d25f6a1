"""Questions to two small folders, with the document and the words that answer each.

A line of the tables is `question | document | words / more words`; `>>` parts the turns of a
conversation, the last of which is asked. Without a document the folder holds no answer.
"""

from pathlib import Path

from msgspec import Struct

_HERE = Path(__file__).parent
DEMO = _HERE.parents[1] / "demo" / "corpus"
OFFICE = _HERE / "office"


class Graded(Struct, frozen=True):
    folder: Path
    question: str
    document: str
    words: tuple[str, ...]

    @property
    def turns(self) -> list[str]:
        return [turn.strip() for turn in self.question.split(">>")]


def _read(folder: Path, table: str) -> list[Graded]:
    lines = (_HERE / table).read_text().splitlines()
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [
        Graded(folder, question, document, tuple(filter(None, words.split(" / "))))
        for question, document, words in rows
    ]


GRADED = (*_read(DEMO, "graded_demo.txt"), *_read(OFFICE, "graded_office.txt"))
