"""Links between the pages lead somewhere, and files that they name are there."""

import re

import pytest

from tests.docs.pages import ROOT, Page, page, pages


@pytest.mark.parametrize("each", pages(), ids=lambda each: each.name)
def test_links_lead_to_pages_and_headings(each: Page) -> None:
    broken = [link for link in each.links if not leads(each, link)]
    assert broken == []


def leads(each: Page, link: str) -> bool:
    if link.startswith(("https://", "http://", "mailto:")):
        return True  # The world outside is not ours to test.
    name, _, anchor = link.partition("#")
    path = (each.path.parent / name).resolve() if name else each.path
    if not path.is_relative_to(ROOT) or not path.exists():
        return False
    return not anchor or anchor in page(str(path.relative_to(ROOT))).anchors


_FILE = re.compile(r"(?:[\w.-]+/)+[\w.-]*")
_TO_BE_WRITTEN = {"acme.py", "word.py"}
"""Names that stand for a file which the reader is going to write."""


@pytest.mark.parametrize("each", pages(), ids=lambda each: each.name)
def test_files_that_are_named_are_there(each: Page) -> None:
    """A path counts from the root or from the source, by the folder that it begins with."""
    named = [word for word in each.code if _FILE.fullmatch(word)]
    bases = (ROOT, ROOT / "src" / "manymind", ROOT / "demo")
    lost = [
        word
        for word in named
        for base in [next((base for base in bases if (base / word.split("/")[0]).is_dir()), None)]
        if base is not None and not (base / word).exists()
    ]
    assert [word for word in lost if word.rpartition("/")[2] not in _TO_BE_WRITTEN] == []


@pytest.mark.parametrize("each", pages(), ids=lambda each: each.name)
def test_a_page_has_one_title(each: Page) -> None:
    titles = [line for line in each.prose.splitlines() if line.startswith("# ")]
    assert len(titles) == 1


def test_every_page_of_the_docs_can_be_reached() -> None:
    known, waiting = set[str](), ["README.md"]
    while waiting:
        name = waiting.pop()
        if name in known or not name.endswith(".md"):
            continue
        known.add(name)
        each = page(name)
        for link in each.links:
            target = (each.path.parent / link.partition("#")[0]).resolve()
            if target.is_relative_to(ROOT) and target.is_file():
                waiting.append(str(target.relative_to(ROOT)))
    below = {each.name for each in pages() if not each.name.startswith("docs/decisions/")}
    assert below - known == set()
