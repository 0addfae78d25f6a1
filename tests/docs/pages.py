"""The pages that we publish, and what stands in them: examples, links, words set as code."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "demo" / "corpus"

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"(?<!\])\[[^\]\n]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_MARKS = re.compile(r"[^\w\- ]")


class Block(Struct, frozen=True, kw_only=True):
    """A fenced example, and where it stands."""

    page: str
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"


class Page(Struct, frozen=True):
    path: Path
    text: str

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def prose(self) -> str:
        """The page without its fenced examples."""
        return _FENCE.sub("", self.text)

    @property
    def code(self) -> set[str]:
        """The words of the prose that are set as code."""
        return set(_CODE.findall(self.prose))

    @property
    def links(self) -> list[str]:
        return _LINK.findall(_CODE.sub("", self.prose))

    @property
    def anchors(self) -> set[str]:
        """What a link into this page may name, as forges make it of the headings."""
        heads = _HEADING.findall(self.prose)
        return {_MARKS.sub("", head.lower()).replace(" ", "-") for head in heads}

    def blocks(self, *languages: str) -> Iterator[Block]:
        for found in _FENCE.finditer(self.text):
            if found[1] in languages:
                line = self.text.count("\n", 0, found.start()) + 1
                yield Block(page=self.name, line=line, language=found[1], text=found[2])

    def rows(self, *heads: str) -> list[list[str]]:
        """The rows of the table whose head is this."""
        head = re.escape("| " + " | ".join(heads) + " |")
        found = re.search(rf"^{head}\n\|[-| :]+\|\n((?:\|.*\|\n)+)", self.text, re.MULTILINE)
        assert found is not None, f"{self.name} has no table headed {heads}"
        lines = found[1].splitlines()
        return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def page(name: str) -> Page:
    return Page(ROOT / name, (ROOT / name).read_text(encoding="utf-8"))


@cache
def pages() -> tuple[Page, ...]:
    """What a reader of the project reads; the corpus of the demo is not ours to check."""
    top = sorted(ROOT.glob("*.md"))
    below = sorted((ROOT / "docs").rglob("*.md"))
    return tuple(
        page(str(path.relative_to(ROOT))) for path in (*top, *below, ROOT / "demo" / "README.md")
    )


def manual_pages() -> list[Page]:
    """The pages that tell how the program is used."""
    told = ("README.md", "docs/guides/", "docs/reference/")
    return [each for each in pages() if each.name.startswith(told)]


def manual(*languages: str) -> list[Block]:
    """The examples of those pages."""
    return [block for each in manual_pages() for block in each.blocks(*languages)]


def plain(cell: str) -> str:
    """A table's cell without the marks of code."""
    return cell.replace("`", "")
